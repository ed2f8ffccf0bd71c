"""The service under load: `adjudicator serve` as a site runs it, hospitals that settle, and the ledger verified.

    python -m benchmarks.service_load --seconds 20 --persons 100000

First one client alone, plainly and with a stopwatch on every stage; then 32 and 64 at once, which is the load; on a
server of databases once more with two processes that serve.
The server and the hospitals are processes of their own on this machine and share its cores. Every settlement is signed,
its person found through the blind index, its answer durable before it is sent.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.service.handover import read_credentials
from benchmarks import machine
from benchmarks.service_claims import INSURED, Bill, bills, write_members
from benchmarks.service_client import Load, settle
from tests.databases import own_postgresql

HOST = "127.0.0.1"
CONNECTIONS, MORE_CONNECTIONS = 32, 64
PROCESSES = 2
"""That serve one ledger, where several may."""

SEED = 20_230_508
STARTING_SECONDS = 60
WARM_UP_SECONDS = 3.0
TICKS = os.sysconf("SC_CLK_TCK")
UNBOUNDED = 1_000_000
"""Requests a second of a key: more than there can be."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured in some seconds under load: settlements a second, milliseconds of an answer.

    processes: that serve. group: settlements of a transaction, on average. server, client, others: processor seconds a
    second of the processes that serve, of the hospitals, and of all else on the machine: the server of the database.
    """

    processes: int
    connections: int
    seconds: float
    settled: int
    rate: float
    group: float
    server: float
    client: float
    others: float
    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """A site's ledger with its file of keys; secrets: of the hospitals."""

    url: str
    folder: Path
    secrets: dict[str, bytes]

    @property
    def keys(self) -> Path:
        """Keys of identity data."""
        return self.folder / "keys.json"


def make_ledger(url: str, folder: Path, persons: int) -> Ledger:
    """Make a ledger with so many insured persons, by the commands a site uses."""
    ledger = Ledger(url, folder, {})
    own = ("--database-url", url, "--keys", str(ledger.keys))
    write_members(folder / "members.csv", persons)
    command("ledger", "init", *own)
    command("ledger", "load", *own, "--members", str(folder / "members.csv"))
    for hospital in {own.hospital for own in INSURED}:
        file = folder / f"{hospital}.json"
        whose = ("--role", "institution", "--institution", hospital)
        command("ledger", "key", "add", hospital, *own, *whose, "--out", str(file))
        ledger.secrets[hospital] = read_credentials(file)[hospital].secret
    return ledger


