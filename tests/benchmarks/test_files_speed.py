"""The benchmark of files settles the same claims as the engine in memory, to the cell."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from benchmarks import files_speed
from benchmarks.peers import columns


def test_small_files_are_settled_as_in_memory() -> None:
    clock = files_speed.measure(2_000, rounds=1)
    assert set(clock.seconds) == {"engine", *(stage for stages in files_speed.STAGES.values() for stage in stages)}
    assert all(seconds > 0 for seconds in clock.seconds.values())


@pytest.mark.parametrize("column", ["item_code", "reason", "over_limit", "row"])
def test_one_cell_that_differs_is_found(column: str, tmp_path: Path) -> None:
    results = files_speed.expected(columns.columns(2_000))
    files_speed.write_tables(results, tmp_path, ("parquet",))
    assert files_speed.differences(tmp_path, results) == []
    lines = parquet.read_table(tmp_path / "lines.parquet")
    rows = list(range(len(lines)))
    rows[5] = next(row for row in rows if lines[column][row] != lines[column][5])
    lines = lines.set_column(lines.column_names.index(column), column, lines[column].take(rows))
    parquet.write_table(lines, tmp_path / "lines.parquet")
    assert files_speed.differences(tmp_path, results) == [f"lines.{column}"]
