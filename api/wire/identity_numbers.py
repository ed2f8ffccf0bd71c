"""Identity numbers (公民身份号码, GB 11643): found wherever they stand, so that no log, problem or file shows one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
"""ISO 7064 MOD 11-2: the check character by the weighted sum of the first 17 digits, modulo 11."""

LENGTH = 18
AREA_DIGITS, LAST_DIGITS = 6, 4
HIDDEN = "*" * (LENGTH - AREA_DIGITS - LAST_DIGITS)

_LIKELY = re.compile(
    r"(?=([1-9]\d{5}(?:18|19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]))", re.ASCII
)
"""Area, day of birth, sequence, check character. A look-ahead: a number may stand inside a longer run of digits."""


def check_character(digits: str) -> str:
    """Give the check character of the first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]


def holds_identity_number(text: str) -> bool:
    """Say whether an identity number stands anywhere in a text, also in full-width digits."""
    return any(True for _ in _places(unicodedata.normalize("NFKC", text)))


def masked(number: str) -> str:
    """Give an identity number as it may be shown: `110101********1234`. A shorter text shows its ends only."""
    if len(number) == LENGTH:
        return number[:AREA_DIGITS] + HIDDEN + number[-LAST_DIGITS:]
    return number[:3] + "*****" + number[-2:] if len(number) > 8 else "*****" if number else ""


def without_identity_numbers(text: str) -> str:
    """Give a text with every identity number in it masked; a text without any comes back as it is."""
    if len(text) < LENGTH or not holds_identity_number(text):
        return text
    plain = unicodedata.normalize("NFKC", text)
    for place in _places(plain):
        hidden = slice(place + AREA_DIGITS, place + LENGTH - LAST_DIGITS)
        plain = plain[: hidden.start] + HIDDEN + plain[hidden.stop :]
    return plain


def _places(text: str) -> Iterator[int]:
    for found in _LIKELY.finditer(text):
        number = found[1]
        if check_character(number[:-1]) == number[-1].upper():
            yield found.start()
