"""Reader: takes nodes apart by the grammar and types scalars, collecting findings instead of stopping.

Every `read` method gives a usable stand-in after adding a finding, so that one pass finds everything; a document with
errors is never compiled.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from catalogs.plans.document import Attribute, Source
from catalogs.plans.findings import Findings, Place
from catalogs.plans.grammar import SHAPES
from catalogs.plans.nodes import Fields, Items, Node, Text
from catalogs.plans.values import Unit

EPOCH = date(1970, 1, 1)
DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
LARGEST_AMOUNT = 100_000_000_000
"""Fen; as the kernel's largest amount of a claim."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the reader is: path for origins, and the source in force."""

    path: str = ""
    source: str | None = None

    def into(self, name: str) -> Scope:
        """Give the scope of a part."""
        return replace(self, path=f"{self.path}.{name}" if self.path else name)


@dataclass(slots=True)
class Names:
    """Names that a document declares or knows."""

    attributes: dict[str, Attribute]
    line_attributes: dict[str, Attribute]
    amounts: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    counters: dict[str, str] | None = None  # name -> unit
    items: tuple[str, ...] = ()
    complete: bool = True  # False: an overlay or a composed plan may use names of other documents


def meant(word: str, known: Iterable[str]) -> dict[str, str]:
    """Give the field `meant` of a finding about an unknown word: the nearest known one, else the first few, else ''."""
    listed = list(dict.fromkeys(known))
    near = difflib.get_close_matches(word, listed, 1, 0.6)
    return {"meant": " / ".join(near or listed[:6])}


class Reader:
    """Types scalars and mappings of one document."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.file, self.findings = file, findings
        self.sources: dict[str, Source] = {}
        self.names = Names({}, {})

    def add(self, code: str, node: Node | Place, **fields: object) -> None:
        """Add a finding at a node or place."""
        self.findings.add(code, node if isinstance(node, Place) else node.place, **fields)

    # ---- structure

    def fields(self, node: Node, shape_name: str) -> dict[str, Node]:
        """Give the entries of a mapping; unknown keys and required ones that are missing are findings."""
        shape = SHAPES[shape_name]
        if not isinstance(node, Fields):
            self.add("NOT_A_MAPPING", node, what=shape_name)
            return {}
        known = (*shape.keys, "source") if shape.sourced else shape.keys
        found: dict[str, Node] = {}
        for key, value in node.entries:
            if key.text in known:
                found[key.text] = value
            elif " " in key.text and isinstance(value, Text) and not value.text:
                self.add("COMMA_NOT_QUOTED", key, text=key.text)
            else:
                self.add("UNKNOWN_KEY", key, key=key.text, what=shape_name, **meant(key.text, known))
        for key_name in shape.required:
            if key_name not in found:
                self.add("KEY_MISSING", node, key=key_name, what=shape_name)
        return found

    def scope(self, fields: Mapping[str, Node], scope: Scope) -> Scope:
        """Give the scope inside a mapping, whose `source` key holds for everything under it."""
        if "source" not in fields:
            return scope
        return replace(scope, source=self.source_key(fields["source"]))

    def source_key(self, node: Node) -> str | None:
        """Read a key of `sources`."""
        key = self.text(node)
        if key and key not in self.sources and key not in ("own", "published"):
            self.add("UNKNOWN_SOURCE", node, key=key, **meant(key, self.sources))
        return key or None

    def entries(self, node: Node, what: str) -> tuple[tuple[Text, Node], ...]:
        """Give the entries of a mapping with free keys."""
        if isinstance(node, Fields):
            return node.entries
        self.add("NOT_A_MAPPING", node, what=what)
        return ()

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """Give the items of a list."""
        if isinstance(node, Items):
            return node.items
        self.add("NOT_A_LIST", node, what=what)
        return ()

    # ---- scalars

    def text(self, node: Node) -> str:
        """Read a non-empty scalar; '' after a finding."""
        if not isinstance(node, Text):
            self.add("NOT_A_SCALAR", node)
            return ""
        if not node.text.strip():
            self.add("EMPTY_VALUE", node)
        return node.text.strip()

    def name(self, node: Node) -> str:
        """Read a name: letters, digits, `_`, `-` and, inside, dots."""
        text = self.text(node)
        if text and not re.fullmatch(r"[^\W\d][\w-]*(\.[\w-]+)*", text):
            self.add("BAD_NAME", node, text=text)
            return ""
        return text

    def one_of(self, node: Node, known: Iterable[str]) -> str:
        """Read one of the words known; the first of them after a finding."""
        listed = tuple(known)
        text = self.text(node)
        if text in listed:
            return text
        if text:
            self.add("UNKNOWN_WORD", node, word=text, **meant(text, listed))
        return listed[0]

    def names_list(self, node: Node) -> tuple[str, ...]:
        """Read a name or a list of names."""
        if isinstance(node, Items):
            return tuple(self.name(item) for item in node.items)
        return (self.name(node),)

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(self.text(item) for item in self.items(node, what))

    def yes_no(self, node: Node) -> bool:
        """Read `yes` or `no`."""
        return self.one_of(node, ("no", "yes")) == "yes"

    def title(self, node: Node) -> dict[str, str]:
        """Read `{en, zh}`."""
        return {language: self.text(text) for language, text in self.fields(node, "title").items()}

    def date(self, node: Node) -> int:
        """Read an ISO date as days since 1970-01-01."""
        text = self.text(node)
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                raise ValueError
            return (date.fromisoformat(text) - EPOCH).days
        except ValueError:
            if text:
                self.add("BAD_DATE", node, text=text)
            return 0

    def integer(self, node: Node) -> int:
        """Read a whole number."""
        text = self.text(node)
        if not re.fullmatch(r"[+-]?\d{1,15}", text):
            if text:
                self.add("BAD_NUMBER", node, text=text)
            return 0
        return int(text)

    def number(self, node: Node, unit: Unit) -> Fraction:
        """Read a scalar number as its unit says: fen for amounts, plain ratios for rates, points and factors."""
        text = self.text(node)
        if not text:
            return Fraction(0)
        percent = text.endswith("%")
        digits = text[:-1].strip() if percent else text
        if not DECIMAL.fullmatch(digits) or len(digits) > 20:
            self.add("BAD_VALUE", node, text=text, unit=unit.value)
            return Fraction(0)
        value = Fraction(digits)
        if percent and unit not in (Unit.RATE, Unit.FACTOR):
            self.add("PERCENT_MISPLACED", node, text=text, unit=unit.value)
        elif unit is Unit.AMOUNT:
            return self._amount(node, value, text)
        elif unit is Unit.RATE and not percent and abs(value) > 1:
            self.add("RATE_BARE", node, text=text)
        elif unit is Unit.NUMBER and value.denominator != 1:
            self.add("BAD_NUMBER", node, text=text)
        return value / 100 if percent or unit is Unit.POINTS else value

    def _amount(self, node: Node, value: Fraction, text: str) -> Fraction:
        if (value * 100).denominator != 1:
            self.add("AMOUNT_DECIMALS", node, text=text)
        elif abs(value * 100) > LARGEST_AMOUNT:
            self.add("AMOUNT_TOO_LARGE", node, text=text)
        return value * 100
