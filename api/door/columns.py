"""From Arrow tables to a batch: the door for programs that hold their rows in memory already."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from adjudicator.rulebook import Program
from api.door.intake import Intake, Setting, take_in
from api.files.columnar import table_source
from catalogs.tables.facilities import Facilities
from catalogs.tables.lookup import CatalogIndex


def batch_from_tables(
    claims: pa.Table,
    lines: pa.Table | None,
    members: pa.Table | None,
    programs: Sequence[Program],
    index: CatalogIndex | None = None,
    facilities: Facilities | None = None,
) -> Intake:
    """Take in tables with the same columns, names and code values as files (docs/claims-files.md).

    Columns may have any type that can be read as text; decimals and integers are exact, binary fractions are read as
    the shortest decimals that stand for them. Without `lines` each row of `claims` is a line with the columns of its
    claim, or has bucket totals, or a column that lists its lines as records. Rows are numbered from 1.
    Raises InputError when a column is missing.
    """
    return take_in(
        table_source("claims", claims, ("claim", "line") if lines is None else ("claim",)),
        None if lines is None else table_source("lines", lines, ("line",)),
        None if members is None else table_source("members", members, ("member",)),
        Setting(programs, index, facilities),
    )
