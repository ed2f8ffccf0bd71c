"""`adjudicator serve` is killed with SIGKILL under load and started again, while hospitals go on over HTTP."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from api.ledger.database import Database, open_database
from api.ledger.migrating import migrate
from api.ledger.verify.report import Report
from api.ledger.verify.verifying import verify
from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.keys import make_keys, read_keys
from api.service.loading import load_institutions, load_members
from api.service.provenance import deciding
from api.service.requests import Principal, Role
from api.service.signers import NewKey, add_key
from api.service.world import SystemWorld
from api.wire.signing import Credential
from tests.conftest import Show
from tests.crash.clients import CODES, EVERYONE, Client, check_all, check_recent, new_clients, prove, told
from tests.crash.faults import FAULTS
from tests.crash.wire import NoAnswerError, Wire
from tests.databases import Databases
from tests.http.served import PATIENCE_SECONDS, free_port, is_ready
from tests.simulator.hospital import ViolationError

LONGEST_LIFE_SECONDS, PAUSE_SECONDS = 1.5, 0.02
KILLS_TO_NOTICE, LIVES_BETWEEN_PROOFS = 15, 2
UNBOUNDED = {"ADJUDICATOR_REQUESTS_PER_SECOND": "1000000"}
COMMAND = "import sys; from tests.crash.faults import plant; plant(sys.argv.pop(1)); from api.cli import main; main()"


class Site:
    """A service with keys of its own, over a ledger of its own, and those who use it."""

    def __init__(self, folder: Path, url: str, seed: int, fault: str = "") -> None:
        self.folder, self.url, self.fault, self.port = folder, url, fault, free_port()
        self.keys = folder / "keys.json"
        self.chance = random.Random(seed)
        self.clients = new_clients(seed)
        make_keys(self.keys)
        (folder / "members.csv").write_text(EVERYONE, encoding="utf-8")
        self.rules = load_rules()
        with self.database() as database:
            migrate(database)
            load_institutions(database, self.rules.tables)
            load_members(database, folder / "members.csv", read_keys(self.keys), SystemWorld())
            self.credentials = {code: self._new_key(database, code) for code in CODES}

    def _new_key(self, database: Database, code: str) -> Credential:
        world = SystemWorld()
        new = NewKey(Principal(code, code, Role.INSTITUTION), "hmac-sha256", world.now_ms())
        return add_key(database, read_keys(self.keys), world, "test", new)

    def wire(self, client: Client) -> closing[Wire]:
        return closing(Wire(self.port, self.credentials[client.hospital.code]))

    def database(self) -> closing[Database]:
        return closing(open_database(self.url))

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command; it takes some seconds until it listens."""
        words = ["serve", "--database-url", self.url, "--keys", str(self.keys), "--port", str(self.port)]
        program = ["-c", COMMAND, self.fault] if self.fault else ["-m", "api.cli"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *program, *words], stdout=log, stderr=log, env=os.environ | UNBOUNDED
            )

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the command, wait until it listens, and kill it in the end."""
        process = self.start()
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not is_ready(self.port):
                assert process.poll() is None and time.monotonic() < deadline, self.log()
                time.sleep(PAUSE_SECONDS)
            yield process
        finally:
            process.kill()
            process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text()[-2000:]

    def verify(self) -> Report:
        adjudicator = Adjudicator(setting_of(self.rules), self.rules.rulebook)
        with self.database() as database:
            return verify(database, adjudicator, deciding(self.rules).provenance)


def ask(client: Client, site: Site, over: threading.Event, failures: list[BaseException]) -> None:
    """What one hospital does all day: send, wait for the answer, whoever dies meanwhile."""
    message = client.next()
    try:
        with site.wire(client) as wire:
            while not over.is_set():
                try:
                    client.hear(message, wire.send(message))
                except ConnectionRefusedError:
                    time.sleep(PAUSE_SECONDS)
                    continue
                except NoAnswerError:
                    client.doubt(message)
                message = client.next()
    except BaseException as failure:
        failures.append(failure)


def come_to_rest(site: Site) -> None:
    """Every hospital asks until it knows."""
    for client in site.clients:
        with site.wire(client) as wire:
            for message in client.unanswered():
                client.hear(message, wire.send(message))


def kills(folder: Path, databases: Databases, count: int, seed: int, fault: str = "") -> str:
    """Kill so many times while everyone goes on; between the lives what was acknowledged is there."""
    site, failures = Site(folder, databases.new_url(), seed, fault), list[BaseException]()
    for number in range(1, count + 1):
        over = threading.Event()
        asking = [threading.Thread(target=ask, args=(client, site, over, failures)) for client in site.clients]
        with site.serving():
            for thread in asking:
                thread.start()
            time.sleep(site.chance.random() * LONGEST_LIFE_SECONDS)
        over.set()
        for thread in asking:
            thread.join()
        if failures:
            raise failures[0]
        with site.database() as database:
            check_recent(database, site.clients)
        if number % LIVES_BETWEEN_PROOFS == 0:
            prove(site.verify())
    with site.serving():
        come_to_rest(site)
    with site.database() as database:
        check_all(database, site.clients)
    report = site.verify()
    prove(report)
    return f"{count} kills of the service, {databases.name}: {told(site.clients, report)}"


@pytest.mark.slow
def test_a_killed_service_loses_nothing_it_has_acknowledged(databases: Databases, tmp_path: Path, show: Show) -> None:
    """Twenty in all. One is among the fast tests, with the printed line (`tests/http/test_serving.py`)."""
    show(kills(tmp_path, databases, 10, seed=10))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str, databases: Databases, tmp_path: Path, show: Show) -> None:
    with pytest.raises(ViolationError) as noticed:
        kills(tmp_path, databases, KILLS_TO_NOTICE, seed=1, fault=fault)
    show(f"{fault}, {databases.name}: {str(noticed.value).splitlines()[0][:150]}")
