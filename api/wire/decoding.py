"""Bytes of a request become Python values: strict JSON in UTF-8, bounded in size and depth, numbers without loss.

Nothing but `RequestError` is raised, whatever the bytes are; it names the place, what stands there, and what to do.
"""

from __future__ import annotations

import re
from typing import Any

import jiter

from api.wire.problems import Mistake, RequestError, refuse, shown

LARGEST_BODY = 1 << 20
"""Bytes of a body."""

DEEPEST = 8
"""Objects and lists inside one another, the outermost counted."""

MOST_VALUES = 5_000
"""Members and elements of all objects and lists together; the largest claim has some 2,600."""

CONTAINERS = (dict, list)

_LONGEST_SHOWN = 20
_PLACE = re.compile(r"^(.*) at line (\d+) column (\d+)$", re.DOTALL)
_REPEATED = re.compile(r'^Detected duplicate key "(.*)"$', re.DOTALL)
_NOT_FINITE = re.compile(rb"-?(?:NaN|Infinity|nan|inf)")
_NUMBER = re.compile(rb"[+-]?[0-9.][0-9.eE+-]*")

MEANINGS = {
    "EOF while parsing": "JSON_BROKEN_OFF",
    "Detected duplicate key": "KEY_TWICE",
    "recursion limit": "NESTED_TOO_DEEP",
    "lone leading surrogate": "ESCAPE_NOT_READ",
    "hex escape": "ESCAPE_NOT_READ",
    "invalid escape": "ESCAPE_NOT_READ",
    "control character": "CONTROL_CHARACTER",
    "trailing comma": "COMMA_TOO_MANY",
    "trailing characters": "MORE_THAN_ONE_VALUE",
    "key must be a string": "KEY_NOT_QUOTED",
    "number": "NUMBER_NOT_JSON",
}
"""What the parser says -> code, the first that fits; anything else is NOT_JSON."""


def decode(body: bytes) -> object:
    """Read one JSON value. Raises RequestError.

    Keys are unique in each object; NaN and infinities, lone surrogates and other encodings than UTF-8 are refused.
    Whole numbers become int; any other number `jiter.LosslessFloat`, which keeps its digits, so that no float arises.
    """
    if len(body) > LARGEST_BODY:
        raise refuse("BODY_TOO_LARGE", found=len(body), largest=LARGEST_BODY)
    try:
        value = jiter.from_json(
            body, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True, float_mode="lossless-float"
        )
    except ValueError as error:
        raise _unread(body, str(error)) from None
    _check_shape(value)
    return value


def _check_shape(value: object) -> None:
    """Refuse a value that is nested too deep, or holds too many values to tell the mistakes of each."""
    level: list[Any] = [value] if type(value) in CONTAINERS else []
    count = 0
    for _ in range(DEEPEST):
        count += sum(map(len, level))
        if count > MOST_VALUES:
            raise refuse("BODY_NOT_READ", [Mistake("TOO_MANY_VALUES", expected=f"<= {MOST_VALUES}")])
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) in CONTAINERS
        ]
        if not level:
            return
    raise refuse("BODY_NOT_READ", [Mistake("NESTED_TOO_DEEP", _deep_place(value), expected=f"<= {DEEPEST}")])


def _deep_place(value: Any) -> str:
    """Give the pointer of the first value that lies too deep."""
    waiting = [("", value, 1)]
    while True:
        pointer, parent, depth = waiting.pop()
        if depth > DEEPEST:
            return pointer
        named = parent.items() if type(parent) is dict else enumerate(parent)
        below = [(pointer_to(pointer, key), child, depth + 1) for key, child in named if type(child) in CONTAINERS]
        waiting += reversed(below)


def pointer_to(parent: str, key: str | int) -> str:
    """Give the JSON pointer of a member or an element."""
    return f"{parent}/{str(key)[:100].replace('~', '~0').replace('/', '~1')}"


def _unread(body: bytes, said: str) -> RequestError:
    """Make the error for a body that is no JSON, from what the parser said."""
    encoding, at = _other_encoding(body)
    if encoding:
        line, column = _counted(body, at)
        found = "" if encoding in ("UTF-16", "UTF-32") else shown_bytes(body[at : at + 4])
        mistake = Mistake("BODY_NOT_UTF8", "", line, column, found, "UTF-8", {"encoding": encoding})
        return refuse("BODY_NOT_READ", [mistake])
    if not body.strip(b" \t\r\n"):
        return refuse("BODY_NOT_READ", [Mistake("BODY_EMPTY", expected="{...}")])
    placed = _PLACE.match(said)
    meaning = placed[1] if placed else said
    at = _offset(body, int(placed[2]), int(placed[3])) if placed else 0
    code = next((code for fragment, code in MEANINGS.items() if fragment in meaning), "NOT_JSON")
    if code == "NUMBER_NOT_JSON" and body[at - 1 : at] == b"-":
        at -= 1
    if code in ("NUMBER_NOT_JSON", "NOT_JSON") and _NOT_FINITE.match(body, at):
        code = "NUMBER_NOT_FINITE"
    if repeated := _REPEATED.match(meaning):  # the place is the end of its value: the key stands before it
        at = max(body.rfind(f'"{repeated[1]}"'.encode(), 0, at), 0) or at
    line, column = _counted(body, at)
    found = _found(body, at)
    expected = meaning.removeprefix("expected ") if meaning.startswith("expected ") else ""
    return refuse("BODY_NOT_READ", [Mistake(code, "", line, column, found, expected)])


def _other_encoding(body: bytes) -> tuple[str, int]:
    """Give the encoding a body seems to be in and the offset of what shows it, ("", 0) for UTF-8 without a mark."""
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "UTF-32"),
        (b"\x00\x00\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
        (b"\xef\xbb\xbf", "UTF-8 with a byte order mark"),
    ):
        if body.startswith(mark):
            return encoding, 0
    start = body[:4]
    if b"\x00" in start and start.strip(b"\x00"):
        return ("UTF-32" if start.count(0) == 3 else "UTF-16"), 0
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            body.decode("gb18030")
        except UnicodeDecodeError:
            return "an unknown encoding", error.start
        return "GB18030", error.start
    return "", 0


def _offset(body: bytes, line: int, column: int) -> int:
    """Give the offset of a place that the parser names: lines from 1, columns in bytes from 1."""
    start = 0
    for _ in range(line - 1):
        start = body.index(b"\n", start) + 1
    return min(start + max(column - 1, 0), len(body))


def _counted(body: bytes, at: int) -> tuple[int, int]:
    """Give the line and column, in characters from 1, of an offset."""
    start = body.rfind(b"\n", 0, at) + 1
    return body.count(b"\n", 0, at) + 1, len(body[start:at].decode("utf-8", "replace")) + 1


def _found(body: bytes, at: int) -> str:
    """Show what stands at an offset: a number as a whole, else some characters."""
    if at >= len(body):
        return ""
    number = _NUMBER.match(body, at)
    text = (number[0] if number else body[at : at + 4 * _LONGEST_SHOWN]).decode("utf-8", "replace")
    return shown(text.split("\n", 1)[0][:_LONGEST_SHOWN])


def shown_bytes(raw: bytes) -> str:
    """Give bytes as they may be shown."""
    return " ".join(f"{byte:02X}" for byte in raw)
