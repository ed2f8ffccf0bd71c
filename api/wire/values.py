"""Scalar values on the wire: their types for the models, and how they are read into and written from integers.

Numbers with decimals are strings, so that no client's float touches money; digits are ASCII, without leading zeros,
signs or separators. The types say the whole syntax, so a value that fits its type is read without another check.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

AMOUNT_DECIMALS, QUANTITY_DECIMALS, PRICE_DECIMALS = 2, 4, 6
WHOLE_DIGITS = 9
"""Digits before the point: below one billion yuan, or units."""

LONGEST_ID = 64
LARGEST_COUNT = 1_000_000_000

REMEMBERED = 1 << 14
"""Texts and values of which the other is remembered: amounts, prices and days recur in a claim and between claims."""

_EPOCH = datetime.date(1970, 1, 1).toordinal()


def _exists(text: str) -> str:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("no_such_day", "there is no such day") from None
    return text


@dataclass(frozen=True, slots=True)
class Form:
    """How strings of one type are written, and the code of the mistake when one is not."""

    pattern: str
    longest: int
    example: str
    code: str
    decimals: int = 0

    def matches(self, text: str) -> bool:
        """Say whether a text is written so."""
        return len(text) <= self.longest and re.fullmatch(self.pattern, text, re.ASCII) is not None

    @property
    def declared(self) -> Any:
        """The form as the models declare it."""
        return Field(pattern=self.pattern, max_length=self.longest, examples=[self.example])


def _decimal_form(decimals: int, example: str, signed: bool = True) -> Form:
    sign = "-?" if signed else ""
    pattern = rf"^{sign}(0|[1-9][0-9]{{0,{WHOLE_DIGITS - 1}}})(\.[0-9]{{1,{decimals}}})?$"
    longest = len(sign) // 2 + WHOLE_DIGITS + 1 + decimals
    return Form(pattern, longest, example, "DECIMAL_NOT_READ", decimals)


ID_FORM = Form(rf"^[0-9A-Za-z_.:/-]{{1,{LONGEST_ID}}}$", LONGEST_ID, "20230506-000017", "ID_NOT_READ")
WORD_FORM = Form(rf"^[0-9A-Za-z_.:/+*()（）一-鿿-]{{1,{LONGEST_ID}}}$", LONGEST_ID, "inpatient", "WORD_NOT_READ")
AMOUNT_FORM = _decimal_form(AMOUNT_DECIMALS, "1234.50")
QUANTITY_FORM = _decimal_form(QUANTITY_DECIMALS, "1.5")
PRICE_FORM = _decimal_form(PRICE_DECIMALS, "823.000000", signed=False)
DAY_FORM = Form(
    r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", len("2023-05-06"), "2023-05-06", "DAY_NOT_READ"
)
MONTH_FORM = Form(r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", len("2023-05"), "2023-05", "MONTH_NOT_READ")
NAME_FORM = Form(rf"^[0-9A-Za-z_.:-]{{1,{LONGEST_ID}}}$", LONGEST_ID, "2023-05", "NAME_NOT_READ")
FORMS = {
    form.pattern: form
    for form in (ID_FORM, WORD_FORM, AMOUNT_FORM, QUANTITY_FORM, PRICE_FORM, DAY_FORM, MONTH_FORM, NAME_FORM)
}

ID = re.compile(ID_FORM.pattern, re.ASCII)

Identifier = Annotated[str, ID_FORM.declared]
"""An id that can only be meant as it is written: ASCII letters, digits and _ . : / -"""

Word = Annotated[str, WORD_FORM.declared]
"""A word of the plan language, a code of the national interface or a Chinese word for it."""

Amount = Annotated[str, AMOUNT_FORM.declared]
Quantity = Annotated[str, QUANTITY_FORM.declared]
Price = Annotated[str, PRICE_FORM.declared]
Day = Annotated[str, DAY_FORM.declared, AfterValidator(_exists)]
Month = Annotated[str, MONTH_FORM.declared]

Name = Annotated[str, NAME_FORM.declared]
"""A name that the agency gives: it stands in addresses and before the slash of message ids."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT, examples=[7], json_schema_extra={"format": "int32"})]


@lru_cache(maxsize=REMEMBERED)
def units(text: str, decimals: int) -> int:
    """Read an Amount, Quantity or Price as a whole number of its last decimal: units("12.5", 2) is 1250."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


@lru_cache(maxsize=REMEMBERED)
def decimal(number: int, decimals: int) -> str:
    """Write a whole number of the last decimal with all its decimals: decimal(1250, 2) is "12.50"."""
    digits = str(abs(number)).rjust(decimals + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


@lru_cache(maxsize=REMEMBERED)
def day(text: str) -> int:
    """Read a Day as days since 1970-01-01."""
    return datetime.date.fromisoformat(text).toordinal() - _EPOCH


def date(days: int) -> str:
    """Write days since 1970-01-01 as a Day."""
    return datetime.date.fromordinal(days + _EPOCH).isoformat()
