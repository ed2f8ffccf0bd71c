"""Cells of text become values: whole columns at once, distinct values or odd ones singly.

Every reader gives the values and, for each row, a `Fault`; a faulty or empty cell has the value MISSING (-1 for codes).
"""

from __future__ import annotations

import datetime
import decimal
import re
import unicodedata
from collections.abc import Callable
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adjudicator.batch import LARGEST_FEN
from adjudicator.columns import MISSING, Int64, UInt8
from api.files.arrow import as_text, is_exact_number, is_moment
from api.files.codes import CLOSED, word_of
from api.files.stream import CUT, REPLACED


class Fault(IntEnum):
    """What is wrong with a cell; the name is the code of its message."""

    NONE = 0
    NOT_A_NUMBER = 1
    NUMBER_TOO_LARGE = 2
    TOO_MANY_DECIMALS = 3
    NUMBER_ROUNDED = 4  # 1.2E+05
    DATE_NOT_READ = 5
    DATE_IMPOSSIBLE = 6
    DATE_OUT_OF_RANGE = 7
    ID_ROUNDED = 8  # 4.4E+17
    ID_UNREADABLE = 9  # control characters, bytes that are no text
    ID_TOO_LONG = 10
    CELL_TOO_LARGE = 11
    WORD_NOT_KNOWN = 12
    MARKS_NOT_READ = 13
    NEGATIVE_NUMBER = 14
    CELL_IS_ERROR = 15  # #N/A


DECIMALS = {"money": 2, "quantity": 4, "price": 6, "rate": 6, "number": 0}
"""Decimals kept of each kind of number."""

LARGEST = {
    "money": LARGEST_FEN,
    "quantity": 10**13,  # one billion
    "price": 10**15,  # one billion yuan
    "rate": 10**6,
    "number": 10**9,
}
"""No value may exceed it, in units of the last decimal kept."""

UNSIGNED = ("rate", "number")
"""Kinds of numbers that are never negative."""

LONGEST_ID = 64
ORDINARY_ID = r"^[0-9A-Za-z_.:/-]{1,64}$"
"""Identifiers that can only be meant as they are written."""

_ORDINARY_BYTES = np.array([re.match(ORDINARY_ID, chr(byte)) is not None for byte in range(256)])

EARLIEST, LATEST = datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_SCIENTIFIC = re.compile(r"[+-]?(\d)(?:[.,](\d*))?[eE]\+(\d{1,3})")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_TIME = re.compile(r"(\d{1,2})\s*[:时]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})(?:\.\d+)?)?\s*[分秒]?\s*Z?")
_CURRENCY = re.compile(r"([+-]?)\s*¥?\s*(.*?)\s*元?")
_GROUPED = re.compile(r"([+-]?)\s*(\d{1,3}(?:[, ]\d{3})+(?:\.\d*)?)")
_ERROR = re.compile(r"#[A-Z][A-Z0-9/_]*[!?]?|#+|Err:\d{3}")
"""What a spreadsheet shows where a formula fails, or where a column is too narrow for its number."""
_TEXT_MARKS = re.compile(r'^="?(.*?)"?$')


def trimmed(array: pa.StringArray) -> pa.StringArray:
    """Give the cells without the spaces around them; nulls become empty."""
    return pc.utf8_trim_whitespace(pc.fill_null(array, ""))


def decimals(array: pa.Array, kind: str) -> tuple[Int64, UInt8]:
    """Read numbers of one kind as int64 in units of the last decimal kept; empty is MISSING without a fault."""
    values = _exact(array, DECIMALS[kind]) if is_exact_number(array.type) else None
    values, fault = _decimal_texts(as_text(array), kind) if values is None else (values, _no_faults(array))
    largest = LARGEST[kind]
    lowest = 0 if kind in UNSIGNED else -largest
    if not len(values) or (values.min() >= lowest and values.max() <= largest):
        return values, fault
    large = ((values > largest) | (values < -largest)) & (values != MISSING)
    values[large], fault[large] = MISSING, Fault.NUMBER_TOO_LARGE
    if kind in UNSIGNED:
        negative = (values < 0) & (values != MISSING)
        values[negative], fault[negative] = MISSING, Fault.NEGATIVE_NUMBER
    return values, fault


def _exact(array: pa.Array, scale: int) -> Int64 | None:
    """Give whole numbers and decimals in units of that decimal; None where one has more decimals or does not fit."""
    try:
        if pa.types.is_integer(array.type):
            array = array.cast(pa.decimal128(18, 0))
        numbers = array.cast(pa.decimal128(18, scale))
    except pa.ArrowInvalid:
        return None
    return _units(numbers)


def _units(numbers: pa.Decimal128Array) -> Int64:
    """Give decimals of at most 18 digits in units of their last one; null is MISSING."""
    low = np.frombuffer(numbers.buffers()[1], np.int64)[2 * numbers.offset :: 2][: len(numbers)]
    return np.where(_mask(numbers.is_null()), MISSING, low) if numbers.null_count else low.copy()


