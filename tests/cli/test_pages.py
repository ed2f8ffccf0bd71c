"""What the README and the page of results say is true: their code runs, their commands and columns exist."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from tests.cli import results_page
from tests.cli.conftest import Command, Settled
from tests.cli.files import write_files

ROOT = Path(__file__).parent.parent.parent
READMES = ("README.md", "README.zh.md")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_python_of_the_readme_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    codes = blocks(name, "python")
    assert codes
    for code in codes:
        exec(compile(code, name, "exec"), {})
        promised = re.findall(r"# (\[\d+\].*)", code)
        shown = capsys.readouterr().out
        for text in promised:
            assert text in shown
    assert (tmp_path / "out-mine" / "claims.csv").exists()


@pytest.mark.parametrize("name", READMES)
def test_commands_of_the_readme_exist(name: str, command: Command) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = set(re.findall(r"^    adjudicator (settle|explain|plan \w+|catalog \w+)", text, re.MULTILINE))
    assert len(found) == 8
    for words in found:
        assert command(*words.split(), "--help").code == 0
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w+)", text):
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize("name", READMES)
def test_pages_named_by_the_readme_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_every_column_of_the_results_is_described(settled: Settled) -> None:
    page = results_page.PAGE.read_text(encoding="utf-8")
    for name in ("claims", "layers", "lines", "accounts", "rejected"):
        section = page.partition(f"## {name}")[2].partition("\n## ")[0]
        for column in parquet.read_schema(settled.out / f"{name}.parquet").names:
            shown = "paid.FUND" if column.startswith("paid.") else column
            described = f"`{shown}`" in section or (shown in ("in_scope", "upfront", "over_limit", "self_funded"))
            assert described, f"{name}: {column}"


def test_the_table_of_reasons_is_the_catalogue_s() -> None:
    assert results_page.PAGE.read_text(encoding="utf-8") == results_page.written(), "python -m tests.cli.results_page"
