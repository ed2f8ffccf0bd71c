"""`adjudicator serve`, as a user starts it: the line it prints works, and what it answered survives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.http.protocol import without_offer
from api.http.settings import SANDBOX_SECRET
from api.http.situations import SITUATIONS
from tests.http.served import free_port, serving, signing_lines
from tests.persons import names_a_person


def call(line: str) -> dict[str, object]:
    """Run a line as the shell of a user would."""
    shell = f'adjudicator() {{ "{sys.executable}" -m api.cli "$@"; }}; {line}'
    answer = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout
    said: dict[str, object] = json.loads(answer)
    return said


def setting(port: int) -> str:
    """What the documented lines are run with."""
    return f"ADDRESS=http://127.0.0.1:{port} KEY=sandbox SECRET={SANDBOX_SECRET.hex()}"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_the_printed_line_works_and_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    folder, port = tmp_path / "sandbox", free_port()
    with serving(folder, port) as process:
        (line,) = re.findall(r"^ .*adjudicator sign .* \| curl -sK -$", (folder / "out").read_text(), re.MULTILINE)
        assert call(line)["cash"] == "2160.00"
        assert call(line)["cash"] == "2160.00"
        assert call(f"{setting(port)}; {signing_lines()[0]}") == {"person_seq": 0, "counters": []}
        claim = folder / "claim-1.json"
        claim.write_text(json.dumps({**SITUATIONS[0].claim, "message_id": "M1"}))
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
    assert not names_a_person((folder / "err").read_text())


def test_a_second_server_is_refused_before_it_says_that_it_listens(tmp_path: Path) -> None:
    folder, port = tmp_path / "sandbox", free_port()

    def second(*words: str) -> str:
        command = [sys.executable, "-m", "api.cli", "serve", *words]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | {"LANG": "C.UTF-8"})
        assert (run.returncode, run.stdout) == (2, "")
        return run.stderr

    with serving(folder, port):
        same_ledger = second("--folder", str(folder), "--port", str(free_port()))
        assert "another process serves this ledger" in same_ledger
        same_port = second("--folder", str(tmp_path / "other"), "--port", str(port))
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in same_port
    with serving(folder, port):
        pass  # whoever comes after it may


def test_an_offer_to_go_on_in_http_2_is_passed_over() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nupgrade:  H2C \r\nConnection: Upgrade, HTTP2-Settings"
    body = b'\r\n\r\n{"a":\r\nUpgrade: h2c\r\n}'
    rest = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings"
    assert without_offer(head.replace(b"H2C", b"h2c") + body) == rest + body
    assert without_offer(head + body) == rest + body
    other = b"GET / HTTP/1.1\r\nUpgrade: h2c, websocket\r\nX: h2c\r\n\r\n"
    assert without_offer(other) == other
