"""The one call for Arrow tables gives what the one call for files gives."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from api import settle_files, settle_tables
from api.rules import Rules, load_rules
from tests.cli.files import CLAIMS, MEMBERS, write_files


def table_of(text: str) -> pa.Table:
    heading, *rows = (line.split(",") for line in text.splitlines())
    return pa.table({name: pa.array([row[at] for row in rows]) for at, name in enumerate(heading)})


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return load_rules([write_files(tmp_path)[2]])


def test_tables_settle_as_files_do(tmp_path: Path, rules: Rules) -> None:
    claims, members, plan = write_files(tmp_path)
    of_files = settle_files(claims, members, plans=[plan])
    of_tables = settle_tables(table_of(CLAIMS), table_of(MEMBERS), rules=rules)
    assert of_tables.claims().equals(of_files.claims())
    assert of_tables.layers().equals(of_files.layers())
    assert of_tables.rejected()["code"].to_pylist() == ["DATE_IMPOSSIBLE"]
    assert of_tables.totals() == of_files.totals()


def test_claims_and_lines_may_come_apart(rules: Rules) -> None:
    whole = table_of(CLAIMS).slice(0, 5)
    names = whole.column_names
    heads = whole.select(names[:6]).group_by(names[:6], use_threads=False).aggregate([])
    lines = whole.select([names[0], *names[6:]])
    apart = settle_tables(heads, table_of(MEMBERS), lines=lines, rules=rules)
    together = settle_tables(whole, table_of(MEMBERS), rules=rules)
    rows = [sorted(run.claims().to_pylist(), key=lambda row: str(row["claim_id"])) for run in (apart, together)]
    assert rows[0] == rows[1]


def test_closing_accounts_open_the_next_call(rules: Rules) -> None:
    first, members = table_of(CLAIMS), table_of(MEMBERS)
    one, two = first.slice(0, 2), first.slice(2, 1)
    opened = settle_tables(one, members, rules=rules).settlement.accounts
    apart = settle_tables(two, members, accounts=opened, rules=rules)
    together = settle_tables(first.slice(0, 3), members, rules=rules)
    assert apart.claims()["cash"].to_pylist() == together.claims()["cash"].to_pylist()[1:]
    assert apart.settlement.accounts.entries() == together.settlement.accounts.entries()


def test_a_run_is_written_only_when_asked(tmp_path: Path) -> None:
    claims, members, plan = write_files(tmp_path)
    before = set(tmp_path.iterdir())
    run = settle_files(claims, members, plans=[plan])
    assert set(tmp_path.iterdir()) == before
    assert run.folder is None and run.manifest is None
    run = settle_files(claims, members, plans=[plan], out=tmp_path / "out", formats=["jsonl"])
    assert run.manifest is not None
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".jsonl", ".json"}
