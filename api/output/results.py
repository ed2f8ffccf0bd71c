"""All tables of a run to a folder, in the formats asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from adjudicator.rulebook import Rulebook
from adjudicator.settlement import Settlement
from adjudicator.workers import run
from api.door.intake import Intake
from api.output.manifest import OutputMark, sha256_of
from api.output.tables import accounts_table, claims_table, layers_table, lines_table
from api.output.writers import WRITERS, write_parquet
from catalogs.findings import Language


@dataclass(frozen=True, slots=True)
class Results:
    """What the tables of a run are made of."""

    intake: Intake
    settlement: Settlement
    rulebook: Rulebook
    language: Language = "en"


TABLES: dict[str, Callable[[Results], pa.Table]] = {
    "lines": lambda of: lines_table(of.intake, of.settlement, of.rulebook),
    "claims": lambda of: claims_table(of.intake.batch, of.settlement, of.rulebook),
    "layers": lambda of: layers_table(of.intake.batch, of.settlement),
    "accounts": lambda of: accounts_table(of.settlement.accounts),
    "rejected": lambda of: of.intake.rejected(of.language),
    "warnings": lambda of: of.intake.warnings(of.language),
}
"""The longest first: others are written beside it."""

PART_ROWS = 1 << 17
"""A part of a table has so many rows, at least."""


def write_tables(
    of: Results, folder: Path, formats: Sequence[str], workers: int = 1, parts: int = 1
) -> tuple[OutputMark, ...]:
    """Write every table in every format, and give what was written.

    Of a Parquet file only one worker writes at a time. With more `parts` than one a long table is a folder of up to so
    many files, of that table's rows in their order, under the name that the one file would have.
    """

    def write(file: tuple[Path, int, Callable[[Path], None]]) -> OutputMark:
        path, rows, write_to = file
        path.parent.mkdir(exist_ok=True)
        write_to(path)
        return OutputMark(path.relative_to(folder).as_posix(), rows, sha256_of(path))

    names = tuple(TABLES)
    files: list[tuple[Path, int, Callable[[Path], None]]] = []
    for name, table in zip(names, run(lambda name: TABLES[name](of), names, workers), strict=True):
        for kind in dict.fromkeys(formats):
            path, divided = folder / f"{name}.{kind}", stretches(table.num_rows, parts)
            if kind == "parquet" and len(divided) > 1:
                for place, rows in enumerate(divided, 1):
                    part = path / f"part-{place:0{len(str(parts))}}.parquet"
                    files.append((part, len(rows), partial(write_parquet, table, rows=rows)))
            else:
                files.append((path, table.num_rows, partial(WRITERS[kind], table)))
    return tuple(run(write, files, workers))


def stretches(rows: int, parts: int) -> list[range]:
    """Divide rows into so many stretches, alike in size, or into fewer when these would be short."""
    parts = max(1, min(parts, rows // PART_ROWS))
    edges = [rows * place // parts for place in range(parts + 1)]
    return [range(start, end) for start, end in pairwise(edges)]