def _no_faults(array: pa.Array) -> UInt8:
    return np.zeros(len(array), np.uint8)


def _decimal_texts(array: pa.StringArray, kind: str) -> tuple[Int64, UInt8]:
    array, scale = pc.fill_null(array, ""), DECIMALS[kind]
    fraction = rf"(\.[0-9]{{1,{scale}}}0*)?" if scale else r"(\.0+)?"
    ordinary = pc.match_substring_regex(array, rf"^-?[0-9]{{1,12}}{fraction}$")
    if kind == "rate":
        ordinary = pc.and_(ordinary, pc.starts_with(array, "0"))
    numbers = pc.cast(pc.if_else(ordinary, array, pa.scalar(None, pa.string())), pa.decimal128(12 + scale, scale))
    values, fault = _units(numbers), _no_faults(array)
    odd = np.flatnonzero(~_mask(ordinary))
    if len(odd):
        found = _distinct(array.take(pa.array(odd)), lambda text: _decimal(text, kind))
        values[odd], fault[odd] = found[:, 0], found[:, 1]
    return values, fault


def _decimal(text: str, kind: str) -> tuple[int, int]:
    """Read one odd number: separators, currency signs, full-width digits, per cent, the noise of binary fractions."""
    scale = DECIMALS[kind]
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return MISSING, Fault.NONE
    if _ERROR.fullmatch(plain):
        return MISSING, Fault.CELL_IS_ERROR
    plain = _bare(plain)
    if is_rounded(plain):
        return MISSING, Fault.NUMBER_ROUNDED
    percent = kind == "rate" and plain.endswith("%")
    try:
        number = decimal.Decimal(plain.removesuffix("%").rstrip() if percent else plain)
    except decimal.InvalidOperation:
        return MISSING, Fault.NOT_A_NUMBER
    if not number.is_finite() or "_" in plain:
        return MISSING, Fault.NOT_A_NUMBER
    if number.adjusted() > 15:
        return MISSING, Fault.NUMBER_TOO_LARGE
    if len(number.as_tuple().digits) > 15:  # a binary fraction written out: 12.340000000000002
        number = decimal.Context(prec=15).plus(number)
    shift = scale - 2 if percent else scale
    whole = number.scaleb(shift)
    units = int(whole)
    if units != whole:
        return MISSING, Fault.TOO_MANY_DECIMALS
    return units, Fault.NONE


def _bare(text: str) -> str:
    """Take the signs of yuan off a number, write (5.00) as -5.00, and join what separators divide into groups of three.

    A comma anywhere else stays, so that the number is refused: 13500,00 may be meant as 13500.00.
    """
    money = _CURRENCY.fullmatch(text)
    sign, plain = money.groups() if money else ("", text)
    if plain.startswith("(") and plain.endswith(")"):
        sign, plain = sign + "-", _CURRENCY.sub(r"\1\2", plain[1:-1].strip(), count=1)
    grouped = _GROUPED.fullmatch(sign + plain)
    return grouped[1] + grouped[2].replace(",", "").replace(" ", "") if grouped else sign + plain


def moments(array: pa.Array, serials: bool = False) -> tuple[Int64, UInt8]:
    """Read dates with or without a time of day as seconds since 1970-01-01 00:00; empty is MISSING without a fault.

    Reads 2023-02-28, 2023/2/28, 2023.2.28, 20230228, 2023年2月28日, each perhaps followed by a time; with `serials`
    also the day numbers of a spreadsheet.
    """
    if is_moment(array.type):
        seconds, fault = _seconds(array), _no_faults(array)
    else:
        seconds, fault = _moment_texts(pc.fill_null(as_text(array), ""), serials)
    first, last = ((d.toordinal() - _EPOCH) * 86400 for d in (EARLIEST, LATEST))
    if not len(seconds) or (seconds.min() >= first and seconds.max() <= last + 86399):
        return seconds, fault
    seconds = seconds.copy()
    outside = ((seconds < first) | (seconds > last + 86399)) & (seconds != MISSING)
    seconds[outside], fault[outside] = MISSING, Fault.DATE_OUT_OF_RANGE
    return seconds, fault


def _seconds(moments: pa.Array) -> Int64:
    stamps = moments.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    if not stamps.null_count:
        seconds: Int64 = stamps.to_numpy()
        return seconds
    return np.where(_mask(stamps.is_null()), MISSING, _numbers(stamps))


def _moment_texts(array: pa.StringArray, serials: bool) -> tuple[Int64, UInt8]:
    given = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    for unit in ("s", "us"):  # the second for 13:05:00.000
        try:
            stamps = pc.cast(given, pa.timestamp(unit))
        except pa.ArrowInvalid:
            continue
        return _seconds(pc.floor_temporal(stamps, unit="second")), _no_faults(array)
    found = _distinct(array, lambda text: read_moment(text, serials))
    return found[:, 0].copy(), found[:, 1].astype(np.uint8)


