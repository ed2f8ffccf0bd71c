"""The client samples, run against a served sandbox over a line that loses a request and an answer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.http.lossy_line import lossy_line
from tests.http.served import free_port, need, serving

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "examples" / "clients"
COMMANDS = {
    "client.sh": ("bash", str(SAMPLES / "client.sh")),
    "client.py": (sys.executable, "-I", str(SAMPLES / "client.py")),
    "Client.java": ("java", str(SAMPLES / "Client.java")),
}
NEEDS = {"client.sh": ("bash", "curl", "openssl"), "client.py": (), "Client.java": ("java",)}
LATE_SECONDS = 2.0


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    folder, port = tmp_path_factory.mktemp("clients") / "sandbox", free_port()
    with serving(folder, port):
        yield folder, port


def run(sample: str, port: int) -> list[str]:
    setting = {"ADJUDICATOR_ADDRESS": f"http://127.0.0.1:{port}", "ADJUDICATOR_SECONDS": str(LATE_SECONDS / 2)}
    done = subprocess.run(
        COMMANDS[sample], env=os.environ | setting, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def rows(folder: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        return [kind for (kind,) in ledger.execute("SELECT kind FROM journal ORDER BY seq")]


@pytest.mark.parametrize("sample", COMMANDS)
def test_a_sample_settles_once_whatever_the_line_loses(sandbox: tuple[Path, int], sample: str) -> None:
    need(*NEEDS[sample])
    folder, port = sandbox
    before = len(rows(folder))
    with lossy_line(port, LATE_SECONDS) as (line, lost):
        printed = run(sample, line)
    assert lost == ["request", "answer"]
    assert [text.split(":")[0] for text in printed if "no answer" in text] == ["POST     no answer"] * 2
    assert "GET      404" in printed
    steps = [text for text in printed if text.split()[0] in ("preview", "settle", "find", "mistakes", "reverse")]
    assert steps == [
        "preview  200 cash 2160.00",
        "settle   200 cash 2160.00",
        "find     200 the same bytes",
        "mistakes 422 REQUEST_NOT_VALID",
        "reverse  200 reversed true",
    ]
    assert all(
        code in "\n".join(printed) for code in ("/visit", "NULL_NOT_ALLOWED", "/total", "TOTAL_NOT_SUM_OF_LINES")
    )
    assert rows(folder)[before:] == ["SETTLE", "REVERSE"]
