"""What is wrong with rows of files: kept as columns, because a wrong file can be wrong in every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.columns import Int32, Int64
from adjudicator.errors import AdjudicatorError
from catalogs.findings import Finding, Language, Severity

SHOWN_CHARACTERS = 60
"""Characters shown of a value."""

SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("code", pa.string()),
        ("reason", pa.string()),
        ("what_to_do", pa.string()),
        ("claim_id", pa.string()),
        ("severity", pa.string()),
    ]
)
"""Columns of the table of rejected rows and of the table of warnings. `row` counts as a spreadsheet does (the first row
of the file is 1); 0 is the file as a whole."""


class InputError(AdjudicatorError):
    """A file as a whole cannot be read: nothing of it was settled. `findings` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(finding.render() for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong in one column of some rows of one file.

    claims: number of the claim of each row in the book of claim ids, -1 where it is not known.
    """

    code: str
    file: str
    column: str
    rows: Int64
    values: pa.StringArray | None = None
    claims: Int32 | Int64 | None = None
    private: bool = False
    severity: Severity = "error"
    fields: dict[str, object] = field(default_factory=dict)

    def table(self, claim_ids: Sequence[str], language: Language) -> pa.Table:
        """Give one row a place, in the columns of SCHEMA."""
        count = len(self.rows)
        finding = Finding(self.code, self.file, 0, self.column, {"column": self.column, **self.fields})
        claims = np.full(count, -1) if self.claims is None else self.claims
        constant = {
            "file": self.file,
            "column": self.column,
            "code": self.code,
            "reason": finding.message(language),
            "what_to_do": finding.help(language),
            "severity": self.severity,
        }
        columns = {name: _repeated(text, count) for name, text in constant.items()}
        columns["row"] = pa.array(self.rows, pa.int64())
        columns["value"] = _repeated("", count) if self.values is None else shown(self.values, self.private)
        columns["claim_id"] = _take(claim_ids, claims)
        return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


class Troubles:
    """All that was found, in the order it was found."""

    def __init__(self) -> None:
        self._found: list[Trouble] = []

    def __iter__(self) -> Iterator[Trouble]:
        return iter(self._found)

    def __len__(self) -> int:
        return sum(len(trouble.rows) for trouble in self._found)

    def add(self, trouble: Trouble) -> None:
        """Keep a trouble that has any rows."""
        if len(trouble.rows):
            self._found.append(trouble)

    def count(self, severity: Severity) -> int:
        """Give how many rows of one severity there are."""
        return sum(len(trouble.rows) for trouble in self._found if trouble.severity == severity)

    def rows_of(self, file: str) -> Int64:
        """Give the distinct rows of a file that are refused, rising."""
        rows = [trouble.rows for trouble in self._found if trouble.file == file and trouble.severity == "error"]
        return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)

    def place(self, file: str, rows: Int64, claims: Int64) -> None:
        """Name the claim of every trouble of a file that does not know it yet, by row."""
        unplaced = [i for i, t in enumerate(self._found) if t.file == file and t.claims is None]
        if not unplaced or not len(rows):
            return
        order = np.argsort(rows, kind="stable")
        for i in unplaced:
            trouble = self._found[i]
            at = order[np.minimum(np.searchsorted(rows, trouble.rows, sorter=order), len(rows) - 1)]
            found = np.where(rows[at] == trouble.rows, claims[at], -1)
            self._found[i] = replace(trouble, claims=found)

    def table(self, severity: Severity, claim_ids: Sequence[str], language: Language) -> pa.Table:
        """Give what was found of one severity, sorted by file and row."""
        parts = [t.table(claim_ids, language) for t in self._found if t.severity == severity]
        if not parts:
            return SCHEMA.empty_table()
        return pa.concat_tables(parts).sort_by([("file", "ascending"), ("row", "ascending")])


def shown(values: pa.StringArray, private: bool) -> pa.StringArray:
    """Give values as they may be shown: short, and what identifies a person masked but for its ends."""
    short = pc.utf8_slice_codeunits(values, 0, SHOWN_CHARACTERS)
    if not private:
        return short
    masked = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(short, 0, 3), pc.utf8_slice_codeunits(short, -2), "*****"
    )
    return pc.if_else(pc.greater(pc.utf8_length(short), 8), masked, pc.if_else(pc.equal(short, ""), "", "*****"))


def _repeated(text: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text])).cast(pa.string())


def _take(values: Sequence[str], codes: Int32 | Int64) -> pa.Array:
    """Give the value of each code, empty for -1; only the values used are touched."""
    used, place = np.unique(codes, return_inverse=True)
    texts = pa.array(["" if code < 0 else values[code] for code in used.tolist()], pa.string())
    return texts.take(pa.array(place.reshape(-1)))
