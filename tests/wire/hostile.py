"""Bodies that have broken parsers, services and ledgers elsewhere, as bytes: none of them is a good request."""

from __future__ import annotations

import json
from typing import Any

from tests.wire.bodies import claim, line

NOT_JSON = [
    b"", b" ", b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\x00",
    b"PK\x03\x04", b"<claim/>", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"visit_id=1&person_id=2", b"--x\r\n", b"GET / HTTP/1.1\r\n\r\n", b"null\x00", b"{", b"}", b"[", b"]", b",", b":",
    b'"', b"'", b"\\", b"//", b"/**/{}", b"# {}", b"{}{}", b"{},", b"{} null", b"[1 2]", b"[1,]", b"[,1]", b"[,]",
    b"{,}", b'{"a"}', b'{"a":}', b'{:1}', b'{a:1}', b"{'a':1}", b'{"a":1,}', b'{"a":1 "b":2}', b'{"a":1;"b":2}',
    b'{"a"=1}', b'{"a":1', b'{"a":"', b'{"a":"\\', b'{"a":"\\u', b'{"a":"\\u00', b'{"a":"\\x41"}', b'{"a":"\n"}',
    b'{"a":"\t"}', b'{"a":"\x00"}', b'{"a":"\x1f"}', b'{"a":tru}', b'{"a":True}', b'{"a":None}', b'{"a":undefined}',
    b'{"a":NaN}', b'{"a":nan}', b'{"a":-NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":+Infinity}',
    b'{"a":inf}', b'{"a":+1}', b'{"a":01}', b'{"a":-01}', b'{"a":.5}', b'{"a":5.}', b'{"a":1e}', b'{"a":1e+}',
    b'{"a":0x10}', b'{"a":1_000}', b'{"a":1,000}', b'{"a":--1}', b'{"a":-}', b'{"a":1.2.3}', b'{"a":\xd9\xa1}',
    b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf5\x80\x80\x80"}', b'{"a":"\xe4\xb8"}',
    b'{"\xff":1}', b'{"a":"\\ud800"}', b'{"a":"\\udc00"}', b'{"a":"\\ud800\\ud800"}', b'{"a":"\\udc00\\ud800"}',
    b'{"\\ud800":1}', b'{"a":"\\ud800x"}', b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"":1,"":2}',
    b'{"a":{"b":1,"b":2}}', b'[{"a":1,"a":1}]', b"[" * 10, b"[" * 300, b"[" * 100_000, b'{"a":' * 300,
    b'{"a":' * 100_000, b"[" * 500_000 + b"]" * 500_000, b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":' + b"9" * 100_000 + b"}", b'{"a":-' + b"9" * 100_000 + b"}", b" " * 1_000_000, b"\x00" * 1000,
    b"{" + b" " * 1_048_577 + b"}", b'"' + b"\\u0000" * 170_000, b'{"a":"' + b"a" * 1_100_000 + b'"}',
]  # fmt: skip
"""What no JSON parser should take, and what is too large."""

NOT_CLAIMS = [
    b"null", b"true", b"false", b"0", b"-0", b"1e400", b'""', b'"{}"', b"[]", b"[[]]", b"[{}]", b"{}", b'{"":""}',
    b'{"a":1}', b'{"\\u0000":1}', b'{"__proto__":{}}', b'{"constructor":{"prototype":{}}}', b'{"__class__":"x"}',
    b'{"$ref":"#"}', b'{"$where":"1"}', b'{"lines":{"length":1}}', b'{"lines":[[]]}', b'{"lines":[null]}',
    b'{"lines":[0]}', b'{"lines":"[]"}', b'{"lines":[{}]}', b'{"lines":[{"amount":[]}]}',
    b'{"a":' + b"9" * 4000 + b"}", b'{"days":' + b"9" * 4000 + b"}", b'{"' + b"a" * 1_000_000 + b'":1}',
    b"[" + b"0," * 400_000 + b"0]", b"{" + b",".join(b'"%d":0' % i for i in range(90_000)) + b"}",
    b'{"lines":[' + b",".join([b"{" + b",".join(b'"%d":0' % i for i in range(100)) + b"}"] * 300) + b"]}",
    b'{"words":{' + b",".join(b'"w%d":0' % i for i in range(4_000)) + b"}}",
]  # fmt: skip
"""JSON that is not of the shape of a claim."""

