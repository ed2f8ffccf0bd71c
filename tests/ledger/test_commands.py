"""The commands of the ledger, from an empty folder to a proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from tests.databases import Databases
from tests.service.office import MEMBERS

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    monkeypatch.chdir(tmp_path)
    url = ("--database-url", databases.new_url())

    def command(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, *url, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


def test_a_ledger_is_made_filled_sealed_and_proved(run: Run, tmp_path: Path) -> None:
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["keys_made"]) == (0, True)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["changed"], said["rejected"]) == (0, 5, 0, 0)
    (tmp_path / "members.csv").write_text(MEMBERS.replace("retired", "in_service"), encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["changed"], said["unchanged"]) == (0, 0, 1, 4)
    assert run("ledger", "seal") == (0, {"anchor": None})
    code, said = run("verify")
    assert (code, said["sound"], said["findings"]) == (0, True, [])


def test_a_second_init_keeps_everything(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    keys = (tmp_path / "keys.json").read_bytes()
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["keys_made"]) == (0, False)
    assert (tmp_path / "keys.json").read_bytes() == keys


def test_a_members_row_that_cannot_be_read_leaves_its_person_out(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    (tmp_path / "members.csv").write_text(MEMBERS.replace("1980-03-01", "1980-13-01"), encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["rejected"]) == (1, 4, 1)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite://", "LEDGER_IN_MEMORY"),
        ("sqlite:///:memory:", "LEDGER_IN_MEMORY"),
        ("mysql://x/y", "LEDGER_DATABASE_UNKNOWN"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "LEDGER_NOT_REACHED"),
        ("sqlite:///ledger.db", "LEDGER_OTHER_SCHEMA"),
    ],
)
def test_a_ledger_that_could_lose_or_lacks_something_is_refused(
    url: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "--database-url", url, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_keys_of_another_form_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"current": "1", "keys": {"1": "00"}, "index_key": ""}')
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["error"]["code"]) == (2, "KEYS_NOT_READ")
