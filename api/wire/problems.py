"""Problem bodies (RFC 9457): a stable code, the place, what was found and expected, in English and Chinese.

The texts live in `catalogs/messages`, `wire.toml` for this room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jiter
import orjson

from adjudicator.errors import AdjudicatorError
from api.wire.identity_numbers import masked, without_identity_numbers
from catalogs.findings import Finding

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:adjudicator:problem:"

MOST_MISTAKES = 100
"""Mistakes that one body lists; it also says how many there are."""

SHOWN_CHARACTERS = 60
"""Characters shown of anything that was sent."""

STATUS: Mapping[str, int] = {
    "BODY_NOT_READ": 400,
    "BODY_TOO_LARGE": 413,
    "REQUEST_NOT_VALID": 422,
    "SIGNATURE_MISSING": 401,
    "SIGNATURE_REFUSED": 401,
    "SIGNED_OUTSIDE_WINDOW": 401,
    "NONCE_USED": 401,
    "NOT_SETTLED": 422,
    "NOT_REVERSED": 422,
    "MESSAGE_ID_REUSED": 422,
    "NOT_DONE": 503,
    "PERIOD_NOT_CLOSED": 422,
    "NOT_STARTED": 422,
    "RULES_OTHER_THAN_THEN": 422,
    "NOT_ALLOWED": 403,
    "NOT_FOUND": 404,
    "NO_SUCH_ADDRESS": 404,
    "METHOD_NOT_ALLOWED": 405,
    "BODY_TOO_SLOW": 408,
    "BODY_OF_OTHER_TYPE": 415,
    "TOO_MANY_REQUESTS": 429,
    "HEAD_NOT_READ": 400,
    "HEAD_TOO_LARGE": 431,
    "DEFECT": 500,
    "OUTCOME_UNKNOWN": 500,
    "BUSY": 503,
    "NOT_READY": 503,
    "OUTCOME_PENDING": 504,
}
"""HTTP status of each problem."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a request, at one place.

    pointer: JSON pointer (RFC 6901) of a value, "" for the document as a whole. line, column: place in the body,
    counted in characters from 1, where no value was read (0: not known). found, expected: short, in no language.
    """

    code: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    found: str = ""
    expected: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Give the mistake for a body; what is not known is left out."""
        said = {
            "code": self.code,
            "pointer": None if self.line else without_identity_numbers(self.pointer),
            "line": self.line,
            "column": self.column,
            "found": self.found,
            "expected": self.expected,
            **_texts(self.code, self.fields),
        }
        return {key: value for key, value in said.items() if value or (key == "pointer" and value is not None)}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused, as one body. `fields` fill the text of the code.

    count: mistakes found, where `mistakes` are only the first MOST_MISTAKES of them.
    """

    code: str
    mistakes: tuple[Mistake, ...] = ()
    count: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status it is answered with."""
        return STATUS[self.code]

    def as_dict(self, request_id: str = "") -> dict[str, object]:
        """Give the members of the body. request_id: names this occurrence, in the body and in the log."""
        texts = _texts(self.code, self.fields)
        body: dict[str, object] = {
            "type": TYPE_PREFIX + self.code,
            "title": texts.pop("message"),
            "status": self.status,
        }
        body |= {"title_zh": texts.pop("message_zh"), "code": self.code, **texts}
        if request_id:
            body["instance"] = f"urn:adjudicator:request:{request_id}"
        if self.mistakes:
            body["mistakes"] = max(self.count, len(self.mistakes))
            body["errors"] = [mistake.as_dict() for mistake in self.mistakes]
        return body

    def body(self, request_id: str = "") -> bytes:
        """Give the body, in UTF-8."""
        return orjson.dumps(self.as_dict(request_id))


class RequestError(AdjudicatorError):
    """A request is refused; `problem` says why. The only error that reading a request raises."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} {' '.join(sorted({mistake.code for mistake in problem.mistakes}))}".strip())
        self.problem = problem


def refuse(code: str, mistakes: Sequence[Mistake] = (), count: int = 0, **fields: object) -> RequestError:
    """Make the error that refuses a request. `count` where more mistakes were found than are given."""
    listed = tuple(mistakes[:MOST_MISTAKES])
    return RequestError(Problem(code, listed, max(count, len(mistakes)), fields))


def shown(value: object, private: bool = False) -> str:
    """Give a value that was sent as it may be shown: as JSON, short, identity numbers masked, private texts but for
    their ends."""
    match value:
        case str():
            text = masked(value) if private else without_identity_numbers(value)
            short = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
            return orjson.dumps(short).decode()
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() | jiter.LosslessFloat():
            return without_identity_numbers(str(value))[:SHOWN_CHARACTERS]
        case dict():
            return "{...}" if value else "{}"
        case list():
            return f"[... {len(value)}]" if value else "[]"
    raise AssertionError(f"JSON has no {type(value).__name__}")


def _texts(code: str, fields: Mapping[str, object]) -> dict[str, str]:
    """Give message and help in both languages; help is left out where there is none."""
    finding = Finding(code, fields=fields)
    said = {
        "message": finding.message("en"),
        "message_zh": finding.message("zh"),
        "help": finding.help("en"),
        "help_zh": finding.help("zh"),
    }
    return {key: text for key, text in said.items() if text}
