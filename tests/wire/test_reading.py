"""Bodies into requests: every mistake at once with its place, what fits read as exact integers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.requests import ClaimRequest, LineRequest, ReverseRequest, UndoReason
from api.wire.models import MOST_LINES
from api.wire.problems import MOST_MISTAKES, RequestError
from api.wire.reading import read_claim, read_claim_message, read_person_query, read_reverse_message
from api.wire.values import date, day, decimal, units
from tests.wire import hostile
from tests.wire.bodies import claim, line, mistakes


def test_a_claim_is_read_as_whole_numbers() -> None:
    message_id, request = read_claim_message(orjson.dumps(claim(words={"b": "y", "a": "x"}, amounts={"c": "0.5"})))
    assert message_id == "H11010500001-20230506-0001"
    assert request == ClaimRequest(
        "V1", "1", "11000000000000000001", "inpatient", 11250,
        (
            LineRequest("1", "XA02BC", 10000, None, 40000, 25_000000),
            LineRequest("2", "001", 1250, day("2023-05-02"), confirmed=True),
        ),
        admission=day("2023-05-01"), discharge=day("2023-05-06"), words=(("a", "x"), ("b", "y")), amounts=(("c", 50),),
    )  # fmt: skip


def test_a_preview_has_no_message_id() -> None:
    assert read_claim(orjson.dumps(claim(message_id=None))).visit_id == "V1"
    with pytest.raises(RequestError) as caught:
        read_claim(orjson.dumps(claim()))
    assert caught.value.problem.mistakes[0].pointer == "/message_id"


@pytest.mark.parametrize(
    ("said", "read"),
    [("21", "inpatient"), ("住院", "inpatient"), ("2107", "maternity"), ("inpatient", "inpatient"), ("x9", "x9")],
)
def test_codes_and_chinese_words_are_read_as_words_of_plans(said: str, read: str) -> None:
    assert read_claim_message(orjson.dumps(claim(visit=said)))[1].visit == read


def test_all_mistakes_are_told_at_once_those_of_form_and_those_of_agreement() -> None:
    said = claim(visit_id=7, receipt_id=None, total="1.005", discharge="2023-04-30", recipt="1")
    said["lines"] += [{"line_id": "1", "item_code": " ", "amount": "5", "price": "1", "quantity": "2"}, 3]
    assert mistakes(said) == [
        ("NUMBER_NOT_IN_QUOTES", "/visit_id"),
        ("FIELD_MISSING", "/receipt_id"),
        ("DECIMAL_NOT_READ", "/total"),
        ("ID_NOT_READ", "/lines/2/item_code"),
        ("OTHER_TYPE", "/lines/3"),
        ("FIELD_UNKNOWN", "/recipt"),
        ("DUPLICATE_LINE", "/lines/2/line_id"),
        ("AMOUNT_NOT_PRICE_TIMES_QUANTITY", "/lines/2/amount"),
        ("DATES_REVERSED", "/discharge"),
    ]


def test_a_mistake_says_what_was_found_expected_and_meant() -> None:
    with pytest.raises(RequestError) as caught:
        read_claim_message(orjson.dumps(claim(totl="1", total=112.5, medfee_sumamt="1", age=3)))
    told = {mistake.pointer: mistake.as_dict() for mistake in caught.value.problem.mistakes}
    assert (told["/total"]["found"], told["/total"]["expected"]) == ("112.5", '"1234.50"')
    assert told["/totl"]["help"] == told["/medfee_sumamt"]["help"] == "did you mean total?"
    assert told["/age"]["code"] == "FIELD_FROM_BOOKS"


def test_numbers_of_persons_are_masked_in_what_was_found() -> None:
    number = "11010519491231002X"
    for said in (claim(person_id=number + " "), claim(visit=f" {number}"), claim(**{number: "1"}), claim(days=number)):
        with pytest.raises(RequestError) as caught:
            read_claim_message(orjson.dumps(said))
        body = caught.value.problem.body().decode()
        assert number not in body
        assert "***" in body


def test_a_body_lists_so_many_mistakes_and_counts_all() -> None:
    said = claim(lines=[{"line_id": str(i)} for i in range(MOST_LINES)])
    with pytest.raises(RequestError) as caught:
        read_claim_message(orjson.dumps(said))
    body = caught.value.problem.as_dict()
    assert (len(body["errors"]), body["mistakes"]) == (MOST_MISTAKES, 2 * MOST_LINES)  # type: ignore[arg-type]


def test_the_largest_claim_is_read() -> None:
    fields = {"item_code": "X" * 64, "amount": "1.00", "quantity": "1.0000", "price": "1.000000", "confirmed": True}
    lines = [fields | {"line_id": str(i).rjust(64, "0"), "service_date": "2023-05-01"} for i in range(MOST_LINES)]
    words = {f"w{i}": "住" * 64 for i in range(50)}
    said = claim(
        lines=lines, total="300.00", words=words, numbers=dict.fromkeys(words, 1), amounts=dict.fromkeys(words, "1")
    )
    assert mistakes(json.dumps(said, ensure_ascii=False).encode()) == []


@pytest.mark.parametrize("said", hostile.CLAIMS)
def test_no_hostile_claim_is_accepted(said: dict[str, Any]) -> None:
    assert mistakes(json.dumps(said).encode())


def test_no_value_of_another_type_is_accepted() -> None:
    for value in hostile.WRONG_AMOUNTS:
        assert mistakes(json.dumps(line() | {"total": value}).encode()), value


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "3", "price": "3.335"}, None),  # 10.005 is 10.01, a fen away
        ({"quantity": "3", "price": "3.34"}, "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),  # 10.02
        ({"quantity": "-1"}, "QUANTITY_AGAINST_AMOUNT"),
        ({"quantity": "0"}, None),
        ({"price": "11"}, None),  # a price alone says nothing
    ],
)
def test_amount_price_and_quantity_agree(changes: dict[str, Any], code: str | None) -> None:
    assert [found for found, _ in mistakes(line(**changes))] == ([code] if code else [])


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"original_message_id": "A"}, []),
        ({"settlement_id": "A", "reason": "mistake"}, []),
        ({}, ["NOT_ONE_OF_TWO"]),
        ({"original_message_id": "A", "settlement_id": "A"}, ["NOT_ONE_OF_TWO"]),
        ({"original_message_id": "R"}, ["REVERSES_ITSELF"]),
        ({"original_message_id": 7}, ["NUMBER_NOT_IN_QUOTES"]),
        ({"settlement_id": "A", "reason": "why"}, ["WORD_NOT_ONE_OF"]),
    ],
)
def test_a_reversal_names_one_thing(said: dict[str, Any], codes: list[str]) -> None:
    try:
        message_id, _ = read_reverse_message(orjson.dumps({"message_id": "R"} | said))
        assert (message_id, codes) == ("R", [])
    except RequestError as error:
        assert [mistake.code for mistake in error.problem.mistakes] == codes


def test_a_reversal_and_a_query_are_read() -> None:
    read = read_reverse_message(b'{"message_id":"R","original_message_id":"A","reason":"unknown_outcome"}')
    assert read == ("R", ReverseRequest("A", None, UndoReason.UNKNOWN_OUTCOME))
    assert read_person_query(b'{"person_id":"11"}') == "11"


@given(st.decimals("-999999999.99", "999999999.99", places=2))
def test_amounts_are_read_and_written_exactly(amount: Decimal) -> None:
    text = f"{amount:f}"
    assert units(text, 2) == int(amount * 100)
    assert Decimal(decimal(units(text, 2), 2)) == amount


@given(st.integers(-(10**15), 10**15), st.sampled_from([2, 4, 6]))
def test_what_is_written_is_read_again(number: int, decimals: int) -> None:
    assert units(decimal(number, decimals), decimals) == number


@given(st.dates().filter(lambda given: 1900 <= given.year < 2200))
def test_days_are_read_and_written(given_day: Any) -> None:
    assert date(day(given_day.isoformat())) == given_day.isoformat()


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=9)
NAMES = st.sampled_from([*sorted(claim()), "days", "words", "x"])


@given(st.dictionaries(NAMES, VALUES | st.lists(VALUES) | st.dictionaries(st.text(max_size=3), VALUES, max_size=3)))
def test_any_object_is_read_or_refused(changes: dict[str, Any]) -> None:
    mistakes(json.dumps(claim() | changes).encode())
    try:
        read_reverse_message(json.dumps(changes).encode())
    except RequestError as error:
        orjson.loads(error.problem.body())