def read_moment(text: str, serials: bool = False) -> tuple[int, int]:
    """Read one date of any accepted form: seconds, and 0 or a fault."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return MISSING, Fault.NONE
    if _ERROR.fullmatch(plain):
        return MISSING, Fault.CELL_IS_ERROR
    if serials and re.fullmatch(r"\d{5}(\.\d+)?", plain):
        day, _, part = plain.partition(".")
        ordinal = _EXCEL_EPOCH.toordinal() + int(day)
        seconds = round(float(f"0.{part or 0}") * 86400)
        return (ordinal - _EPOCH) * 86400 + seconds, Fault.NONE
    if match := _DATE.match(plain):
        year, month, day_of_month = (int(g) for g in match.groups())
        rest = plain[match.end() :].strip(" T")
        time = _TIME.fullmatch(rest) if rest else None
        if rest and time is None:
            return MISSING, Fault.DATE_NOT_READ
        hour, minute, second = (int(g or 0) for g in time.groups()) if time else (0, 0, 0)
    elif match := _COMPACT.fullmatch(plain):
        year, month, day_of_month, hour, minute, second = (int(g or 0) for g in match.groups())
    else:
        return MISSING, Fault.DATE_NOT_READ
    try:
        ordinal = datetime.date(year, month, day_of_month).toordinal()
    except ValueError:
        return MISSING, Fault.DATE_IMPOSSIBLE
    if hour > 24 or minute > 59 or second > 60:
        return MISSING, Fault.DATE_IMPOSSIBLE
    return (ordinal - _EPOCH) * 86400 + hour * 3600 + minute * 60 + second, Fault.NONE


def read_id(text: str, longest: int = LONGEST_ID) -> str | Fault:
    """Read an identifier: as written, less the spaces and the marks that make a spreadsheet keep it as text."""
    plain = text.strip().lstrip("'\u2018\u2019").strip()
    if plain.startswith("="):
        plain = _TEXT_MARKS.sub(r"\1", plain)
    if not plain:
        return ""
    if CUT in plain:
        return Fault.CELL_TOO_LARGE
    if _ERROR.fullmatch(plain):
        return Fault.CELL_IS_ERROR
    if is_rounded(plain):
        return Fault.ID_ROUNDED
    if len(plain) > longest:
        return Fault.ID_TOO_LONG
    if REPLACED in plain or not plain.isprintable():
        return Fault.ID_UNREADABLE
    return plain


def odd_ids(texts: pa.StringArray) -> Int64:
    """Give the identifiers of a column that are not ordinary, null left out. Most columns have none, which their bytes
    tell at once."""
    if _ordinary_bytes(texts):
        return np.empty(0, np.int64)
    return np.flatnonzero(~_mask(pc.fill_null(pc.match_substring_regex(texts, ORDINARY_ID), True)))


def _ordinary_bytes(texts: pa.StringArray) -> bool:
    if texts.null_count or not len(texts):
        return False
    _, ends, data = texts.buffers()
    bounds = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(bounds)
    if lengths.min() < 1 or lengths.max() > LONGEST_ID:
        return False
    return bool(_ORDINARY_BYTES.take(np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]).all())


def is_rounded(text: str) -> bool:
    """Say whether a number was written with fewer digits than it has: 4.4E+17, but not 1.234567890123e+10."""
    match = _SCIENTIFIC.fullmatch(text)
    return match is not None and len(match[1] + (match[2] or "")) <= int(match[3])


def word_reader(codes: str) -> Callable[[str], str | Fault]:
    """Give the reader of a column of words; `codes` names the table of code values, "" for none."""

    def read(text: str) -> str | Fault:
        plain = read_id(unicodedata.normalize("NFKC", text))
        if isinstance(plain, Fault) or not plain or not codes:
            return plain
        word = word_of(codes, plain)
        return Fault.WORD_NOT_KNOWN if word not in CLOSED.get(codes, {word}) else word

    return read


def _distinct(array: pa.StringArray, read: Callable[[str], tuple[int, int]]) -> Int64:
    """Read each distinct text once: [rows, 2] of value and fault."""
    encoded = array.dictionary_encode()
    found = np.array([read(text) for text in encoded.dictionary.to_pylist()], np.int64).reshape(-1, 2)
    values: Int64 = found[_numbers(encoded.indices)]
    return values


def _numbers(array: pa.Array, null: int = 0) -> NDArray[np.integer]:
    """Give the numbers of an integer array, and another where it is null."""
    if array.null_count:
        array = pc.fill_null(array.cast(pa.int64()), null)
    numbers: NDArray[np.integer] = array.to_numpy(zero_copy_only=False)
    return numbers


def _mask(array: pa.BooleanArray) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = array.to_numpy(zero_copy_only=False)
    return mask
