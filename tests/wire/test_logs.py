"""Logs: whatever is thrown at them, no identity number, name or text of an exception comes out."""

from __future__ import annotations

import io
import logging
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire.identity_numbers import holds_identity_number
from api.wire.logs import ALLOWED, LibraryLogs, logger_to
from tests.wire.test_identity import NUMBER, identity_numbers

NAMES = ("张三", "欧阳娜娜", "Zhang San", "张", "阿不都热依木·买买提")


def logged(**fields: Any) -> dict[str, Any]:
    stream = io.BytesIO()
    logger_to(stream).info("settled", **fields)
    said: dict[str, Any] = orjson.loads(stream.getvalue())
    return said


def test_what_may_be_logged_is_logged() -> None:
    said = logged(request_id="r1", status=200, milliseconds=1.5, replayed=False, route="/v1/settlements/{id}")
    time = said.pop("time")
    assert time.endswith("Z")
    assert said == {
        "event": "settled", "level": "info", "request_id": "r1", "status": 200, "milliseconds": 1.5, "replayed": False,
        "route": "/v1/settlements/{id}",
    }  # fmt: skip


@given(st.sampled_from(sorted(ALLOWED - {"event", "level"})), identity_numbers(), st.text("0123456789AZ_-", max_size=5))
def test_no_identity_number_passes_under_any_field(field: str, number: str, around: str) -> None:
    for value in (number, around + number + around, int(number[:-1] + "0"), [number], {number: 1}, number.encode()):
        assert not holds_identity_number(str(logged(**{field: value, number: 1, "detail": value})))


@pytest.mark.parametrize("name", NAMES)
def test_no_name_passes(name: str) -> None:
    for field in ALLOWED - {"event", "level"}:
        said = logged(**{field: name, "person_name": name, "person_id": "17", name: 1})
        assert name not in str(said)
        assert said["withheld"] >= 3
    stream = io.BytesIO()
    logger_to(stream).info(f"settled {name} {NUMBER}")
    assert set(orjson.loads(stream.getvalue())) == {"level", "time", "withheld"}


def test_an_exception_shows_its_kind_and_place_alone() -> None:
    stream = io.BytesIO()
    try:
        raise ValueError(f"no such person: {NUMBER} {NAMES[0]}")
    except ValueError as error:
        logger_to(stream).error("failed", exc_info=error)
    said = orjson.loads(stream.getvalue())
    assert said["error"] == "ValueError"
    assert said["where"].startswith("test_logs.py:")
    assert NUMBER not in str(said)


def test_libraries_show_that_they_spoke_not_what() -> None:
    stream = io.BytesIO()
    library = logging.Logger("sqlalchemy.engine")
    library.addHandler(LibraryLogs(logger_to(stream)))
    library.warning("INSERT INTO person VALUES (%s)", NUMBER)
    library.warning(f"name {NAMES[0]}")
    library.info("nothing")
    try:
        raise KeyError(NUMBER)
    except KeyError:
        library.exception("lost %s", NUMBER)
    lines = [orjson.loads(text) for text in stream.getvalue().splitlines()]
    assert [(said["event"], said["level"], said["logger"]) for said in lines] == [
        ("library", "warning", "sqlalchemy.engine"),
        ("library", "warning", "sqlalchemy.engine"),
        ("library", "error", "sqlalchemy.engine"),
    ]
    assert lines[2]["error"] == "KeyError"
    assert NUMBER not in stream.getvalue().decode()
