from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.files import PLAN

COMMANDS = (
    (), ("settle",), ("explain",), ("plan",), ("plan", "lint"), ("plan", "test"), ("plan", "show"), ("plan", "diff"),
    ("catalog",), ("catalog", "check"), ("catalog", "import"),
    ("ledger",), ("ledger", "init"), ("ledger", "load"), ("ledger", "seal"),
    ("ledger", "readjudicate"), ("ledger", "close"),
    ("verify",), ("serve",), ("sign",),
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help_in_two_languages(words: tuple[str, ...], language: str, command: Command) -> None:
    outcome = command(*words, "--help", "--lang", language)
    assert outcome.code == 0
    assert "CLI_" not in outcome.out
    assert ("显示帮助" in outcome.out) == (language == "zh")


def test_help_needs_no_numpy_and_little_time() -> None:
    probe = (
        "import sys; from api.cli import main; main(['settle', '--help']); print(sorted(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    for heavy in ("'numpy'", "'pyarrow'", "'rich'", "'pydantic'", "'yaml'"):
        assert heavy not in run.stderr
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "api.cli", "settle", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.25, "of processor time: about 0.1 s on an idle machine, but tests share theirs"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("settel",), "no such command: settel"),
        (("settle",), "missing CLAIMS"),
        (("settle", "a.csv"), "missing --members"),
        (("settle", "a.csv", "--member", "b"), "--members"),
        (("settle", "a.csv", "-m", "b", "--format", "xls"), "must be one of csv, parquet, jsonl"),
        (("settle", "a.csv", "-m", "b", "--workers", "0"), "--workers must be at least 1"),
        (("settle", "a.csv", "-m", "b", "--workers", "x"), "--workers must be a whole number"),
        (("settle", "a.csv", "b.csv", "-m", "b"), "more words than the command takes: b.csv"),
        (("plan", "lint", "--nothing"), "--nothing"),
    ],
)
def test_usage_errors_say_what_is_wrong(words: tuple[str, ...], said: str, command: Command) -> None:
    outcome = command(*words)
    assert outcome.code == 2
    assert said in outcome.err
    assert "--help" in outcome.err
    assert "Traceback" not in outcome.err


def test_usage_errors_in_chinese_and_json(command: Command) -> None:
    assert "缺少" in command("settle", "--lang", "zh").err
    assert "多余的参数：b.csv" in command("settle", "a.csv", "b.csv", "-m", "b", "--lang", "zh").err
    assert "须为整数" in command("settle", "a.csv", "-m", "b", "--workers", "x", "--lang", "zh").err
    assert command("sign", "POST", "v1/previews").code == 2
    error = command("settle", "a.csv", "-m", "b", "--nothing", "--json").json["error"]
    assert error["code"] == "CLI_NO_SUCH_OPTION"


