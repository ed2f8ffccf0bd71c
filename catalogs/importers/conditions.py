"""Restrictions of an import: each distinct text once, as a row of restrictions.csv and of restriction_texts.csv."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

from catalogs.importers.report import CountTable
from catalogs.importers.restrictions import Condition, parse_restriction
from catalogs.importers.writing import OutputFile, table_file
from catalogs.tables.schema import RESTRICTIONS

_KINDS = {
    "level": "IMPORT_KIND_LEVEL",
    "visit": "IMPORT_KIND_VISIT",
    "scheme": "IMPORT_KIND_SCHEME",
    "age": "IMPORT_KIND_AGE",
    "sex": "IMPORT_KIND_SEX",
    "days": "IMPORT_KIND_DAYS",
    "quantity": "IMPORT_KIND_QUANTITY",
    "second_line": "IMPORT_KIND_SECOND_LINE",
}
_OUTCOMES = {
    "conditions": "IMPORT_OUTCOME_CONDITIONS",
    "mixed": "IMPORT_OUTCOME_MIXED",
    "text": "IMPORT_OUTCOME_TEXT",
}


class RestrictionBook:
    """Gives every restriction text its id, and remembers how often each was met."""

    def __init__(self, prefix: str, *, understand: bool = True) -> None:
        self._prefix, self._understand = prefix, understand
        self._conditions: dict[str, Condition] = {}
        self._uses: Counter[str] = Counter()

    def id_of(self, text: str, pending: str = "") -> str:
        """Give the id for a normalised text, '' for none. `pending`: a further condition that stays text anyway."""
        whole = "；".join(part for part in (text, pending) if part)
        if not whole:
            return ""
        if whole not in self._conditions:
            found = parse_restriction(text) if self._understand else Condition(text=text)
            self._conditions[whole] = _pended(found, whole) if pending else found
        self._uses[whole] += 1
        return restriction_id(self._prefix, whole)

    def files(self) -> list[OutputFile]:
        """Give restrictions.csv and restriction_texts.csv."""
        rows = [{"id": restriction_id(self._prefix, text), **_row(c)} for text, c in self._conditions.items()]
        texts = [
            (restriction_id(self._prefix, text), c.outcome, " ".join(sorted(c.kinds)), self._uses[text], text)
            for text, c in self._conditions.items()
        ]
        return [
            table_file("restrictions", RESTRICTIONS.names, rows),
            OutputFile("restriction_texts.csv", ("id", "outcome", "conditions", "rows", "text"), texts, mark=True),
        ]

    def tables(self) -> list[CountTable]:
        """Count what became conditions: by outcome, and by kind of condition; nothing when no text was met."""
        if not self._conditions:
            return []
        outcomes, kinds = [], []
        for outcome, label in _OUTCOMES.items():
            met = [text for text, c in self._conditions.items() if c.outcome == outcome]
            outcomes.append((label, len(met), sum(self._uses[text] for text in met)))
        outcomes.append(("IMPORT_TOTAL", len(self._conditions), sum(self._uses.values())))
        for kind, label in _KINDS.items():
            met = [text for text, c in self._conditions.items() if kind in c.kinds]
            kinds.append((label, len(met), sum(self._uses[text] for text in met)))
        headings = ("IMPORT_RESTRICTION", "IMPORT_TEXTS", "IMPORT_ROWS")
        return [
            CountTable("IMPORT_TITLE_RESTRICTIONS", headings, tuple(outcomes)),
            CountTable("IMPORT_TITLE_CONDITIONS", ("IMPORT_CONDITION", *headings[1:]), tuple(kinds)),
        ]


def restriction_id(prefix: str, text: str) -> str:
    """Give the id of a text: the same text has the same id in every import with that prefix."""
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _pended(condition: Condition, whole: str) -> Condition:
    return replace(condition, text=whole)


def _row(condition: Condition) -> dict[str, object]:
    return {
        "levels": " ".join(condition.levels),
        "sexes": " ".join(condition.sexes),
        "age_from": _number(condition.age_from),
        "age_until": _number(condition.age_until),
        "visits": " ".join(condition.visits),
        "schemes": " ".join(condition.schemes),
        "max_days": _number(condition.max_days),
        "max_quantity": _number(condition.max_quantity),
        "second_line": "yes" if condition.second_line else "",
        "text": condition.text,
    }


def _number(value: int | None) -> object:
    return "" if value is None else value
