"""A PostgreSQL server of a test's own, which may be killed: its whole cluster lives in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from tests.databases import DRIVER
from tests.http.served import free_port
from tests.leaks import leaking, leaking_tables

INSTALLED = "/usr/lib/postgresql/*/bin"
SERVANTS = ("postgres", "nobody")
"""Users that a server may run as where the tests run as root, which it refuses."""

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.05


def programs() -> Path:
    """Give the folder of the server's programs. Skips where there are none; in CI they must be there."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/").glob(f"{INSTALLED[1:]}/initdb"))
    if folders:
        return folders[-1] if found else folders[-1].parent
    message = f"no initdb on the path or in {INSTALLED}: the PostgreSQL server that is killed cannot be made"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@dataclass
class Cluster:
    """A server on a port of its own. settings: what differs from a new cluster."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.programs, self.port, self.user = programs(), free_port(), None
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = next(name for name in SERVANTS if name in names)
            shutil.chown(self.folder, self.user)
        options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "-D", str(self.data)]
        self._run("initdb", *options)

    @property
    def url(self) -> str:
        """URL of its database."""
        return f"{DRIVER}://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it has recovered and answers."""
        own = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        options = [word for name, value in own.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=self.user, cwd=self.folder)
        engine, deadline = create_engine(self.url), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                engine.connect().close()
                break
            except OperationalError:
                assert self.process.poll() is None and time.monotonic() < deadline, self.log()
                time.sleep(PAUSE_SECONDS)
        engine.dispose()

    def kill(self) -> None:
        """Kill the server with all its processes, as a machine does that stops: nobody can tidy up or write on."""
        assert self.process is not None
        if self.process.poll() is not None:
            return
        os.kill(self.process.pid, signal.SIGSTOP)  # it starts no other process now
        until(lambda: state(self.process.pid) == "T")
        servants = children(self.process.pid)
        for process in servants:
            os.kill(process, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        until(lambda: all(state(process) in GONE for process in servants))

    def log(self) -> str:
        return (self.folder / "log").read_text()[-2000:]

    def _run(self, program: str, *words: str) -> None:
        command = [str(self.programs / program), *words]
        subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=self.folder)


GONE = ("", "Z", "X")


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(PAUSE_SECONDS / 10)


def status(process: int) -> tuple[str, int]:
    """Give the state of a process and who started it; nothing of one that is not there."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return words[0], int(words[1])


def state(process: int) -> str:
    return status(process)[0]


def children(parent: int) -> list[int]:
    """Give the processes that a process has started and that live."""
    everyone = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    found = {process: status(process) for process in everyone}
    return [process for process, (state, owner) in found.items() if owner == parent and state not in GONE]


@contextmanager
def own_cluster(**settings: str) -> Iterator[Cluster]:
    """Make a cluster and start its server; kill it in the end.

    Raises AssertionError before where an identity number stands in its tables or files, be it in its log.
    Its folder is none of pytest's: those are closed to other users, again whenever another pytest begins.
    """
    with TemporaryDirectory(prefix="adjudicator-cluster-", ignore_cleanup_errors=True) as name:
        cluster = Cluster(Path(name), settings)
        cluster.start()
        try:
            yield cluster
            engine = create_engine(cluster.url)
            found = [*leaking_tables(engine), *leaking(cluster.folder)]
            engine.dispose()
            assert not found, found
        finally:
            cluster.kill()