@pytest.mark.parametrize(
    ("name", "value", "chinese"),
    [
        ("LANG", "zh_CN.UTF-8", True),
        ("LC_ALL", "zh_TW", True),
        ("ADJUDICATOR_LANG", "zh", True),
        ("LANG", "de_DE", False),
    ],
)
def test_language_by_locale(
    name: str, value: str, chinese: bool, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert ("错误" in command("settle").err) == chinese


def test_a_folder_in_place_of_a_file_and_a_full_disk(tmp_path: Path, command: Command) -> None:
    outcome = command("settle", tmp_path, "-m", tmp_path, "-o", tmp_path / "out", "--lang", "zh")
    assert (outcome.code, "这是文件夹" in outcome.err) == (2, True)
    words = f"{sys.executable} -m api.cli catalog check --json > /dev/full"
    run = subprocess.run(words, shell=True, capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
    assert run.returncode == 2
    assert "no space is left" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_reader_that_leaves_early_is_no_finding() -> None:
    words = f"{sys.executable} -m api.cli plan show cn.beijing.employees.2023 | head -c 1; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", words], capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
    assert (run.returncode, run.stderr) == (0, "")


def test_an_edited_copy_is_compared_with_its_original(tmp_path: Path, command: Command) -> None:
    original, copy = tmp_path / "old.yaml", tmp_path / "new.yaml"
    original.write_text(PLAN)
    copy.write_text(PLAN.replace("rate: 60%", "rate: 70%"))
    outcome = command("plan", "diff", original, copy)
    assert (outcome.code, "70%" in outcome.out) == (1, True)


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    words = f"{sys.executable} -m api.cli catalog check --json | head -c 10"
    run = subprocess.run(words, shell=True, capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
    assert run.stderr == ""


def test_lint_gives_1_on_an_error_and_0_on_none(tmp_path: Path, command: Command) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    outcome = command("plan", "lint", plan)
    assert (outcome.code, "0 errors" in outcome.out) == (0, True)
    plan.write_text(PLAN.replace("rate: 60%", "rate: 160%"))
    outcome = command("plan", "lint", plan)
    assert outcome.code == 1
    assert f"{plan}:30:15" in outcome.out
    found = command("plan", "lint", plan, "--json").json
    assert found["findings"][0]["line"] == 30


def test_lint_of_nothing_cannot_run(tmp_path: Path, command: Command) -> None:
    outcome = command("plan", "lint", tmp_path)
    assert (outcome.code, "no plan document" in outcome.err) == (2, True)
    (tmp_path / "broken.yaml").write_text("plan: [")
    outcome = command("plan", "lint", tmp_path)
    assert (outcome.code, "YAML_SYNTAX" in outcome.out) == (1, True)


def test_plan_test_gives_1_on_a_failing_case(tmp_path: Path, command: Command) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    assert command("plan", "test", plan).code == 0
    plan.write_text(PLAN.replace("paid.basic: 5000", "paid.basic: 5001"))
    outcome = command("plan", "test", plan)
    assert outcome.code == 1
    assert "5001" in outcome.out


def test_plan_test_gives_1_on_documents_with_errors(tmp_path: Path, command: Command) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN.replace("inpatient}", "inpatient, age: >= 70}", 1))
    outcome = command("plan", "test", plan)
    assert (outcome.code, "YAML_SYNTAX" in outcome.out, "1 plans, 1 failed" in outcome.out) == (1, True, True)
    plan.write_text(PLAN.replace("rate: 60%", "rate: 160%"))
    outcome = command("plan", "test", plan)
    assert (outcome.code, "1 plans, 1 failed" in outcome.out) == (1, True)
    assert command("plan", "test", plan, "--json").json["plans"][0]["passed"] is False
    (tmp_path / "empty").mkdir()
    outcome = command("plan", "test", tmp_path / "empty")
    assert (outcome.code, "no plan document" in outcome.err) == (2, True)


def test_catalog_check(tmp_path: Path, command: Command) -> None:
    outcome = command("catalog", "check")
    assert (outcome.code, "0 errors" in outcome.out) == (0, True)
    assert command("catalog", "check", tmp_path / "nowhere").code == 2


def test_plan_show_names_values_and_sources(command: Command) -> None:
    outcome = command("plan", "show", "cn.anhui.bengbu.residents.2023")
    assert outcome.code == 0
    assert "AH1 B" in outcome.out and "annual_cap" in outcome.out
    assert "来源" in command("plan", "show", "cn.anhui.bengbu.residents.2023", "--lang", "zh").out
    outcome = command("plan", "show", "cn.anhui.bengbu.residents")
    assert (outcome.code, "cn.anhui.bengbu.residents.2023" in outcome.err) == (2, True)
    assert command("plan", "show", "no/such/plan.yaml").code == 2


def test_plan_diff_names_every_change(tmp_path: Path, command: Command) -> None:
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    before.write_text(PLAN)
    after.write_text(PLAN.replace("primary: 70%", "primary: 75%"))
    outcome = command("plan", "diff", before, after)
    assert outcome.code == 1
    assert "- 70%" in outcome.out and "+ 75%" in outcome.out and "1 differences" in outcome.out
    (change,) = command("plan", "diff", before, after, "--json").json["changes"]
    assert (change["before"], change["after"]) == ("70%", "75%")
    assert command("plan", "diff", before, before).code == 0
