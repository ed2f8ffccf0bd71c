"""Settling: each guarantee of exactly-once settlement has a test that names it."""

from __future__ import annotations

from tests.service.office import Office, bill, said


def test_a_claim_is_settled_and_its_figures_stand_in_the_answer(office: Office) -> None:
    # outpatient, in service, tertiary: (3,000 - 1,800) x 70 % = 840
    answer = office.settle(bill(3000))
    assert answer.outcome == "done"
    body = said(answer)
    assert body["total"] == "3000.00"
    assert body["funds"] == [{"fund": "large_amount", "paid": "840.00"}]
    assert body["cash"] == "2160.00"
    assert (body["person_seq"], body["book_date"]) == (1, "2023-05-08")
