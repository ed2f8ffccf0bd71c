"""Bytes into values: what is no strict JSON in UTF-8 is refused with its place, and nothing else is ever raised."""

from __future__ import annotations

import json

import jiter
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire.decoding import DEEPEST, LARGEST_BODY, MOST_VALUES, decode
from api.wire.problems import Problem, RequestError
from tests.wire.hostile import BODIES


def refused(body: bytes) -> Problem:
    with pytest.raises(RequestError) as caught:
        decode(body)
    return caught.value.problem


def first(body: bytes) -> tuple[str, int, int]:
    mistake = refused(body).mistakes[0]
    return mistake.code, mistake.line, mistake.column


@pytest.mark.parametrize(
    ("body", "code", "line", "column"),
    [
        (b"", "BODY_EMPTY", 0, 0),
        (b" \r\n", "BODY_EMPTY", 0, 0),
        (b'{"a": 1,\n "a": 2}', "KEY_TWICE", 2, 2),
        (b'{"a": 1, "\\u0061": 2}', "KEY_TWICE", 1, 2),
        (b'{"a": {"b": 1, "b": 1}}', "KEY_TWICE", 1, 16),
        (b'{"a": NaN}', "NUMBER_NOT_FINITE", 1, 7),
        (b'{"a":\n -Infinity}', "NUMBER_NOT_FINITE", 2, 2),
        (b'{"a": Infinity}', "NUMBER_NOT_FINITE", 1, 7),
        (b'{"a": 01}', "NUMBER_NOT_JSON", 1, 8),
        (b'{"a": 1.}', "NUMBER_NOT_JSON", 1, 9),
        (b'{"a": ' + b"9" * 5000 + b"}", "NUMBER_NOT_JSON", 1, 4308),
        (b'{"a": "\\ud800"}', "ESCAPE_NOT_READ", 1, 14),
        (b'{"\\udfff": 1}', "ESCAPE_NOT_READ", 1, 8),
        (b'{"a": "\\u12"}', "ESCAPE_NOT_READ", 1, 12),
        (b'{"a": "\t"}', "CONTROL_CHARACTER", 1, 8),
        (b'{"a": 1,}', "COMMA_TOO_MANY", 1, 9),
        (b'{"a": 1} {}', "MORE_THAN_ONE_VALUE", 1, 10),
        (b"{'a': 1}", "KEY_NOT_QUOTED", 1, 2),
        (b'{"a": "b', "JSON_BROKEN_OFF", 1, 8),
        (b'{"a" 1}', "NOT_JSON", 1, 6),
        ('{"姓名": x}'.encode(), "NOT_JSON", 1, 8),
        (b"[" * 100_000, "NESTED_TOO_DEEP", 1, 202),
    ],
)
def test_a_mistake_is_told_with_its_place(body: bytes, code: str, line: int, column: int) -> None:
    assert first(body) == (code, line, column)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("gb18030", "GB18030"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-be", "UTF-32"),
        ("utf-8-sig", "UTF-8 with a byte order mark"),
    ],
)
def test_another_encoding_is_named(encoding: str, told: str) -> None:
    (mistake,) = refused('{"visit": "门诊慢特病"}'.encode(encoding)).mistakes
    assert (mistake.code, mistake.fields["encoding"]) == ("BODY_NOT_UTF8", told)


def test_bytes_of_no_encoding_are_refused_with_their_place() -> None:
    (mistake,) = refused(b'{"a":\n "\xff\xff"}').mistakes
    assert (mistake.code, mistake.line, mistake.column, mistake.found) == ("BODY_NOT_UTF8", 2, 3, "FF FF 22 7D")


def test_surrogates_written_in_bytes_are_refused() -> None:
    assert first(b'{"a": "\xed\xa0\x80"}')[0] == "BODY_NOT_UTF8"


def test_numbers_keep_their_digits() -> None:
    value = decode(b'{"a": 12345678901234567.890, "b": 12345678901234567890123, "c": 1e400, "d": -0}')
    assert isinstance(value, dict)
    assert str(value["a"]) == "12345678901234567.890"
    assert isinstance(value["a"], jiter.LosslessFloat)
    assert value["b"] == 12345678901234567890123
    assert str(value["c"]) == "1e400"


def test_size_and_depth_are_bounded() -> None:
    assert decode(b'"' + b"a" * (LARGEST_BODY - 2) + b'"')
    assert refused(b'"' + b"a" * (LARGEST_BODY - 1) + b'"').code == "BODY_TOO_LARGE"
    assert decode(b"[" * DEEPEST + b"]" * DEEPEST)
    deep = b'{"x": 1, "a/b~": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}"
    (mistake,) = refused(deep).mistakes
    assert (mistake.code, mistake.pointer) == ("NESTED_TOO_DEEP", "/a~1b~0" + "/0" * (DEEPEST - 1))
    assert decode(orjson.dumps(list(range(MOST_VALUES))))
    assert refused(orjson.dumps(list(range(MOST_VALUES + 1)))).mistakes[0].code == "TOO_MANY_VALUES"


@pytest.mark.parametrize("body", BODIES)
def test_hostile_bodies_are_read_or_refused(body: bytes) -> None:
    read_or_refused(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read_or_refused(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(JSON, st.data())
def test_json_is_read_and_json_with_a_blow_is_read_or_refused(value: object, data: st.DataObject) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    if depth(value) <= DEEPEST:
        assert decode(body) == value
    at = data.draw(st.integers(0, len(body)))
    blow = data.draw(st.binary(max_size=4))
    read_or_refused(body[:at] + blow + body[at + data.draw(st.integers(0, 4)) :])


def depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def read_or_refused(body: bytes) -> None:
    """What is read, json reads as well; what is refused has a body, places in it, and texts in two languages."""
    try:
        value = decode(body)
    except RequestError as error:
        problem = error.problem
        orjson.loads(problem.body())
        for mistake in problem.mistakes:
            said = mistake.as_dict()
            assert said["message"] != mistake.code
            assert {"message_zh", "help", "help_zh"} <= said.keys()
            lines = body.split(b"\n")
            assert mistake.line <= len(lines)
            assert mistake.column <= len(lines[mistake.line - 1]) + 1
    else:
        assert type(value) is type(json.loads(body)) or isinstance(value, jiter.LosslessFloat)
