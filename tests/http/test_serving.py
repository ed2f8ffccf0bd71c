"""`adjudicator serve`, as a user starts it: the line it prints works, and what it answered survives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.http.sandbox import CLAIM
from api.http.settings import SANDBOX_SECRET
from api.wire.identity_numbers import holds_identity_number

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A sandbox in a process of its own, ready; its output goes to files in the folder."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "api.cli", "serve", "--folder", str(folder), "--port", str(port)]
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not is_ready(port):
                assert process.poll() is None, (folder / "err").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield process
        finally:
            process.kill()
            process.wait()


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def call(line: str) -> dict[str, object]:
    """Run a line as the shell of a user would, with this Python's command."""
    shell = f'adjudicator() {{ "{sys.executable}" -m api.cli "$@"; }}; {line}'
    answer = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout
    said: dict[str, object] = json.loads(answer)
    return said


def setting(port: int) -> str:
    """What the documented lines are run with."""
    return f"ADDRESS=http://127.0.0.1:{port} KEY=sandbox SECRET={SANDBOX_SECRET.hex()}"


def documented() -> str:
    """The lines of docs/api.md that sign a request with nothing but openssl."""
    (lines,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)
    return str(lines)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_the_printed_line_works_and_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    folder, port = tmp_path / "sandbox", free_port()
    with serving(folder, port) as process:
        printed = " ".join((folder / "out").read_text().split())
        (line,) = re.findall(r"adjudicator sign .*? \| curl -sK -", printed)
        assert call(line)["cash"] == "2160.00"
        assert call(line)["cash"] == "2160.00"
        assert call(f"{setting(port)}; {documented()}") == {"person_seq": 0, "counters": []}
        claim = folder / "claim-1.json"
        claim.write_text(json.dumps({**CLAIM, "message_id": "M1"}))
        settle = f"adjudicator sign POST http://127.0.0.1:{port}/v1/settlements {claim} | curl -sK -"
        settled = call(settle)
        assert settled["cash"] == "2160.00"
        process.kill()
        process.wait()
    with serving(folder, port) as process:
        assert call(settle) == settled
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM, "it ends what it has begun, then as it was told"
    assert '"event":"answered"' in (folder / "err").read_text()
    assert "S0000001" not in (folder / "err").read_text()
    assert not holds_identity_number((folder / "err").read_text())
