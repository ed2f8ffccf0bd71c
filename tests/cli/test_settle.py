from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from api import run
from api.output import results
from api.output.manifest import read_manifest
from tests.cli.conftest import Command, Settled
from tests.cli.files import CLAIMS, write_files


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_rejected_row_gives_exit_code_1(settled: Settled) -> None:
    assert settled.outcome.code == 1
    assert "4 claims" in settled.outcome.out
    assert "Who pays" in settled.outcome.out


def test_who_pays_what_to_the_fen(settled: Settled) -> None:
    rows = {row["claim_id"]: row for row in rows_of(settled.out / "claims.csv")}
    # 1001: 20700 + 900 in scope; less 700; 10000 at 50 % and 10900 at 80 % = 13720, cut to 9000 by the cap;
    # 12600 are left, less 5000, at 60 % = 4560
    first = rows["1001"]
    assert (first["in_scope"], first["upfront"]) == ("21600.00", "100.00")
    assert (first["paid.resident_pool"], first["paid.catastrophic"], first["cash"]) == ("9000.00", "4560.00", "8140.00")
    # 1002: the cap of the year is used up; 8000 are left, less 5000, at 60 %
    assert (rows["1002"]["paid.resident_pool"], rows["1002"]["paid.catastrophic"]) == ("0.00", "1800.00")
    assert (rows["1003"]["status"], rows["1003"]["reason"], rows["1003"]["held"]) == ("HELD", "NOT_STATED", "900.00")
    for row in rows.values():
        parts = ("paid.resident_pool", "paid.catastrophic", "cash", "held")
        assert sum(Decimal(row[name]) for name in parts) == Decimal(row["total"])


