"""A whole PostgreSQL server is killed with SIGKILL under load and started again; services go on as they can."""

from __future__ import annotations

import random
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from api.ledger.database import OutcomeUnknownError, open_database
from api.ledger.database import postgresql as production
from api.service.service import Service
from api.service.world import SystemWorld
from tests.conftest import Show
from tests.crash.clients import EVERYONE, Client, check_all, check_recent, new_clients, prove, told
from tests.crash.cluster import Cluster, own_cluster
from tests.service.office import Office, open_office
from tests.simulator.hospital import ViolationError

LONGEST_LIFE_SECONDS = 3.0
SERVICES = 4
"""Processes' worth of services that settle at once, each for two hospitals."""


def settle(office: Office, clients: list[Client], over: threading.Event, failures: list[BaseException]) -> None:
    """One service with connections of its own, over whatever becomes of the server."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    try:
        with closing(open_database(url)) as database:
            service = Service(database, office.tools)
            while not over.is_set():
                sent = [(client, client.next()) for client in clients for _ in range(client.chance.randrange(1, 4))]
                try:
                    answers = service.submit([message for _, message in sent])
                except OutcomeUnknownError:
                    for client, message in sent:
                        client.doubt(message)
                    continue
                for (client, message), answer in zip(sent, answers, strict=True):
                    client.hear(message, answer)
    except BaseException as failure:
        failures.append(failure)


def one_life(office: Office, clients: list[Client], cluster: Cluster, seconds: float) -> None:
    """Let all services settle for a while, kill the server under them, and start it again."""
    over, failures = threading.Event(), list[BaseException]()
    groups = [clients[place::SERVICES] for place in range(SERVICES)]
    threads = [threading.Thread(target=settle, args=(office, group, over, failures)) for group in groups]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    cluster.kill()
    over.set()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    cluster.start()
    office.database.close()


def kills(folder: Path, count: int, seed: int, **settings: str) -> str:
    """Kill the server so many times; after each everything acknowledged is there, and in the end everyone agrees."""
    chance, clients = random.Random(seed), new_clients(seed)
    with own_cluster(**settings) as cluster:
        office = open_office(folder, SystemWorld(), members=EVERYONE, url=cluster.url)
        with closing(office.database) as database:
            for _ in range(count):
                one_life(office, clients, cluster, 0.5 + chance.random() * LONGEST_LIFE_SECONDS)
                check_recent(database, clients)
            for client in clients:
                for message in client.unanswered():
                    client.hear(message, office.send(message))
            check_all(database, clients)
            report = office.verify()
            prove(report)
    return f"{count} kills of PostgreSQL: {told(clients, report)}"


@pytest.mark.slow
def test_a_killed_server_loses_nothing_it_has_acknowledged(tmp_path: Path, show: Show) -> None:
    show(kills(tmp_path, 10, seed=10))


@pytest.mark.slow
def test_a_server_that_answers_before_it_has_written_is_noticed(
    tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a server is refused when a ledger is opened; here it is not."""
    monkeypatch.setattr(production, "DURABLE", {})
    with pytest.raises(ViolationError) as noticed:
        kills(tmp_path, 3, seed=1, synchronous_commit="off", wal_writer_delay="10s")
    show(f"synchronous_commit = off: {str(noticed.value).splitlines()[0][:150]}")