WRONG_AMOUNTS: list[Any] = [
    None, True, False, 0, 1, -1, 12.5, 1e2, [], {}, [1], "", " ", "0x10", "1e2", "1E2", "1e-2", "NaN", "nan", "inf",
    "Infinity", "-Infinity", "+1", "-", ".", "-.", ".5", "5.", "00", "01", "-01", "012.50", "1,234.50", "1 234",
    "1_000", " 1", "1 ", "1\n", "\t1", "１２", "١٢", "१२", "12.345", "0.001", "1.2.3", "--1", "1-", "(1)", "¥1",
    "1元", "一百", "1000000000", "9999999999.99", "99999999999999999999", "1" * 100, "-1000000000",
    "1.00000000000000000001", "٫5", "1٫5", "1'000", "½", "²", "Ⅳ", "0b1", "0o7", "true", "null", "None", "12.5 ",
    "12.50\u0000", "\u200b12", "12\u200d", "\ufeff1", "1\u00a0", "−1", "1.5f",
]  # fmt: skip
"""None is an amount of money."""

WRONG_IDS: list[Any] = [
    None, 0, 1, 1.5, True, [], {}, "", " ", "a b", "a\n", "\na", "a\u0000", "a\u0000b", "\u0000", "a\u202eb", "中文",
    "ａ", "é", "a'", 'a"', "a;DROP TABLE journal", "' OR '1'='1", "a\\b", "a%00", "%s%s%n", "${7*7}", "{{7*7}}",
    "<script>alert(1)</script>", "a\u2028b", "a" * 65, "a" * 100_000, "\u200b", "\ufeffa", "=1+1", "@x", "#",
    "A#2023", "a|b", "a&b", "a?b", "a*b", "a,b", "🙂", "a\u0301", "~", "`id`", "$(id)", "!x", "^", "a\tb", "a\rb",
]  # fmt: skip
"""None is an id."""

WRONG_DAYS: list[Any] = [
    None, 0, 20230501, 45047, 1.5, True, [], "", "2023-02-30", "2023-02-29", "2023-13-01", "2023-00-10", "2023-01-00",
    "2023-01-32", "1899-12-31", "2200-01-01", "20230501", "2023/05/01", "2023.5.1", "2023-5-1", "01-05-2023",
    "2023-05-01T00:00:00", "2023-05-01 ", " 2023-05-01", "2023年5月1日", "２０２３-05-01", "2023-W18-1", "2023-121",
    "today", "-2023-05-01", "2023-05-01Z", "0000-00-00", "9999-12-31", "2023-05-01\n",
]  # fmt: skip
"""None is a day."""

WRONG_COUNTS: list[Any] = [
    None, True, False, -1, 1.0, 1.5, 1e3, "1", "", [], {}, 1_000_000_001, 2**31, 2**63, 2**64, 10**40,
]  # fmt: skip
WRONG_WORDS: list[Any] = [
    None, 0, True, [], {}, "", " ", "a b", "a\n", "a\u0000", "<a>", "a'b", "a;b", "a" * 65, "住院 ", "🙂", "\u202e",
    "a&b",
]  # fmt: skip
WRONG_FLAGS: list[Any] = [
    None, 0, 1, 2, "1", "true", "yes", "是", "", [], {},
]  # fmt: skip

OTHER_NAMES = [
    "plan", "age", "class", "facility_code", "TOTAL", "Visit_id", "mdtrt_id", "x" * 1000, "upfront_rate", "cnt",
    "pric", "amount_fen", "", "/", "~", "\u0000", "0",
]  # fmt: skip
"""None is a field."""


