"""Daily reconciliation over HTTP: totals first, then rows, whole or in parts, with every difference named."""

from __future__ import annotations

from typing import Any

import pytest

from api.wire.statements import DetailsAnswer, TotalsAnswer
from tests.http.client import Hospital, bill, of_type
from tests.service.office import CLINIC, HOSPITAL, NUMBERS, moment

SPAN = {"scheme": "310", "clearing": "11", "first": "2023-05-08", "last": "2023-05-09"}
"""As the national interface writes scheme and kind of visit."""


@pytest.fixture
def rows(hospital: Hospital) -> list[dict[str, Any]]:
    """Three settlements on one day, of 840.00, 180.00 and nothing from the fund, and a refund on the next, as the
    hospital has them."""
    said = [
        hospital.settle(bill(yuan, f"M{number}", f"R{number}", person_id=NUMBERS[number - 1])).json()
        for number, yuan in ((1, 3000), (2, 1500), (3, 1000))
    ]
    hospital.office.world.now = moment("2023-05-09T08:00:00")
    undone = hospital.send("POST", "/v1/reversals", {"message_id": "U1", "original_message_id": "M1"}).json()
    own = [
        {
            "settlement_id": body["settlement_id"],
            "visit_id": f"V-R{number}",
            "refund": False,
            "total": body["total"],
            "fund": "".join(fund["paid"] for fund in body["funds"]) or "0",
            "account": "0",
        }
        for number, body in enumerate(said, 1)
    ]
    refund = own[0] | {"settlement_id": undone["settlement_id"], "refund": True, "total": "-3000", "fund": "-840"}
    return [*own, refund]


def totals(hospital: Hospital, key: str = "sandbox", **changes: Any) -> dict[str, Any]:
    sums = {"total": "2500.00", "fund": "180.00", "account": "0", "count": 4}
    answer = hospital.send("POST", "/v1/statements/totals", SPAN | sums | changes, key)
    assert answer.status_code == 200, answer.text
    return dict(of_type(TotalsAnswer, answer.json()))


def details(hospital: Hospital, rows: list[dict[str, Any]], **changes: Any) -> list[tuple[str, str]]:
    answer = hospital.send("POST", "/v1/statements/details", SPAN | {"rows": rows} | changes)
    body = of_type(DetailsAnswer, answer.json())
    assert body["agreed"] == (not body["differences"])
    return [(one["settlement_id"], one["difference"]) for one in body["differences"]]


def test_totals_that_are_the_same_agree_and_others_stand_side_by_side(hospital: Hospital, rows: Any) -> None:
    # 840 - 840 of the first; retired, above 70: (1,500 - 1,300) x 90 % = 180; 1,000 is below the deductible
    assert totals(hospital)["agreed"] is True
    first_day = totals(hospital, last="2023-05-08", total="5500", fund="1020", count=3)
    assert first_day["agreed"] is True
    wrong = totals(hospital, fund="180.01")
    assert (wrong["agreed"], wrong["here"]["fund"], wrong["there"]["fund"]) == (False, "180.00", "180.01")
    assert totals(hospital, clearing="住院", total="0", fund="0", count=0)["agreed"] is True


def test_rows_that_differ_are_named_and_no_others(hospital: Hospital, rows: list[dict[str, Any]]) -> None:
    assert details(hospital, rows) == []
    first, second, third, refund = rows
    said = [first | {"fund": "839.99"}, third, refund | {"visit_id": "V-R2"}, third, first | {"settlement_id": "X"}]
    assert details(hospital, said) == [
        (first["settlement_id"], "amount"),
        (second["settlement_id"], "only_here"),
        (refund["settlement_id"], "status"),
        (third["settlement_id"], "only_there"),
        ("X", "only_there"),
    ]


def test_parts_of_a_statement_are_compared_one_by_one(hospital: Hospital, rows: list[dict[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: str(row["settlement_id"]))
    cut = ordered[1]["settlement_id"]
    assert details(hospital, ordered[:2], through=cut) == []
    assert details(hospital, ordered[2:], after=cut) == []
    assert details(hospital, ordered[:1], through=cut) == [(cut, "only_here")]
    assert details(hospital, ordered[3:], after=cut) == [(ordered[2]["settlement_id"], "only_here")]


def test_the_agency_says_whose_rows_and_an_institution_sees_its_own_alone(hospital: Hospital, rows: Any) -> None:
    assert totals(hospital, "sandbox-auditor", institution=HOSPITAL)["agreed"] is True
    zero = {"total": "0", "fund": "0", "account": "0", "count": 0}
    missing = hospital.send("POST", "/v1/statements/totals", SPAN | zero, "sandbox-auditor")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/institution")
    for institution in (CLINIC, "nobody"):
        other = hospital.send("POST", "/v1/statements/totals", SPAN | zero | {"institution": institution})
        assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [("2023-05-09", "2023-05-08", "STATEMENT_REVERSED"), ("2023-05-01", "2023-06-01", "STATEMENT_TOO_LONG")],
)
def test_days_are_in_order_and_not_too_many(first: str, last: str, code: str, hospital: Hospital) -> None:
    answer = hospital.send("POST", "/v1/statements/details", SPAN | {"first": first, "last": last, "rows": []})
    assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, [code])
