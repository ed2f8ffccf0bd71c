"""Days and moments of the ledger: Asia/Shanghai, which has had no summer time since 1991."""

from __future__ import annotations

import datetime

from api.failures import CannotRunError

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8), "Asia/Shanghai")
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_OFFSET_MS, DAY_MS = 8 * 3_600_000, 86_400_000


def book_day(moment_ms: int) -> int:
    """Give the day a moment falls on in Shanghai, in days since 1970-01-01."""
    return (moment_ms + _OFFSET_MS) // DAY_MS


def day_start(day: str) -> int:
    """Give the moment at which a day (YYYY-MM-DD) begins in Shanghai. Raises CannotRunError for what is no day."""
    try:
        return (datetime.date.fromisoformat(day).toordinal() - _EPOCH) * DAY_MS - _OFFSET_MS
    except ValueError:
        raise CannotRunError("NO_SUCH_DAY", day=day) from None


def year_of(day: int) -> int:
    """Give the year of a day."""
    return datetime.date.fromordinal(day + _EPOCH).year


def day_text(day: int) -> str:
    """Write days since 1970-01-01 as YYYY-MM-DD."""
    return datetime.date.fromordinal(day + _EPOCH).isoformat()


def moment_text(moment_ms: int) -> str:
    """Write a moment with its milliseconds and its offset."""
    return datetime.datetime.fromtimestamp(moment_ms / 1000, SHANGHAI).isoformat(timespec="milliseconds")
