"""docs/undo.md through HTTP: every step of its tables asked as a hospital or the agency would, every fen compared."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from api.wire.answers import HistoryAnswer, ReversalAnswer
from tests.conftest import NewOffice
from tests.http.client import Hospital, bill, of_type, served
from tests.service.office import CLINIC, HOSPITAL, ITEM, PERSON, moment, reopened
from tests.service.office import bill as claim
from tests.worked import Step, tables

AGENCY = "sandbox-operator"


@dataclass
class Window:
    """One person's settlements by the names they have in the document, asked for and read over HTTP alone."""

    hospital: Hospital
    person: str = PERSON
    ids: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def settle(self, name: str, yuan: str, lines: str = "") -> dict[str, Any]:
        """Settle a bill of one line, which the document writes as `90 x 10.00 D1`; without it, all is in scope."""
        quantity, _, price, item = (lines or f"1 x {yuan} {ITEM}").split()
        line = {"line_id": "1", "item_code": item, "amount": yuan, "quantity": quantity, "price": price}
        said = self.hospital.settle(bill(message_id=name, receipt=name, total=yuan, lines=[line])).json()
        self.ids[name] = said["settlement_id"]
        return dict(said)

    def undo(self, name: str, key: str) -> tuple[int, dict[str, Any]]:
        body = {"message_id": f"U{next(self.numbers)}", "settlement_id": self.ids[name]}
        answer = self.hospital.send("POST", "/v1/reversals", body, key)
        return answer.status_code, answer.json()

    def rows(self) -> list[dict[str, Any]]:
        """All rows of the settlements, in order of the person's chain, each with the name of its settlement."""
        found = []
        for name, settlement in self.ids.items():
            history = self.read(f"/v1/settlements/{settlement}/history")
            found += [{**row, "name": name} for row in of_type(HistoryAnswer, history)["rows"]]
        return sorted(found, key=lambda row: int(row["person_seq"]))

    def read(self, address: str) -> dict[str, Any]:
        answer = self.hospital.send("GET", address)
        assert answer.status_code == 200
        return dict(answer.json())

    def counters(self) -> dict[str, str]:
        """The counters as the tables have them."""
        accounts = self.hospital.send("POST", "/v1/accounts", {"person_id": self.person}).json()
        values = {counter["counter"]: counter["value"] for counter in accounts["counters"]}
        return {"used": yuan(values.get("deductible_used", 0)), "paid": yuan(values.get("pool_paid", 0))}


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def amounts(entries: list[dict[str, str]]) -> dict[str, str]:
    """The double entry of a row as the tables have it."""
    said = {entry["account"]: entry["amount"] for entry in entries}
    return {"fund": said.get("fund:pool", "0.00"), "cash": said.get("cash:person", "0.00")}


def deductible(body: dict[str, Any]) -> str:
    (layer,) = body["parts"][0]["layers"]
    return str(layer["deductible"])


@pytest.mark.parametrize("rule", ["forbid", "cascade", "keep"])
def test_every_fen_of_the_document(rule: str, new_office: NewOffice) -> None:
    steps, *others = tables(rule)
    with served(new_office(plan=f"undo-{rule}"), f"undo-{rule}") as hospital:
        window, done = Window(hospital), list[Step]()
        for step in steps:
            what, name, *_ = re.split(r"[ :]+", step["step"])
            if what == "settle":
                assert deductible(window.settle(name, step["bill"])) == step["deductible"]
            elif what == "refuse":
                refused_for_later_ones(window, name, "UNDONE_BY_AGENCY" if rule == "cascade" else "LATER_SETTLEMENTS")
                assert window.counters().items() <= step.items()
                continue
            elif len(window.rows()) == len(done):
                asked = ("S2", AGENCY) if rule == "cascade" else (name, "sandbox")
                status, body = window.undo(*asked)
                assert status == 200
                if others:
                    assert differences(window, of_type(ReversalAnswer, body)) == others[0]
            done.append(step)
            rows = window.rows()
            compare(window, rows[len(done) - 1], step)
            if len(rows) == len(done):
                assert window.counters().items() <= step.items()
        assert len(window.rows()) == len(done)
        report = hospital.office.verify()
        assert report.sound
        assert {finding.code for finding in report.findings} == ({"LEDGER_KEPT"} if rule == "keep" else set())


def refused_for_later_ones(window: Window, name: str, code: str) -> None:
    status, body = window.undo(name, "sandbox")
    assert (status, body["code"], [error["code"] for error in body["errors"]]) == (422, "NOT_REVERSED", [code])
    assert body["mistakes"] == 1
    assert body["errors"][0]["message"].endswith(", ".join(window.ids[later] for later in ("S3", "S4", "S5")))