def with_null(said: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return said | {name: value}


CLAIMS: list[dict[str, Any]] = [
    *(with_null(claim(), "total", value) for value in WRONG_AMOUNTS),
    *(claim(lines=[{"line_id": "1", "item_code": "X", "amount": value}]) for value in WRONG_AMOUNTS),
    *(claim(lines=[{"line_id": "1", "item_code": "X", "amount": "112.50", "quantity": v}]) for v in WRONG_AMOUNTS[:20]),
    *(with_null(claim(), "person_id", value) for value in WRONG_IDS),
    *(with_null(claim(), "message_id", value) for value in WRONG_IDS),
    *(with_null(claim(), "admission", value) for value in WRONG_DAYS),
    *(with_null(claim(), "days", value) for value in WRONG_COUNTS),
    *(with_null(claim(), "visit", value) for value in WRONG_WORDS),
    *(with_null(claim(), "disease", value) for value in WRONG_WORDS),
    *(claim(lines=[{"line_id": "1", "item_code": "X", "amount": "112.50", "confirmed": v}]) for v in WRONG_FLAGS),
    *(claim(words=value) for value in ([], "", 0, {"a": 1}, {"A": "x"}, {"": "x"}, {"a b": "x"}, {"a": {}})),
    *(claim(amounts=value) for value in ([], "", {"a": 1}, {"a": "1e2"}, {"a": None}, {"中": "1"})),
    claim(words={f"w{i}": "x" for i in range(51)}),
    claim(lines=[]),
    claim(lines=[{"line_id": str(i), "item_code": "X", "amount": "0.5"} for i in range(301)], total="150.5"),
    claim(lines=None),
    claim(total="112.51"),
    claim(total="-112.50"),
    claim(discharge="2023-04-30"),
    *(
        claim(**{name: "x"})
        for name in ("plan", "age", "class", "facility_code", "TOTAL", "Visit_id", "mdtrt_id", "x" * 1000)
    ),
    *(line(**{name: "1"}) for name in OTHER_NAMES),
    line(quantity="2", price="6"),
    line(quantity="-2", price="5"),
    line(quantity="-2"),
    line(price="-1"),
    line(quantity="0.00001"),
    line(price="0.0000001"),
    claim(lines=[{"line_id": "1", "item_code": "X", "amount": "56.25"}] * 2),
]

OTHER_ENCODINGS: list[bytes] = [
    json.dumps(claim(disease="高血病"), ensure_ascii=False).encode(encoding)
    for encoding in ("gb18030", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "big5", "euc_jp")
] + [
    json.dumps(claim(), ensure_ascii=False).encode(encoding)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "cp037")
]
"""A claim that would be fine in UTF-8."""

