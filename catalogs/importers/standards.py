"""Payment standards (医保支付标准) of negotiated and price-bid drugs: several prices, each with its specification.

13.60元(1ml:12.5mg/支)；66.82元(5ml:100mg/支)    two prices
479.00元/盒(先诺特韦片0.375g/利托那韦片0.1g,每盒30片)
*                                                agreed in confidence, not published
见备注2(...)                                     set elsewhere
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["price", "confidential", "elsewhere", "unreadable"]

_START = re.compile(r"(?:^|[；;])(?=\d[\d.]*元)")
_PRICE = re.compile(r"(\d+)(?:\.(\d{1,4}))?元(?:/(\w{1,3}))?")
_BLANK_IN_NUMBER = re.compile(r"(?<=\d)\.\s+(?=\d)|(?<=\d)\s+(?=\.\d)")
_UNIT_AT_END = re.compile(r"/([\u4e00-\u9fff]{1,2})$")
_UNIT_AT_START = re.compile(r"^每([\u4e00-\u9fff])(?=装|含|重|为|[\d(（])")


@dataclass(frozen=True, slots=True)
class Standard:
    """One payment standard. `price` is in yuan as text, with at least two decimals; `unit` what the price is for."""

    kind: Kind
    price: str
    unit: str
    specification: str
    note: str
    raw: str


def parse_standards(text: str) -> list[Standard]:
    """Split one normalised cell into its payment standards, in order. Nothing is dropped: `raw` holds every part."""
    text = _BLANK_IN_NUMBER.sub(lambda m: m[0].strip(), text.strip())
    if not text:
        return []
    starts = [match.end() for match in _START.finditer(text)]
    if not starts or starts[0] != 0:
        return [_without_price(text)]
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    return [_one(text[start:end]) for start, end in zip(starts, ends, strict=True)]


def _without_price(text: str) -> Standard:
    if text == "*":
        return Standard("confidential", "", "", "", "", text)
    kind: Kind = "elsewhere" if text.startswith("见") else "unreadable"
    head, groups = _bracket_groups(text)
    return Standard(kind, "", "", groups[0] if groups else "", head, text)


def _one(raw: str) -> Standard:
    match = _PRICE.match(raw)
    if match is None:
        return Standard("unreadable", "", "", "", "", raw)
    head, groups = _bracket_groups(raw[match.end() :])
    if head or not groups:
        return Standard("unreadable", "", "", "", "", raw)
    price = f"{match[1]}.{(match[2] or '').ljust(2, '0')}"
    specification, note = groups[0], "；".join(groups[1:])
    return Standard("price", price, match[3] or _unit(specification), specification, note, raw)


def _bracket_groups(text: str) -> tuple[str, list[str]]:
    """Give what stands before the first bracket, and the contents of the outermost brackets."""
    groups, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character == "(":
            start = index + 1 if depth == 0 else start
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if depth == 0:
                groups.append(text[start:index])
    return text.split("(", 1)[0], groups


def _unit(specification: str) -> str:
    """Give the unit a specification is for: `10mg/支` is for one 支, `每片含...` for one 片; '' when not said."""
    bare = specification
    while (shorter := re.sub(r"[(\[][^()\[\]]*[)\]]", "", bare)) != bare:
        bare = shorter
    if (match := _UNIT_AT_END.search(bare)) or (match := _UNIT_AT_START.match(specification)):
        return match[1]
    return ""
