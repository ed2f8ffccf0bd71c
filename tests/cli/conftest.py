"""Runs the command line inside the test process and catches what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from tests.cli.files import write_files


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Outcome]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    for name in ("ADJUDICATOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        caught = capsys.readouterr()
        return Outcome(code, caught.out, caught.err)

    return run


@dataclass
class Settled:
    folder: Path
    claims: Path
    members: Path
    plan: Path
    out: Path
    outcome: Outcome


@pytest.fixture
def settled(tmp_path: Path, command: Command) -> Settled:
    """A small file settled into tmp_path/out in all formats."""
    claims, members, plan = write_files(tmp_path)
    out = tmp_path / "out"
    formats = [word for kind in ("csv", "parquet", "jsonl") for word in ("--format", kind)]
    outcome = command("settle", claims, "--members", members, "--plans", plan, "--out", out, *formats)
    return Settled(tmp_path, claims, members, plan, out, outcome)
