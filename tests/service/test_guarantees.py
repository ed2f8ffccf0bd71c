"""What exactly-once settlement must guarantee, one test each."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.ledger.schema import metadata
from api.service.loading import load_members
from api.service.requests import Principal, ReverseRequest, Role
from tests.service.office import (
    CLINIC,
    ENDED,
    HOSPITAL,
    KEYRING,
    MEMBERS,
    PERSON,
    RETIRED,
    SUSPENDED,
    THIRD,
    Office,
    bill,
    codes,
    day,
    message,
    moment,
    said,
)

AT_HOSPITAL = Principal("key", HOSPITAL, Role.INSTITUTION)


def test_a_claim_is_settled_and_its_figures_stand_in_the_answer(office: Office) -> None:
    # outpatient, in service, tertiary: (3,000 - 1,800) x 70 % = 840
    answer = office.settle(bill(3000))
    body = said(answer)
    assert answer.outcome == "done"
    assert (body["total"], body["cash"]) == ("3000.00", "2160.00")
    assert body["funds"] == [{"fund": "large_amount", "paid": "840.00"}]
    assert (body["person_seq"], body["book_date"]) == (1, "2023-05-08")
    assert office.table("entry") == [
        (1, 0, "fund:large_amount", 84_000),
        (1, 1, "cash:person", 216_000),
        (1, 2, f"institution:{HOSPITAL}", -300_000),
    ]


def test_a_preview_changes_nothing_and_a_settlement_comes_to_the_same(office: Office) -> None:
    office.settle(bill(2500, "R0"))
    before = office.everything()
    previews = [office.service.preview(AT_HOSPITAL, bill(3000)) for _ in range(50)]
    assert office.everything() == before
    body = said(previews[0])
    assert body.pop("previewed_at_person_seq") == 1
    assert {preview.body for preview in previews} == {previews[0].body}
    assert body.items() <= said(office.settle(bill(3000))).items()


def test_the_same_message_is_answered_with_the_same_bytes(office: Office) -> None:
    first = office.settle(bill(3000), "M1")
    before = office.everything()
    again = [office.settle(bill(3000), "M1") for _ in range(3)]
    assert office.everything() == before
    assert [(answer.body, answer.replayed) for answer in again] == [(first.body, True)] * 3


def test_fifty_of_one_message_at_the_same_moment_make_one_row(office: Office) -> None:
    start = threading.Barrier(8)

    def send(number: int) -> bytes:
        if number < 8:
            start.wait()
        return office.settle(bill(3000), "M1").body

    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(send, range(50)))
    assert len(bodies) == len(office.table("journal")) == 1


@pytest.mark.parametrize("other", [bill(3001), bill(3000, person=RETIRED), bill(3000, diagnosis="I10")])
def test_another_request_under_a_used_message_id_is_refused(office: Office, other: object) -> None:
    first = office.settle(bill(3000), "M1")
    before = office.everything()
    answer = office.settle(other, "M1")  # type: ignore[arg-type]
    assert (answer.outcome, said(answer)["code"]) == ("conflict", "MESSAGE_ID_REUSED")
    assert office.everything() == before
    assert office.settle(bill(3000), "M1").body == first.body


def test_a_message_id_belongs_to_its_institution(office: Office) -> None:
    office.settle(bill(3000), "M1")
    assert office.settle(bill(3000), "M1", CLINIC).outcome == "done"
    assert len(office.table("journal")) == 2


def test_a_receipt_is_settled_once_whatever_the_message(office: Office) -> None:
    first = said(office.settle(bill(3000), "M1"))
    answer = office.settle(bill(3000), "M2")
    assert codes(answer) == ["NOT_SETTLED", "DUPLICATE_RECEIPT"]
    assert first["settlement_id"] in said(answer)["errors"][0]["message"]
    assert office.settle(bill(3000), "M2").body == answer.body
    assert codes(office.service.preview(AT_HOSPITAL, bill(3000))) == ["NOT_SETTLED", "DUPLICATE_RECEIPT"]


def test_a_receipt_can_be_settled_anew_after_its_reversal(office: Office) -> None:
    first = office.settle(bill(3000), "M1")
    assert office.reverse(original_message_id="M1").outcome == "done"
    second = office.settle(bill(3000), "M2")
    assert said(second)["funds"] == said(first)["funds"]
    assert office.verify().sound


def test_a_reversal_puts_everything_back(office: Office) -> None:
    office.settle(bill(2500, "R0"))
    before = office.everything()
    settlement = said(office.settle(bill(3000), "M1"))
    answer = said(office.reverse(settlement_id=settlement["settlement_id"]))
    assert (answer["settlement"], answer["in_force"]) == (settlement["settlement_id"], False)
    after = office.everything()
    assert (after["counter"], after["live"]) == (before["counter"], before["live"])
    entries = [row[2:] for row in office.table("entry") if row[0] > 1]
    assert {account: sum(amount for name, amount in entries if name == account) for account, _ in entries} == {
        "fund:large_amount": 0,
        "cash:person": 0,
        f"institution:{HOSPITAL}": 0,
    }


def test_a_message_reversed_before_it_came_is_refused_for_ever(office: Office) -> None:
    answer = office.reverse(original_message_id="M1", message_id="X1")
    assert (answer.outcome, said(answer)["reversed"]) == ("nothing", False)
    for _ in range(2):
        late = office.settle(bill(3000), "M1")
        assert (late.outcome, codes(late)) == ("refused", ["NOT_SETTLED", "REVERSED_BEFORE_ARRIVAL"])
    assert office.table("journal") == []
    assert office.reverse(original_message_id="M1", message_id="X1").body == answer.body
    assert office.reverse(original_message_id="M1", message_id="X2").outcome == "nothing"
    assert office.settle(bill(3000), "M2").outcome == "done"
    assert office.verify().sound


def test_a_message_that_was_refused_has_nothing_to_reverse(office: Office) -> None:
    office.settle(bill(3000, person="99"), "M1")
    assert office.reverse(original_message_id="M1").outcome == "nothing"


def test_what_is_reversed_is_not_reversed_again(office: Office) -> None:
    settlement = said(office.settle(bill(3000), "M1"))["settlement_id"]
    first = said(office.reverse(original_message_id="M1", message_id="X1"))
    before = {name: rows for name, rows in office.everything().items() if name != "request"}
    for answer in (
        office.reverse(original_message_id="M1", message_id="X2"),
        office.reverse(settlement_id=settlement, message_id="X3"),
    ):
        assert codes(answer) == ["NOT_REVERSED", "ALREADY_REVERSED"]
        assert first["settlement_id"] in said(answer)["errors"][0]["message"]
    assert {name: rows for name, rows in office.everything().items() if name != "request"} == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_message_and_its_reversal_submitted_together_agree(office: Office, order: tuple[int, int]) -> None:
    both = (message(bill(3000), "M1"), message(ReverseRequest(original_message_id="M1"), "X1"))
    answers = office.service.submit([both[place] for place in order])
    outcomes = [answers[order.index(place)].outcome for place in (0, 1)]
    assert outcomes == (["done", "done"] if order == (0, 1) else ["refused", "nothing"])
    assert office.table("live") == [] and office.verify().sound


def test_a_reversed_reversal_brings_the_settlement_back_at_its_old_figures(office: Office) -> None:
    settlement = said(office.settle(bill(3000), "M1"))["settlement_id"]
    counters = office.table("counter")
    office.reverse(original_message_id="M1", message_id="X1")
    again = said(office.reverse(original_message_id="X1", message_id="XX1"))
    assert (again["settlement"], again["in_force"]) == (settlement, True)
    assert office.table("counter") == counters
    assert codes(office.settle(bill(3000), "M2")) == ["NOT_SETTLED", "DUPLICATE_RECEIPT"]
    assert codes(office.reverse(original_message_id="X1", message_id="XX2")) == ["NOT_REVERSED", "ALREADY_REVERSED"]
    assert said(office.reverse(settlement_id=settlement, message_id="X2"))["in_force"] is False
    assert office.verify().sound


def test_a_settlement_does_not_come_back_once_the_accounts_have_moved_on(office: Office) -> None:
    office.settle(bill(3000), "M1")
    office.reverse(original_message_id="M1", message_id="X1")
    office.settle(bill(500, "R2"))
    answer = office.reverse(original_message_id="X1", message_id="XX1")
    assert codes(answer) == ["NOT_REVERSED", "ACCOUNTS_MOVED"]
    assert office.verify().sound


def test_a_settlement_does_not_come_back_beside_another_for_its_receipt(office: Office) -> None:
    office.settle(bill(3000), "M1")
    office.reverse(original_message_id="M1", message_id="X1")
    office.settle(bill(3000), "M2")
    assert codes(office.reverse(original_message_id="X1")) == ["NOT_REVERSED", "DUPLICATE_RECEIPT"]


def test_later_settlements_are_reversed_first(office: Office) -> None:
    first, second, third = (said(office.settle(bill(1000, f"R{n}"), f"M{n}"))["settlement_id"] for n in (1, 2, 3))
    answer = office.reverse(original_message_id="M1")
    assert codes(answer) == ["NOT_REVERSED", "LATER_SETTLEMENTS"]
    text = said(answer)["errors"][0]["message"]
    assert second in text and third in text and first not in text
    for number in (3, 2, 1):
        assert office.reverse(original_message_id=f"M{number}").outcome == "done"
    assert office.verify().sound


def test_a_settlement_on_other_counters_is_no_obstacle(office: Office) -> None:
    office.settle(bill(3000, "R1", on="2023-05-08"), "M1")
    office.world.now = moment("2024-02-01T09:00:00")
    office.settle(bill(3000, "R2", on="2024-02-01"), "M2")
    assert office.reverse(original_message_id="M1").outcome == "done"
    assert office.verify().sound


def test_another_institution_finds_neither_message_nor_settlement(office: Office) -> None:
    settlement = said(office.settle(bill(3000), "M1"))["settlement_id"]
    missing = office.reverse(settlement_id="none", institution=CLINIC, message_id="X1")
    foreign = office.reverse(settlement_id=settlement, institution=CLINIC, message_id="X2")
    assert codes(missing) == codes(foreign) == ["NOT_REVERSED", "SETTLEMENT_UNKNOWN"]
    assert office.reverse(original_message_id="M1", institution=CLINIC, message_id="X3").outcome == "nothing"
    at_clinic = replace(AT_HOSPITAL, institution=CLINIC)
    assert office.service.settlement(at_clinic, settlement) is None
    assert office.service.find(at_clinic, "M9") is None
    assert office.service.settlement(AT_HOSPITAL, settlement) == office.settle(bill(3000), "M1").body
    assert len(office.table("live")) == 1


def test_after_a_time_out_the_message_is_found_or_was_never_there(office: Office) -> None:
    sent = office.settle(bill(3000), "M1")
    found = office.service.find(AT_HOSPITAL, "M1")
    assert found is not None and (found.outcome, found.body) == ("done", sent.body)
    assert office.service.find(AT_HOSPITAL, "M2") is None


def test_one_person_at_two_places_at_once_is_settled_in_some_order(office: Office) -> None:
    """The last 800 yuan of a deductible of 1,800 are borne once, and one of the two claims is paid from."""
    office.settle(bill(1000, "R0"))
    start = threading.Barrier(2)

    def settle(place: tuple[str, str]) -> str:
        start.wait()
        institution, receipt = place
        return str(said(office.settle(bill(1000, receipt), receipt, institution))["cash"])

    with ThreadPoolExecutor(2) as pool:
        cash = sorted(pool.map(settle, ((HOSPITAL, "A"), (CLINIC, "B"))))
    # the hospital pays 70 %, the centre 90 %: of the first's 1,000 from 200 on, of the second's from the first fen
    assert cash in (["100.00", "860.00"], ["300.00", "820.00"])
    assert office.verify().sound


def test_out_of_order_arrival_is_settled_in_order_of_arrival(office: Office) -> None:
    later = said(office.settle(bill(3000, "R1", on="2023-05-08")))
    earlier = said(office.settle(bill(3000, "R2", on="2023-03-01")))
    assert (later["cash"], earlier["cash"]) == ("2160.00", "900.00")
    assert (later["person_seq"], earlier["person_seq"]) == (1, 2)
    assert office.verify().sound


def test_a_settlement_belongs_to_the_day_on_which_it_is_decided(office: Office) -> None:
    office.world.now = moment("2023-05-08T23:59:59") + 999
    before = said(office.settle(bill(3000, "R1"), "M1"))
    office.world.now += 1
    after = said(office.reverse(original_message_id="M1"))
    assert (before["book_date"], after["book_date"]) == ("2023-05-08", "2023-05-09")
    assert before["settled_at"] == "2023-05-08T23:59:59.999+08:00"


def test_a_clock_that_goes_backwards_changes_no_order(office: Office) -> None:
    first = said(office.settle(bill(1000, "R1")))
    office.world.now -= 3_600_000
    second = said(office.settle(bill(1000, "R2"), "M2"))
    assert (first["person_seq"], second["person_seq"]) == (1, 2)
    assert codes(office.reverse(settlement_id=first["settlement_id"])) == ["NOT_REVERSED", "LATER_SETTLEMENTS"]
    assert office.verify().sound


def test_a_stay_over_new_year_counts_in_both_years_and_is_undone_in_both(office: Office) -> None:
    office.world.now = moment("2024-01-05T11:00:00")
    stay = bill(20000, on="2023-12-20", visit="inpatient", discharge=day("2024-01-04"))
    (line,) = stay.lines
    halves = tuple(
        line._replace(line_id=str(number), amount_fen=1_000_000, price_e6=10_000_000_000, service_day=day(on))
        for number, on in enumerate(("2023-12-28", "2024-01-02"))
    )
    body = said(office.settle(replace(stay, lines=halves), "M1"))
    assert [part["discharge"] for part in body["parts"]] == ["2023-12-31", "2024-01-04"]
    assert sorted({row[4] for row in office.table("counter") if row[2] == "pool_paid"}) == [2023, 2024]
    assert office.verify().sound
    assert office.reverse(original_message_id="M1").outcome == "done"
    assert {row[5] for row in office.table("counter")} == {0}
    assert office.verify().sound


def test_a_change_of_cover_leaves_what_was_settled_as_it_was(office: Office) -> None:
    office.settle(bill(3000, "R1"), "M1")
    changed = office.folder / "changed.csv"
    changed.write_text(MEMBERS.replace("in_service", "retired"), encoding="utf-8")
    assert load_members(office.database, changed, KEYRING, office.world).changed == 4
    # retired, tertiary, under 70: deductible 1,300, of which 1,800 are borne; 1,000 x 85 % = 850
    assert said(office.settle(bill(1000, "R2")))["cash"] == "150.00"
    assert office.verify().sound


@pytest.mark.parametrize(("person", "code"), [("99", "PERSON_UNKNOWN"), (PERSON, "NOT_STATED")])
def test_what_cannot_be_settled_is_refused_with_its_reason(office: Office, person: str, code: str) -> None:
    answer = office.settle(bill(3000, person=person, visit="inpatient", on="2023-05-08"), "M1", CLINIC)
    assert codes(answer) == ["NOT_SETTLED", code]
    assert office.settle(bill(3000, person=person, visit="inpatient"), "M1", CLINIC).body == answer.body
    assert office.table("journal") == [] and office.verify().sound


@pytest.mark.parametrize(("person", "reason"), [(SUSPENDED, "SUSPENDED"), (ENDED, "NOT_COVERED")])
def test_what_no_fund_pays_is_settled_in_cash(office: Office, person: str, reason: str) -> None:
    body = said(office.settle(bill(3000, person=person)))
    assert (body["cash"], body["funds"]) == ("3000.00", [])
    assert body["parts"][0]["reason"] == reason
    assert office.verify().sound


def test_an_institution_says_nothing_that_the_books_say(office: Office) -> None:
    answer = office.settle(
        bill(3000, words=(("group", "retired"), ("level", "community")), amounts=(("paid.basic", 1),))
    )
    assert codes(answer) == ["NOT_SETTLED", *["ATTRIBUTE_NOT_ASKED"] * 3]
    assert [error["pointer"] for error in said(answer)["errors"]] == [
        "/words/group", "/words/level", "/amounts/paid.basic",
    ]  # fmt: skip


def test_all_that_is_wrong_with_a_claim_is_told_at_once(office: Office) -> None:
    claim = bill(3000, episode="a/b")
    (line,) = claim.lines
    wrong = replace(claim, lines=(line, line._replace(price_e6=1), line._replace(line_id="2", amount_fen=1)))
    assert codes(office.settle(wrong, "M1")) == ["NOT_SETTLED", "KEY_WITH_SLASH"]
    answer = office.settle(replace(wrong, episode=None), "M2")
    assert [(error["code"], error["pointer"]) for error in said(answer)["errors"]] == [
        ("AMOUNT_NOT_PRICE_TIMES_QUANTITY", "/lines/1/amount"),
        ("AMOUNT_NOT_PRICE_TIMES_QUANTITY", "/lines/2/amount"),
        ("DUPLICATE_LINE", "/lines/1/line_id"),
    ]


def test_no_table_but_one_knows_the_number_of_a_person(office: Office) -> None:
    office.settle(bill(3000, person=THIRD), "M1")
    office.settle(bill(3000, person="110105194912310022"), "M2")
    content = str([office.table(name) for name in metadata.tables])
    assert THIRD not in content
    assert "110105194912310022" not in content
    assert HOSPITAL in content
