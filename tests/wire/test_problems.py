"""Problem bodies: of the form of RFC 9457, in two languages, every code registered, documented and used."""

from __future__ import annotations

import tomllib
from typing import Any

import orjson
import pytest

from api.wire.problems import STATUS, TYPE_PREFIX, Mistake, Problem, refuse, shown
from catalogs.findings import texts
from tests.wire.api_page import PAGE, ROOT, codes, written


def test_a_body_has_the_members_of_the_standard() -> None:
    said = orjson.loads(refuse("SIGNED_OUTSIDE_WINDOW", seconds=300).problem.body("r1"))
    assert said == {
        "type": TYPE_PREFIX + "SIGNED_OUTSIDE_WINDOW",
        "title": "the request was signed more than 300 seconds before or after this server's time",
        "title_zh": "签名时间与服务器时间相差超过 300 秒",
        "status": 401,
        "code": "SIGNED_OUTSIDE_WINDOW",
        "help": texts()["SIGNED_OUTSIDE_WINDOW"]["help_en"],
        "help_zh": texts()["SIGNED_OUTSIDE_WINDOW"]["help_zh"],
        "instance": "urn:adjudicator:request:r1",
    }


def test_a_mistake_is_placed_by_pointer_or_by_line() -> None:
    at_value = Mistake("NULL_NOT_ALLOWED", "/lines/0/amount", found="null").as_dict()
    assert (at_value["pointer"], "line" in at_value) == ("/lines/0/amount", False)
    assert Mistake("NOT_ONE_OF_TWO").as_dict()["pointer"] == ""
    in_body = Mistake("NOT_JSON", line=3, column=7).as_dict()
    assert (in_body["line"], in_body["column"], "pointer" in in_body) == (3, 7, False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 100, '"' + "a" * 60 + '..."'),
        ('"', '"\\""'),
        (None, "null"),
        (True, "true"),
        (10**300, "1" + "0" * 59),
        ({"a": 1}, "{...}"),
        ({}, "{}"),
        ([1, 2], "[... 2]"),
        ([], "[]"),
        ("11010519491231002X", '"110105********002X"'),
        (11010519491231002, "11010519491231002"),
    ],
)
def test_what_was_sent_is_shown_shortly(value: object, text: str) -> None:
    assert shown(value) == text
    assert shown("11010519491231002X ", private=True) == '"110*****X "'


def test_every_code_is_documented_used_and_of_one_kind() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "python -m tests.wire.api_page"
    own = tomllib.loads((ROOT / "catalogs" / "messages" / "wire.toml").read_text(encoding="utf-8"))
    assert set(own) <= set(codes())
    assert set(STATUS) <= set(texts())
    for code in codes():
        assert {"help_en", "help_zh"} <= texts()[code].keys(), code


def test_every_problem_can_be_said() -> None:
    fields: dict[str, Any] = {"largest": 1, "name": "x", "seconds": 1, "role": "x", "roles": "x"}
    for code in STATUS:
        assert orjson.loads(Problem(code, fields=fields).body())["status"] == STATUS[code]
