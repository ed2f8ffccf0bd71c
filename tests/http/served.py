"""A sandbox in a process of its own, as `adjudicator serve` starts it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_SECONDS = 90


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def need(*programs: str) -> None:
    """Skip where a program is missing; in CI it must be there."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"needs {', '.join(missing)}")
    assert missing == []


def signing_lines() -> list[str]:
    """The lines of docs/api.md that sign with nothing but openssl: a request with a secret, and a text with SM2."""
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)```", page, re.DOTALL)


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A sandbox, ready; its output goes to files in the folder."""
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