def compare(window: Window, row: dict[str, Any], step: Step) -> None:
    """Hold a row against the step that made it."""
    what, name = step["step"].split()
    kind = {"settle": "SETTLE", "undo": "REVERSE", "anew": "ADJUST"}[what]
    assert (row["kind"], row["name"]) == (kind, name), step
    assert amounts(row["entries"]).items() <= step.items()
    if what != "undo":
        assert deductible(window.read(f"/v1/settlements/{row['settlement_id']}")) == step["deductible"]


def differences(window: Window, body: dict[str, Any]) -> list[Step]:
    name_of = {settlement: name for name, settlement in window.ids.items()}
    assert {one["institution"] for one in body["adjusted"]} == {HOSPITAL}
    return [{"settlement": name_of[one["settlement"]], **amounts(one["differences"])} for one in body["adjusted"]]


def test_a_retroactive_price_to_the_fen(new_office: NewOffice) -> None:
    """Five settlements, the job months later by other tables, and all that can be read of it."""
    steps, expected = tables("retroactive price")
    office = new_office(plan="price-10")
    with served(office, "price-10") as hospital:
        window = Window(hospital)
        for step in steps[:5]:
            body = window.settle(step["step"].split()[1], step["bill"], step["lines"])
            assert (body["in_scope"], deductible(body)) == (step["in scope"], step["deductible"])
            assert window.counters().items() <= step.items()
    office.world.now = moment("2023-07-03T09:00:00")
    with served(reopened(office, "price-8"), "price-8") as hospital:
        window = Window(hospital, ids=window.ids)
        before = office.everything()
        job = office.readjudication()
        (person,) = job.persons(2023)
        found = job.preview(person, 2023)
        assert differences(window, {"adjusted": [one.as_dict() for one in found.adjustments]}) == expected
        assert office.everything() == before
        assert job.post(person, 2023, "price-2023-07") == replace(found, posted=True)
        assert job.persons(2023) == []
        rows = window.rows()
        for row, step in zip(rows, steps, strict=True):
            compare(window, row, step)
        assert {row["book_date"] for row in rows[5:]} == {"2023-07-03"}
        assert {row.get("caused_by") for row in rows[5:]} == {None, rows[9]["settlement_id"]}
        assert window.counters().items() <= steps[-1].items()
        july = {"scheme": "310", "clearing": "11", "first": "2023-07-03", "last": "2023-07-03"}
        posted = july | {"total": "0", "fund": "-36.81", "account": "0", "count": 10}
        assert hospital.send("POST", "/v1/statements/totals", posted).json()["agreed"] is True
        report = office.verify()
        assert (report.sound, report.counts["from_zero"]) == (True, 5)
        assert (report.findings, report.counts["reproduced"]) == ([], 15), "the old rows by the rules the ledger keeps"


def test_an_institution_reads_of_a_cascade_only_its_own_part(new_office: NewOffice) -> None:
    office = new_office(plan="undo-cascade")
    with served(office, "undo-cascade") as hospital:
        window = Window(hospital)
        window.settle("S1", "800.00")
        office.settle(claim(900, "S2"), "S2", CLINIC)
        window.settle("S3", "700.00")
        _, told = window.undo("S1", AGENCY)
        assert [one["institution"] for one in told["adjusted"]] == [CLINIC, HOSPITAL]
        address = f"/v1/settlements/{told['settlement_id']}"
        assert window.read(address) == told | {"adjusted": told["adjusted"][1:]}
        assert hospital.send("GET", address, key=AGENCY).json() == told
        found = hospital.send("GET", "/v1/messages/U1", key=AGENCY)
        assert (found.status_code, found.content) == (200, orjson.dumps(told))
        assert hospital.send("GET", "/v1/messages/U1").status_code == 404


def test_the_same_cascade_asked_again_is_answered_with_the_same_bytes(new_office: NewOffice) -> None:
    with served(new_office(plan="undo-cascade"), "undo-cascade") as hospital:
        window = Window(hospital)
        for name in ("S1", "S2"):
            window.settle(name, "800.00")
        body = {"message_id": "U1", "settlement_id": window.ids["S1"]}
        first = hospital.send("POST", "/v1/reversals", body, AGENCY)
        rows = window.rows()
        again = hospital.send("POST", "/v1/reversals", body, AGENCY)
        assert (again.content, again.headers["Adjudicator-Replayed"]) == (first.content, "true")
        assert window.rows() == rows
