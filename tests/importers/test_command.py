from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from api.cli import main
from tests.importers.sample import Sample

LIST = "项目代码,项目名称,省代码,比例,生效时间,失效时间\n"
GOOD = LIST + "200000000001,甲项,120000,0.00,,\n200000000002,乙项,120000,0.05,,\n"


def run(*arguments: object) -> int:
    return main(["catalog", "import", *map(str, arguments)])


def first_days(folder: Path) -> set[str]:
    with (folder / "tables" / "items.csv").open(encoding="utf-8", newline="") as file:
        return {row["valid_from"] for row in csv.DictReader(file)}


def test_the_national_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workbook = Sample().save(tmp_path / "list.xlsx")
    assert run(workbook, "--out", tmp_path / "out", "--from", "2024-07-01", "--lang", "zh") == 0
    assert "导入 13 行" in capsys.readouterr().out
    assert "2024-07-01" in first_days(tmp_path / "out")
    assert run(workbook, "--out", tmp_path / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 13


def test_a_list_through_a_shipped_mapping(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(GOOD, encoding="gb18030")
    arguments = (tmp_path / "list.csv", "--mapping", "tianjin_services", "--out", tmp_path / "out")
    assert run(*arguments, "--from", "2020-05-01") == 0
    assert first_days(tmp_path / "out") == {"2020-05-01"}


def test_bad_rows_give_1_and_partial_writes_the_others(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(GOOD + "200000000003,丙项,120000,5.00,,\n", encoding="utf-8")
    arguments = (tmp_path / "list.csv", "--mapping", "tianjin_services", "--out", tmp_path / "out")
    assert run(*arguments) == 1 and not (tmp_path / "out").exists()
    assert run(*arguments, "--partial") == 1 and (tmp_path / "out" / "tables" / "items.csv").exists()


@pytest.mark.parametrize("wrong", [["--partial"], ["--from", "2月31日"]])
def test_what_cannot_be_done_gives_2(wrong: list[str], tmp_path: Path) -> None:
    workbook = Sample().save(tmp_path / "list.xlsx")
    assert run(workbook, "--out", tmp_path / "out", *wrong) == 2
    assert not (tmp_path / "out").exists()