GOOD = json.dumps(claim()).encode()
CUT_OFF: list[bytes] = [GOOD[: len(GOOD) * part // 24] for part in range(24)]
AROUND: list[bytes] = [
    *(mark + GOOD for mark in (b"\x00", b"\x0b", b"\x0c", b"\xc2\xa0", b"\xe2\x80\x8b", b")]}',\n", b"x=", b"[")),
    *(GOOD + mark for mark in (b"\x00", b"\x1a", b",", b"}", b"x", b"{}", b"\n\n1", b"//", b"\xc2\xa0")),
    *(GOOD.replace(b'"visit_id"', name + b': 1, "visit_id"', 1) for name in (b'"visit_id"', b'"total"', b'"lines"')),
    GOOD.replace(b'"visit_id"', b'"visit\\u005fid": "V9", "visit_id"', 1),
    GOOD.replace(b'"line_id"', b'"line_id": "0", "line_id"', 1),
]
"""A good claim with something before it, after it, or twice in it."""

REVERSALS: list[dict[str, Any]] = [
    *({"message_id": "X1", "settlement_id": value} for value in WRONG_IDS),
    *({"message_id": value, "settlement_id": "x"} for value in WRONG_IDS),
    *({"message_id": "X1", "original_message_id": value} for value in WRONG_IDS),
    *({"message_id": "X1", "settlement_id": "x", "reason": value} for value in (*WRONG_WORDS, "because", "MISTAKE")),
    {"message_id": "X1"},
    {"message_id": "X1", "settlement_id": "x", "original_message_id": "M1"},
    {"message_id": "X1", "original_message_id": "X1"},
    {"message_id": "X1", "settlement_id": "x", "cascade": True},
]
SPAN = {"scheme": "310", "clearing": "11", "first": "2023-05-08", "last": "2023-05-08", "institution": "H11000000001"}
SUMS = {"total": "0", "fund": "0", "account": "0", "count": 0}
TOTALS: list[dict[str, Any]] = [
    *({**SPAN, **SUMS, name: value} for name in ("total", "fund", "account") for value in WRONG_AMOUNTS),
    *({**SPAN, **SUMS, name: value} for name in ("first", "last") for value in WRONG_DAYS),
    *({**SPAN, **SUMS, "count": value} for value in WRONG_COUNTS),
    {**SPAN, **SUMS, "first": "2023-05-09"},
]
ROW = {"settlement_id": "s", "visit_id": "v", "refund": False, "total": "1", "fund": "1", "account": "0"}
DETAILS: list[dict[str, Any]] = [
    *({**SPAN, "rows": [{**ROW, name: value}]} for name in ("total", "fund", "account") for value in WRONG_AMOUNTS),
    *({**SPAN, "rows": [{**ROW, "settlement_id": value}]} for value in WRONG_IDS),
    *({**SPAN, "rows": [{**ROW, "refund": value}]} for value in WRONG_FLAGS),
    *({**SPAN, "rows": value} for value in (None, 1, "", {}, [None], [1], [[]], [ROW] * 5_000)),
]


WRONG_NAMES: list[Any] = [*WRONG_IDS, "a/b", "/", "../x"]
PERIODS: list[Any] = [
    *({"period": value} for value in WRONG_DAYS),
    *({"period": value} for value in ("2023", "2023-13", "2023-5", "2023-05-01", "2200-01", "202305", "2023-05\n")),
    {"period": "2099-01"},
    {"period": "2023-04", "force": True},
]
CREDIT = {"person_id": "P1", "plan": "cn.beijing.employees.2023", "amount": "1.00"}
DEPOSITS: list[Any] = [
    *({"name": value, "deposits": [CREDIT]} for value in WRONG_NAMES),
    *({"name": "x", "deposits": [CREDIT | {"amount": value}]} for value in WRONG_AMOUNTS),
    *({"name": "x", "deposits": [CREDIT | {"person_id": value}]} for value in WRONG_IDS),
    *({"name": "x", "deposits": [CREDIT | {"plan": value}]} for value in (*WRONG_WORDS, "no.such.plan")),
    *({"name": "x", "deposits": value} for value in (None, 1, "", {}, [], [None], [[]], [CREDIT] * 2, [CREDIT] * 301)),
    {"name": "x", "deposits": [CREDIT]},
]
COUNTED = {"plan": "cn.beijing.employees.2023", "counter": "account", "period": 0, "value": 1}
OPENINGS: list[Any] = [
    *({"name": value, "openings": [{"holder": "P1", "counters": [COUNTED]}]} for value in WRONG_NAMES),
    *({"name": "x", "openings": [{"holder": value, "counters": [COUNTED]}]} for value in (*WRONG_IDS, "audit", "P1")),
    *(
        {"name": "x", "openings": [{"holder": "household:F1", "counters": [COUNTED | {name: value}]}]}
        for name in ("period", "value")
        for value in WRONG_COUNTS
    ),
    *(
        {"name": "x", "openings": [{"holder": "household:F1", "counters": [COUNTED | {name: value}]}]}
        for name in ("plan", "counter", "keys")
        for value in WRONG_WORDS
    ),
    *(
        {"name": "x", "openings": [{"holder": "household:F1", "counters": value}]}
        for value in (None, {}, [], [None], [COUNTED] * 2, [COUNTED] * 101, [COUNTED | {"counter": "no_such"}])
    ),
]
READJUDICATION = {"name": "x", "year": 2023, "post": True}
READJUDICATIONS: list[Any] = [
    *(READJUDICATION | {"everyone": True, "name": value} for value in WRONG_NAMES),
    *(READJUDICATION | {"everyone": True, "year": value} for value in (*WRONG_COUNTS, 0, 1899, 2200)),
    *(READJUDICATION | {"everyone": True, "post": value} for value in WRONG_FLAGS),
    *(READJUDICATION | {"everyone": value} for value in WRONG_FLAGS),
    *(READJUDICATION | {"persons": [value]} for value in (*WRONG_IDS, "P1")),
    *(READJUDICATION | {"persons": value} for value in (None, {}, "", [], ["1"] * 301)),
    READJUDICATION,
    READJUDICATION | {"everyone": False},
    READJUDICATION | {"everyone": True, "persons": ["1"]},
]


def _bytes(said: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(body).encode() for body in said]


OTHERS: dict[str, list[bytes]] = {
    "/v1/reversals": _bytes(REVERSALS),
    "/v1/accounts": _bytes([{"person_id": value} for value in WRONG_IDS] + [{"person_id": "1", "name": "x"}]),
    "/v1/statements/totals": _bytes(TOTALS),
    "/v1/statements/details": _bytes(DETAILS),
    "/v1/periods": _bytes(PERIODS),
    "/v1/deposits": _bytes(DEPOSITS),
    "/v1/openings": _bytes(OPENINGS),
    "/v1/readjudications": _bytes(READJUDICATIONS),
}
"""What other routes than that of claims must not take, by route."""

BY_OPERATOR = {"/v1/periods", "/v1/deposits", "/v1/openings", "/v1/readjudications"}
"""Those of them that an operator asks."""

FAMILIES: dict[str, list[bytes]] = {
    "not JSON": NOT_JSON,
    "not a claim": NOT_CLAIMS,
    "wrong values": _bytes(CLAIMS),
    "other encodings": OTHER_ENCODINGS,
    "cut off": CUT_OFF,
    "something around it": AROUND,
}
BODIES: list[bytes] = [body for bodies in FAMILIES.values() for body in bodies]
"""All that the route of settlements must not take."""