def test_csv_opens_in_excel_with_ids_whole(settled: Settled) -> None:
    data = (settled.out / "claims.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert rows_of(settled.out / "claims.csv")[0]["person_id"] == "340300000000000001\t"


def test_formats_hold_the_same_rows(settled: Settled) -> None:
    for name in ("claims", "layers", "lines", "accounts", "rejected"):
        table = parquet.read_table(settled.out / f"{name}.parquet").to_pylist()
        lines = [json.loads(line) for line in (settled.out / f"{name}.jsonl").read_text().splitlines()]
        plain = [{k: str(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in table]
        assert json.loads(json.dumps(plain, default=str)) == lines
        assert len(rows_of(settled.out / f"{name}.csv")) == len(table)


def test_rejected_rows_say_where_why_and_what_to_do(settled: Settled) -> None:
    (row,) = rows_of(settled.out / "rejected.csv")
    assert (row["row"], row["column"], row["code"]) == ("7", "出院日期", "DATE_IMPOSSIBLE")
    assert row["value"].startswith("2023-02-31")
    assert row["reason"] and row["what_to_do"]


def test_manifest_names_everything_by_hash(settled: Settled) -> None:
    manifest = json.loads((settled.out / "manifest.json").read_text())
    assert {mark["role"] for mark in manifest["inputs"]} == {"claims", "members"}
    assert all(len(mark["sha256"]) == 64 for mark in (*manifest["inputs"], *manifest["rules"], *manifest["outputs"]))
    assert any(mark["path"].endswith("plan.yaml") for mark in manifest["rules"])
    assert [mark["plan"] for mark in manifest["plans"]] == ["test.residents"]
    assert manifest["engine"]["adjudicator"]
    names = {mark["path"] for mark in manifest["outputs"]} | {"manifest.json"}
    assert names == {path.name for path in settled.out.iterdir()}


def test_json_is_one_document_and_nothing_else(settled: Settled, command: Command) -> None:
    outcome = command(
        "settle", settled.claims, "--members", settled.members, "--plans", settled.plan, "--out", settled.out, "--json"
    )
    assert outcome.err == ""
    assert outcome.json["totals"]["total_fen"] == 3_069_000
    assert outcome.json["totals"]["funds_fen"]["resident_pool"] == 900_000
    assert outcome.json["counts"]["claims_refused"] == 1


def test_a_clean_file_gives_exit_code_0(tmp_path: Path, command: Command) -> None:
    clean = "".join(line for line in CLAIMS.splitlines(keepends=True) if not line.startswith("1005"))
    claims, members, plan = write_files(tmp_path, clean)
    assert command("settle", claims, "-m", members, "--plans", plan, "-o", tmp_path / "out").code == 0


def test_what_was_not_used_or_is_doubtful_is_told(tmp_path: Path, command: Command) -> None:
    clean = "".join(line for line in CLAIMS.splitlines(keepends=True) if not line.startswith("1005"))
    claims, members, plan = write_files(tmp_path, clean.replace("甲乙类", "机构编号").replace("医院等级", "等级说明"))
    words = ("settle", claims, "-m", members, "--plans", plan, "-o", tmp_path / "out")
    outcome = command(*words, "--format", "jsonl")
    assert "claims.csv: columns that were not used: 等级说明" in outcome.out
    assert "doubtful, but settled: see warnings.jsonl" in outcome.out
    assert "未使用：等级说明" in command(*words, "--lang", "zh").out
    assert command(*words, "--json").json["ignored"]["claims.csv"] == ["等级说明"]


def test_chinese(settled: Settled, command: Command) -> None:
    words = (
        "settle",
        settled.claims,
        "-m",
        settled.members,
        "--plans",
        settled.plan,
        "-o",
        settled.out,
        "--lang",
        "zh",
    )
    assert "居民医保统筹基金" in command(*words).out
    assert "没有这一天" in rows_of(settled.out / "rejected.csv")[0]["reason"]


def test_closing_accounts_open_the_next_run(settled: Settled, command: Command) -> None:
    later = CLAIMS.splitlines()[0] + "\n" + CLAIMS.splitlines()[1].replace("1001", "2001").replace("2023-05", "2023-11")
    claims = settled.folder / "later.csv"
    claims.write_text(later + "\n", encoding="utf-8")
    for kind in ("csv", "parquet"):
        accounts = settled.folder / f"accounts.{kind}"
        accounts.write_bytes((settled.out / f"accounts.{kind}").read_bytes())
        out = settled.folder / f"later-{kind}"
        command("settle", claims, "-m", settled.members, "--plans", settled.plan, "-o", out, "--accounts", accounts)
        assert rows_of(out / "claims.csv")[0]["paid.resident_pool"] == "0.00", "the cap was used up before"


def test_files_that_are_not_there(tmp_path: Path, command: Command) -> None:
    claims, members, plan = write_files(tmp_path)
    for words in (
        ("settle", tmp_path / "no.csv", "-m", members),
        ("settle", claims, "-m", tmp_path / "no.csv"),
        ("settle", claims, "-m", members, "--plans", tmp_path / "no"),
        ("settle", claims, "-m", members, "--plans", plan, "--catalogs", tmp_path / "no"),
    ):
        outcome = command(*words, "-o", tmp_path / "out")
        assert outcome.code == 2
        assert "no such file" in outcome.err
        assert "Traceback" not in outcome.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "claims.csv").write_bytes(b""), "FILE_EMPTY"),
        (lambda folder: (folder / "claims.csv").write_text("a,b\n1,2\n"), "COLUMN_MISSING"),
        (lambda folder: (folder / "claims.csv").write_bytes(b"%PDF-1.7 ..."), "FILE_OF_OTHER_KIND"),
        (lambda folder: (folder / "members.csv").write_text("a,b\n1,2\n"), "COLUMN_MISSING"),
        (lambda folder: (folder / "plan.yaml").write_text("plan: x\n  bad: [\n"), "YAML_SYNTAX"),
        (lambda folder: (folder / "plan.yaml").unlink(), "no such file"),
        (lambda folder: (folder / "out").write_text("a file"), "is a file"),
        (
            lambda folder: ((folder / "tables").mkdir(), (folder / "tables" / "x.csv").write_text("a\n1\n")),
            "no item and no facility",
        ),
        (lambda folder: ((folder / "out").mkdir(), (folder / "out" / "thesis.doc").touch()), "not a folder of results"),
    ],
)
def test_what_cannot_run_says_why_and_changes_nothing(
    spoil: Callable[[Path], object], said: str, tmp_path: Path, command: Command
) -> None:
    claims, members, plan = write_files(tmp_path)
    spoil(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    words = ["settle", claims, "-m", members, "--plans", plan, "-o", tmp_path / "out"]
    words += ["--catalogs", tmp_path / "tables"] if (tmp_path / "tables").exists() else []
    outcome = command(*words)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    document = command(*words, "--json").json
    assert document["error"]["message"]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_plan_with_errors_settles_nothing(tmp_path: Path, command: Command) -> None:
    claims, members, plan = write_files(tmp_path)
    plan.write_text(plan.read_text().replace("deductible:", "deductibel:", 1))
    outcome = command("settle", claims, "-m", members, "--plans", plan, "-o", tmp_path / "out")
    assert outcome.code == 2
    assert f"{plan}:15:" in outcome.err
    assert "deductible" in outcome.err
    assert not (tmp_path / "out").exists()


def test_headings_of_totals_are_whole_in_80_columns(
    settled: Settled, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    words = ("--members", settled.members, "--plans", settled.plan, "--out", settled.out, "--lang", "zh")
    outcome = command("settle", settled.claims, *words)
    assert "…" not in outcome.out
    headings = ("单据数", "费用总额", "政策范围内", "基金支付", "个人账户", "个人现金")
    assert sum(all(word in line for word in headings) for line in outcome.out.splitlines()) == 2


def test_results_are_the_same_for_any_number_of_workers(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims, members, plan = write_files(tmp_path)
    asked: list[int] = []
    settle = run.settle
    monkeypatch.setattr(
        run, "settle", lambda *words, workers: (asked.append(workers), settle(*words, workers=workers))[1]
    )
    written = []
    for workers in (("--workers", "1"), ("--workers", "3"), ()):
        out = tmp_path / f"out{len(workers)}{workers[-1:]}"
        assert command("settle", claims, "-m", members, "--plans", plan, "-o", out, *workers).code == 1
        written.append({path.name: path.read_bytes() for path in out.iterdir() if path.name != "manifest.json"})
    assert written[0] == written[1] == written[2]
    assert asked == [1, 3, run.cores()]
    assert command("settle", claims, "-m", members, "--workers", "0").code == 2


def test_a_table_in_parts_says_the_same(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "PART_ROWS", 2)
    claims, members, plan = write_files(tmp_path)
    out, words = tmp_path / "out", ("settle", claims, "-m", members, "--plans", plan, "-f", "parquet", "-f", "csv")
    found = []
    for parts in (1, 3, 1):  # a run takes the place of one before it
        assert command(*words, "-o", out, "--parts", parts).code == 1
        manifest = read_manifest(out)
        assert manifest.options["parts"] == parts
        assert {mark.path for mark in manifest.outputs} | {"manifest.json"} == {
            path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()
        }
        assert (out / "lines.parquet").is_dir() == (parts > 1)
        names = ("lines", "claims", "layers", "accounts", "rejected", "warnings")
        found.append({name: parquet.read_table(out / f"{name}.parquet").to_pylist() for name in names})
        assert (out / "lines.csv").is_file()
    assert found[0] == found[1] == found[2]
    assert command(*words, "-o", out, "--parts", "0").code == 2


@pytest.mark.parametrize(("rows", "parts", "sizes"), [(0, 3, [0]), (9, 1, [9]), (9, 2, [4, 5]), (9, 9, [3, 3, 3])])
def test_no_part_is_short(rows: int, parts: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "PART_ROWS", 3)
    found = results.stretches(rows, parts)
    assert [len(stretch) for stretch in found] == sizes
    assert [row for stretch in found for row in stretch] == list(range(rows))
