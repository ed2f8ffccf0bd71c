from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.columns import MISSING, Category, Flags, Number
from api.files.cells import read_id
from api.output import writers
from api.output.columns import YUAN, attribute, dates, table_of, widened, words, yuan
from api.output.writers import ROWS_AT_ONCE, write_csv, write_json_lines, write_parquet


@given(st.lists(st.integers(-(10**15), 10**15)))
def test_fen_become_yuan_exactly(fen: list[int]) -> None:
    assert yuan(np.array(fen, np.int64)).to_pylist() == [Decimal(value).scaleb(-2) for value in fen]


def test_missing_dates_and_words_are_null() -> None:
    assert words(Category(np.array([1, -1, 0], np.int32), ("a", "b"))).to_pylist() == ["b", None, "a"]
    assert str(dates(np.array([0, 19_000], np.int32))[1]) == "2022-01-08"
    assert attribute(Number(np.array([3, MISSING]))).to_pylist() == [3, None]
    assert attribute(Flags(np.array([0, 3, 2]), ("poor", "veteran"))).to_pylist() == ["", "poor veteran", "veteran"]


def test_what_must_be_given_is_not_written_without(tmp_path: Path) -> None:
    for name, column in (("paid", pa.array([None], YUAN)), ("claim_id", pa.array([None], pa.string()))):
        with pytest.raises(pa.ArrowInvalid, match="non-nullable"):
            write_parquet(table_of({name: column}, ("claim_id",)), tmp_path / "x.parquet")


MANGLED = ["340300199001011234", "000123", "12E5", "1-2", "2023/5", "10:30", "123456789012"]
KEPT = ["C1001", "340300", "12345678901", "abc", "", "一号"]


def test_ids_that_excel_would_change_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_csv(pa.table({"id": pa.array([*MANGLED, *KEPT])}), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [row["id"] for row in csv.DictReader(file, restval="")]
    assert found[: len(MANGLED)] == [f"{value}\t" for value in MANGLED]
    assert found[len(MANGLED) :] == KEPT
    assert [read_id(value) for value in found] == [*MANGLED, *KEPT], "the engine reads back what it wrote"


def test_formulas_are_defused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    evil = ["=cmd|'/c calc'!A0", "+SUM(A1)", "@x", "-1+cmd", "\t=x\ny\nz", "＝x", "-12.50"]
    write_csv(pa.table({"value": pa.array(evil)}), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [row["value"] for row in csv.DictReader(file)]
    assert found == [*(f"'{text}" for text in evil[:-1]), "-12.50"]


@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE + 1])
def test_every_row_is_written_once(rows: int, tmp_path: Path) -> None:
    table = pa.table({"n": pa.array(range(rows), pa.int64()), "yuan": yuan(np.arange(rows))})
    write_csv(table, tmp_path / "x.csv")
    write_json_lines(table, tmp_path / "x.jsonl")
    write_parquet(table, tmp_path / "x.parquet")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [int(row["n"]) for row in csv.DictReader(file)] == list(range(rows))
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(rows))
    assert parquet.read_table(tmp_path / "x.parquet").equals(widened(table))
    if rows:
        assert json.loads(lines[-1])["yuan"] == str(Decimal(rows - 1).scaleb(-2).quantize(Decimal("0.01")))


def test_parquet_says_the_same_to_every_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of rows with dictionaries of their own, words that are missing, packed numbers, days and amounts."""
    monkeypatch.setattr(writers, "GROUP_ROWS", 100)
    monkeypatch.setattr(writers, "FEW_WORDS", 6)
    rows = np.arange(1_000)
    columns = {
        "claim_id": words(Category((rows // 7).astype(np.int32), tuple(f"C{i}" for i in range(143)))),
        "id": words(Category(rows.astype(np.int32), tuple(f"I{i}" for i in range(1_000)))),
        "some": words(Category(np.where(rows % 3, rows % 17, -1).astype(np.int32), tuple(f"S{i}" for i in range(17)))),
        "item": words(Category(np.where(rows < 300, -1, rows % 5 - 1).astype(np.int32), ("a", "乙", "c", "d"))),
        "day": dates(np.where(rows % 9, rows - 400, np.iinfo(np.int32).min).astype(np.int32)),
        "row": pa.array(rows),
        "amount": yuan((rows - 500) * 10**13),
    }
    path, table = tmp_path / "x.parquet", table_of(columns, ("claim_id", "row"))
    write_parquet(table, path)
    groups = [parquet.ParquetFile(path).metadata.row_group(group) for group in range(10)]
    coded = [[group.column(place).has_dictionary_page for place in range(4)] for group in groups]
    assert coded == [[True, False, True, True]] * 10, "an id of its own in every row has no dictionary"
    expected = [tuple(row.values()) for row in table.to_pylist()]
    assert [tuple(row.values()) for row in parquet.read_table(path).to_pylist()] == expected
    assert duckdb.read_parquet(str(path)).fetchall() == expected
    assert polars.read_parquet(path).rows() == expected
