"""docs/undo.md: every step of its tables through the use cases, every fen compared."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.ledger.counters import unpack
from api.ledger.journal import entries_of_rows
from api.ledger.rows import JournalRow
from api.service.answers import Answer
from api.service.requests import ClaimRequest, LineRequest, Message, Principal, ReverseRequest, Role
from tests.conftest import NewOffice
from tests.service.office import CLINIC, HOSPITAL, ITEM, PERSON, Office, bill, codes, day, said

PAGE = (Path(__file__).parents[2] / "docs" / "undo.md").read_text(encoding="utf-8")
OPERATOR = Principal("agency", "", Role.OPERATOR)
Step = dict[str, str]


def tables(rule: str) -> list[list[Step]]:
    """Give the tables under a heading of the document, a row each a dictionary."""
    found = []
    part = re.split(r"^## ", PAGE, flags=re.M)
    (section,) = (text for text in part if text.startswith(f"{rule}\n"))
    for block in re.findall(r"(?:^\|.*\n)+", section, flags=re.M):
        heading, _, *rows = ([cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines())
        found.append([dict(zip(heading, row, strict=True)) for row in rows])
    return found


@pytest.fixture(params=["forbid", "cascade", "keep"])
def office(request: pytest.FixtureRequest, new_office: NewOffice) -> Office:
    return new_office(plan=f"undo-{request.param}")


def rule_of(office: Office) -> str:
    (program,) = office.tools.adjudicator.rulebook.programs
    return program.undo


def claim(name: str, yuan: str) -> ClaimRequest:
    fen = int(Decimal(yuan) * 100)
    line = LineRequest("1", ITEM, fen, None, 10_000, fen * 10_000)
    return ClaimRequest(f"V-{name}", name, PERSON, "outpatient", fen, (line,), admission=day("2023-05-08"))


def undo(office: Office, name: str, by: Principal) -> Answer:
    request = ReverseRequest(settlement_id=id_of(office, name))
    return office.send(Message(by, f"undo{next(office.numbers)}", request))


def id_of(office: Office, name: str) -> str:
    return next(row.settlement_id for row in office.journal() if row.receipt_id == name)


def figures(office: Office, row: JournalRow) -> dict[str, str]:
    """Give the double entry of a row as the tables have it."""
    with office.database.read() as connection:
        entries = {entry.account: entry.amount for entry in entries_of_rows(connection, [row.seq])[row.seq]}
    return {"fund": yuan(entries.get("fund:pool", 0)), "cash": yuan(entries.get("cash:person", 0))}


def standing(office: Office) -> dict[str, str]:
    return standing_at(office.journal())


def standing_at(rows: list[JournalRow]) -> dict[str, str]:
    """Give the counters as some rows leave them."""
    values = {place[2]: value for row in rows for place, value in unpack(row.closing).items()}
    return {"used": yuan(values.get("deductible_used", 0)), "paid": yuan(values.get("pool_paid", 0))}


def yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:.2f}"


def test_every_fen_of_the_document(office: Office) -> None:
    rule = rule_of(office)
    steps, *others = tables(rule)
    agency = rule == "cascade"
    done = 0
    for step in steps:
        what, name, *_ = re.split(r"[ :]+", step["step"])
        if what == "settle":
            body = said(office.settle(claim(name, step["bill"]), name))
            assert layer(body) == (step["deductible"], step["fund"]), step
        elif what == "refuse":
            answer = undo(office, name, Principal("key", HOSPITAL, Role.INSTITUTION))
            assert codes(answer) == ["NOT_REVERSED", "UNDONE_BY_AGENCY" if agency else "LATER_SETTLEMENTS"]
            listed = said(answer)["errors"][0]["message"]
            assert listed.endswith(", ".join(id_of(office, later) for later in ("S3", "S4", "S5")))
            assert standing(office).items() <= step.items()
            continue
        elif len(office.journal()) == done:
            by = OPERATOR if agency else Principal("key", HOSPITAL, Role.INSTITUTION)
            answer = undo(office, "S2" if agency else name, by)
            assert answer.outcome == "done"
            if others:
                assert differences(office, said(answer)) == others[0]
        row = office.journal()[done]
        done += 1
        kind = {"settle": "SETTLE", "undo": "REVERSE", "anew": "ADJUST"}[what]
        assert (row.kind, row.receipt_id) == (kind, name), step
        assert (figures(office, row) | standing_at(office.journal()[:done])).items() <= step.items()
    assert len(office.journal()) == done
    report = office.verify()
    assert report.sound
    assert {finding.code for finding in report.findings} == ({"LEDGER_KEPT"} if rule == "keep" else set())


def layer(body: dict[str, Any]) -> tuple[str, str]:
    (found,) = body["parts"][0]["layers"]
    return found["deductible"], found["paid"]


def differences(office: Office, body: dict[str, Any]) -> list[Step]:
    name_of = {id_of(office, name): name for name in ("S3", "S4", "S5")}
    rows = []
    for one in body["adjusted"]:
        amounts = {entry["account"]: entry["amount"] for entry in one["differences"]}
        assert one["institution"] == HOSPITAL
        rows.append(
            {"settlement": name_of[one["settlement"]], "cash": amounts["cash:person"], "fund": amounts["fund:pool"]}
        )
    return rows


def test_the_document_is_worked_by_hand() -> None:
    """The columns of each settlement follow from its bill and the counters before it, by paper and pencil."""
    half = Decimal("0.01")
    for rule in ("forbid", "cascade", "keep"):
        steps, *_ = tables(rule)
        used = paid = Decimal(0)
        for step in steps:
            if step["bill"]:
                amount, left = Decimal(step["bill"]), Decimal(1000) - used
                deductible = min(amount, left)
                share = (amount - deductible) * 7 / 10
                fund = min((share + half / 2) // half * half, 2000 - paid)
                used, paid = used + deductible, paid + fund
                expected = (deductible, share, fund, amount - fund)
                columns = ("deductible", "70 % of the rest", "fund", "cash")
                assert tuple(Decimal(step[name]) for name in columns) == expected, step
            elif step["step"].startswith("undo"):
                name = step["step"].removeprefix("undo ")
                first = next(one for one in steps if one["step"] == f"settle {name}")
                used, paid = used - Decimal(first["deductible"]), paid - Decimal(first["fund"])
                assert (Decimal(step["fund"]), Decimal(step["cash"])) == (
                    -Decimal(first["fund"]), -Decimal(first["cash"]),
                ), step  # fmt: skip
            assert (Decimal(step["used"]), Decimal(step["paid"])) == (used, paid), step


def test_without_dependents_every_rule_is_the_same(office: Office) -> None:
    office.settle(claim("S1", "1500.00"), "S1")
    assert undo(office, "S1", Principal("key", HOSPITAL, Role.INSTITUTION)).outcome == "done"
    assert standing(office) == {"used": "0.00", "paid": "0.00"}
    assert office.verify().findings == []


def test_verify_names_what_was_undone_under_later_settlements(
    new_office: NewOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = new_office(plan="undo-forbid")
    for name in ("S1", "S2"):
        office.settle(claim(name, "1500.00"), name)
    with monkeypatch.context() as planted:
        planted.setattr(office.tools.adjudicator, "undo_rule", lambda plan: "keep")
        assert undo(office, "S1", OPERATOR).outcome == "done"
        assert {finding.code for finding in office.verify().findings} == {"LEDGER_KEPT"}
    report = office.verify()
    assert not report.sound
    assert "LEDGER_UNDONE_UNDER" in {finding.code for finding in report.findings}


def test_a_cascade_reaches_settlements_of_other_institutions_and_what_was_settled_anew(new_office: NewOffice) -> None:
    office = new_office(plan="undo-cascade")
    office.settle(bill(800, "S1"), "S1")
    office.settle(bill(900, "S2"), "S2", CLINIC)
    office.settle(bill(700, "S3"), "S3")
    assert undo(office, "S1", Principal("key", CLINIC, Role.INSTITUTION)).outcome == "refused"
    first = said(undo(office, "S1", OPERATOR))
    assert [one["institution"] for one in first["adjusted"]] == [CLINIC, HOSPITAL]
    assert office.verify().findings == []
    # what was settled anew is undone at its new figures: S2 had 900 of deductible, S3 bears 100 and is paid 420
    second = said(undo(office, "S2", OPERATOR))
    assert [entry["amount"] for entry in second["entries"]] == ["-900.00", "900.00"]
    assert standing(office) == {"used": "700.00", "paid": "0.00"}
    assert said(office.reverse(settlement_id=id_of(office, "S3")))["in_force"] is False
    assert standing(office) == {"used": "0.00", "paid": "0.00"}
    assert office.verify().findings == []
    caused = [row for row in office.journal() if row.caused_by]
    assert {row.caused_by for row in caused} == {first["settlement_id"], second["settlement_id"]}
    assert all(row.message_id is None for row in caused)


def test_the_same_cascade_asked_again_is_answered_with_the_same_bytes(new_office: NewOffice) -> None:
    office = new_office(plan="undo-cascade")
    for name in ("S1", "S2"):
        office.settle(bill(800, name), name)
    request = Message(OPERATOR, "U1", ReverseRequest(settlement_id=id_of(office, "S1")))
    first, rows = office.send(request), len(office.journal())
    again = office.send(request)
    assert (again.body, again.replayed, len(office.journal())) == (first.body, True, rows)
