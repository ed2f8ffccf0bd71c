"""Undoing under later settlements, beyond what is asked over HTTP (tests/http/test_undoing.py); the page by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from api.ledger.counters import unpack
from api.service.answers import Answer
from api.service.requests import ClaimRequest, LineRequest, Message, Principal, ReverseRequest, Role
from tests.conftest import NewOffice
from tests.service.office import CLINIC, HOSPITAL, ITEM, PERSON, Office, bill, day, said
from tests.worked import Step, tables

OPERATOR = Principal("agency", "", Role.OPERATOR)


@pytest.fixture(params=["forbid", "cascade", "keep"])
def office(request: pytest.FixtureRequest, new_office: NewOffice) -> Office:
    return new_office(plan=f"undo-{request.param}")


def claim(name: str, yuan: str) -> ClaimRequest:
    fen = int(Decimal(yuan) * 100)
    line = LineRequest("1", ITEM, fen, None, 10_000, fen * 10_000)
    return ClaimRequest(f"V-{name}", name, PERSON, "outpatient", fen, (line,), admission=day("2023-05-08"))


def undo(office: Office, name: str, by: Principal) -> Answer:
    request = ReverseRequest(settlement_id=id_of(office, name))
    return office.send(Message(by, f"undo{next(office.numbers)}", request))


def id_of(office: Office, name: str) -> str:
    return next(row.settlement_id for row in office.journal() if row.receipt_id == name)


def standing(office: Office) -> dict[str, str]:
    """Give the counters as the journal leaves them."""
    values = {place[2]: value for row in office.journal() for place, value in unpack(row.closing).items()}
    return {"used": yuan(values.get("deductible_used", 0)), "paid": yuan(values.get("pool_paid", 0))}


def yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:.2f}"


@pytest.mark.parametrize("heading", ["forbid", "cascade", "keep", "retroactive price"])
def test_the_document_is_worked_by_hand(heading: str) -> None:
    """The columns of each settlement follow from its bill and the counters before it, by paper and pencil."""
    half = Decimal("0.01")
    steps, *_ = tables(heading)
    used = paid = Decimal(0)
    for place, step in enumerate(steps):
        what, name = step["step"].split()[:2]
        if step["bill"]:
            bill = Decimal(step["bill"])
            amount, left = in_scope(step), Decimal(1000) - used
            deductible = min(amount, left)
            share = (amount - deductible) * 7 / 10
            fund = min((share + half / 2) // half * half, 2000 - paid)
            used, paid = used + deductible, paid + fund
            expected = (deductible, share, fund, bill - fund)
            columns = ("deductible", "70 % of the rest", "fund", "cash")
            assert tuple(Decimal(step[name]) for name in columns) == expected, step
        elif what == "undo":
            first = next(one for one in reversed(steps[:place]) if one["step"] == f"settle {name}")
            used, paid = used - Decimal(first["deductible"]), paid - Decimal(first["fund"])
            assert (Decimal(step["fund"]), Decimal(step["cash"])) == (
                -Decimal(first["fund"]), -Decimal(first["cash"]),
            ), step  # fmt: skip
        assert (Decimal(step["used"]), Decimal(step["paid"])) == (used, paid), step


def in_scope(step: Step) -> Decimal:
    """Work out what of a bill counts: all of it; of D1 at most 10.00 a unit, anew 8.00."""
    if "lines" not in step:
        return Decimal(step["bill"])
    quantity, _, price, item = step["lines"].split()
    payable = {"D1": Decimal(8 if step["step"].startswith("anew") else 10), "D2": Decimal(price)}[item]
    assert Decimal(quantity) * Decimal(price) == Decimal(step["bill"])
    assert Decimal(quantity) * min(Decimal(price), payable) == Decimal(step["in scope"])
    return Decimal(step["in scope"])


@pytest.mark.parametrize("heading", ["cascade", "retroactive price"])
def test_the_differences_are_those_of_the_steps(heading: str) -> None:
    steps, differences = tables(heading)
    for row in differences:
        (old,) = (step for step in steps if step["step"] == f"settle {row['settlement']}")
        (new,) = (step for step in steps if step["step"] == f"anew {row['settlement']}")
        assert all(Decimal(new[name]) - Decimal(old[name]) == Decimal(row[name]) for name in ("cash", "fund"))


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
