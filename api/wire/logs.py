"""Logs that cannot tell who is ill: only fields of a list pass, only numbers and plain ASCII words as their values.

An identity number inside a value is masked; text of an exception or of a library never passes, only its kind and place.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from api.wire.identity_numbers import without_identity_numbers

ALLOWED = frozenset(
    {
        *("event", "level", "time", "logger", "error", "where", "version"),
        *("request_id", "method", "route", "status", "code", "mistakes", "milliseconds", "bytes"),
        *("key_id", "institution", "role", "message_id", "settlement_id", "journal_seq", "replayed", "group"),
        *("database", "host", "port", "count"),
    }
)
"""Fields that may be logged. None holds a name, a number of a person, a text, or an amount."""

WORD = re.compile(r"[0-9A-Za-z_.:/{}<>=-]{1,128}")
"""Values that may be logged, beside numbers."""

Event = MutableMapping[str, Any]


def withhold(_logger: object, _method: str, event: Event) -> Event:
    """Keep what may be logged; `withheld` counts what was taken away."""
    passed = {key: _allowed(value) for key, value in event.items() if key in ALLOWED}
    kept: Event = {key: value for key, value in passed.items() if value is not None}
    if withheld := len(event) - len(kept):
        kept["withheld"] = withheld
    return kept


def _allowed(value: object) -> object:
    if isinstance(value, bool | float):
        return value
    if not isinstance(value, str | int):
        return None
    text = str(value)
    if not WORD.fullmatch(text):
        return None
    shown = without_identity_numbers(text)
    return value if shown == text else shown


def describe_exception(_logger: object, _method: str, event: Event) -> Event:
    """Put the kind and the place of an exception for the exception."""
    raised = event.pop("exc_info", None)
    if isinstance(raised, BaseException):
        event["error"] = type(raised).__name__
        event["where"] = place_of(raised.__traceback__)
    return event


def place_of(trace: TracebackType | None) -> str:
    """Give `file:line` of the innermost frame, without the folders."""
    frames = traceback.extract_tb(trace)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


def logger_to(stream: BinaryIO, level: int = logging.INFO) -> FilteringBoundLogger:
    """Make a logger that writes one JSON object a line."""
    made: FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            describe_exception,
            withhold,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return made


class LibraryLogs(logging.Handler):
    """Takes what libraries log: that they did, where, and the kind of an exception; never their text."""

    def __init__(self, log: FilteringBoundLogger, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        raised = record.exc_info[1] if record.exc_info else None
        place = f"{record.filename}:{record.lineno}"
        if raised is None:
            self._log.log(record.levelno, "library", logger=record.name, where=place)
        else:
            self._log.log(record.levelno, "library", logger=record.name, exc_info=raised)