def command(*words: str) -> str:
    """Run a command of `adjudicator` and give what it prints."""
    done = subprocess.run([sys.executable, "-m", "api.cli", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout[-3_000:]} {done.stderr[-3_000:]}"
    return done.stdout


PROGRAM = ("api.cli",)


@contextmanager
def serving(ledger: Ledger, program: Sequence[str] = PROGRAM) -> Iterator[Server]:
    """Serve a ledger while the body runs. program: the module that serves, and what it is told first."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port = int(found.getsockname()[1])
    log = (ledger.folder / f"serve-{port}.log").open("wb")
    words = ["--database-url", ledger.url, "--keys", str(ledger.keys), "--port", str(port)]
    bound = {"ADJUDICATOR_REQUESTS_PER_SECOND": str(UNBOUNDED)}
    process = subprocess.Popen(
        [sys.executable, "-m", *program, "serve", *words], stdout=log, stderr=log, env=os.environ | bound
    )
    server = Server(port, process.pid)
    try:
        ends = time.monotonic() + STARTING_SECONDS
        while not server.ready():
            if time.monotonic() > ends or process.poll() is not None:
                raise RuntimeError((ledger.folder / f"serve-{port}.log").read_text("utf-8")[-2_000:])
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(STARTING_SECONDS)
        log.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A running service."""

    port: int
    process: int

    def ready(self) -> bool:
        """Say whether it can settle."""
        try:
            self._get("/ready")
        except OSError:
            return False
        return True

    def spent(self) -> tuple[float, float, float]:
        """Give so far: processor seconds, settlements, transactions."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / TICKS
        figures = dict(
            row.split() for row in self._get("/metrics").splitlines() if row.startswith("adjudicator_group_")
        )
        settled, groups = (float(figures[f"adjudicator_group_{name}"]) for name in ("sum", "count"))
        return seconds, settled, groups

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=1) as answer:
            found: str = answer.read().decode()
            return found


@dataclass
class Hospitals:
    """Send bills to a server; each bill once."""

    ledger: Ledger
    servers: Sequence[Server]
    bills: Iterator[Bill]

    def settle(self, seconds: float, connections: int) -> Window:
        """Settle for some seconds. Raises AssertionError when anything is not settled."""
        before, began = self._spent(), time.perf_counter()
        load = Load(HOST, [server.port for server in self.servers], self.ledger.secrets, self.bills, began + seconds)
        answers = settle(load, connections)
        seconds = time.perf_counter() - began
        assert set(answers.status) == {200}, answers.status
        server, settled, groups, client, everything = (self._spent() - before).tolist()
        taken = (np.array(answers.answered) - np.array(answers.sent)) * 1_000
        half, most, longest = np.percentile(taken, [50, 99, 100]).tolist()
        count = len(taken)
        return Window(
            processes=len(self.servers),
            connections=connections,
            seconds=seconds,
            settled=count,
            rate=count / seconds,
            group=settled / groups,
            server=server / seconds,
            client=client / seconds,
            others=(everything - server - client) / seconds,
            p50=half,
            p99=most,
            longest=longest,
        )

    def _spent(self) -> NDArray[np.float64]:
        """Give so far, of all servers: processor seconds, settlements, transactions; then processor seconds of this
        process and of the whole machine."""
        user, nice, system, _idle, _waiting, *interrupts = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
        everything = sum(map(int, (user, nice, system, *interrupts))) / TICKS
        return np.array([*np.sum([server.spent() for server in self.servers], axis=0), time.process_time(), everything])


def measure_stages(ledger: Ledger, found: Iterator[Bill], seconds: float) -> tuple[int, dict[str, float]]:
    """Give how many bills were settled for one client alone, and the median milliseconds of every stage; `http` is what
    is left of its median answer."""
    out = ledger.folder / "stages.json"
    with serving(ledger, ("benchmarks.service_stages", str(out))) as server:
        answered = Hospitals(ledger, [server], found).settle(seconds, 1)
    settlements = json.loads(out.read_text("utf-8"))[answered.settled // 2 :]  # the first are still warming up
    stages = {stage: statistics.median(one.get(stage, 0.0) for one in settlements) for stage in settlements[0]}
    left = answered.p50 - sum(stages.values())
    return answered.settled, {**stages, "http, threads": left, "in all": answered.p50}


def verify(url: str) -> dict[str, Any]:
    """Prove a ledger by the command a site uses; give what was counted."""
    counts: dict[str, Any] = json.loads(command("verify", "--database-url", url, "--json"))["counts"]
    return counts


def measure(url: str, persons: int, seconds: float) -> dict[str, Any]:
    """Measure a service over an empty database at an address, and verify the ledger."""
    with tempfile.TemporaryDirectory() as room:
        ledger, found = make_ledger(url, Path(room), persons), bills(persons, SEED)
        windows: list[Window] = []
        settled = 0
        several = PROCESSES if url.startswith("postgresql") else 1
        for processes in range(1, several + 1):
            with ExitStack() as stack:
                hospitals = Hospitals(ledger, [stack.enter_context(serving(ledger)) for _ in range(processes)], found)
                settled += hospitals.settle(WARM_UP_SECONDS, CONNECTIONS).settled
                if processes == 1:
                    windows.append(hospitals.settle(seconds / 4, 1))
                windows += [hospitals.settle(seconds, connections) for connections in (CONNECTIONS, MORE_CONNECTIONS)]
        alone, stages = measure_stages(ledger, found, seconds / 4)
        began = time.perf_counter()
        counts = verify(url)
        assert counts["journal"] == settled + alone + sum(window.settled for window in windows)
        return {
            "windows": [asdict(window) for window in windows],
            "stages": stages,
            "verified": counts,
            "verify_seconds": time.perf_counter() - began,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--database-url", help="an empty database; without it a file, and a database of the tests' server"
    )
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="file for the figures")
    asked = parser.parse_args()
    with ExitStack() as stack:
        urls = [asked.database_url]
        if not asked.database_url:
            room = stack.enter_context(tempfile.TemporaryDirectory())
            urls = [f"sqlite:///{room}/ledger.db", stack.enter_context(own_postgresql()).new_url()]
        found = {url.split(":")[0]: measure(url, asked.persons, asked.seconds) for url in urls}
    names = ("processes", "connections", "rate", "p50", "p99", "longest", "group", "server", "client", "others")
    print(" " * 20 + "".join(f"{name:>12}" for name in names))
    for name, figures in found.items():
        for one in figures["windows"]:
            print(f"{name:20}" + "".join(f"{one[column]:12.1f}" for column in names))
        for stage, milliseconds in figures["stages"].items():
            print(f"{'':20}{stage:40}{milliseconds:12.2f}")
        print(f"{'':20}verified in {figures['verify_seconds']:.0f} s: {figures['verified']}")
    if asked.out:
        about = {"machine": machine.describe(), "persons": asked.persons, "seed": SEED}
        asked.out.write_text(json.dumps({**about, **found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
