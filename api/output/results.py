"""All tables of a run to a folder, in the formats asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from adjudicator.rulebook import Rulebook
from adjudicator.settlement import Settlement
from adjudicator.workers import run
from api.door.intake import Intake
from api.output.manifest import OutputMark, sha256_of
from api.output.tables import accounts_table, claims_table, layers_table, lines_table
from api.output.writers import WRITERS
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


def write_tables(of: Results, folder: Path, formats: Sequence[str], workers: int = 1) -> tuple[OutputMark, ...]:
    """Write every table in every format, and give what was written. A table is made when its turn comes."""

    def write(file: tuple[str, str]) -> OutputMark:
        name, kind = file
        path, table = folder / f"{name}.{kind}", TABLES[name](of)
        WRITERS[kind](table, path)
        return OutputMark(path.name, table.num_rows, sha256_of(path))

    files = [(name, kind) for name in TABLES for kind in dict.fromkeys(formats)]
    return tuple(run(write, files, workers))
