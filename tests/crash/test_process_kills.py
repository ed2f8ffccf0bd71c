"""The settling process is killed with SIGKILL at random moments under load, on SQLite, and started again."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from api.service.world import SystemWorld
from tests.conftest import Show
from tests.crash.clients import EVERYONE, Client, check_all, check_recent, new_clients, prove, told
from tests.crash.faults import FAULTS
from tests.crash.worker import settle_until_killed
from tests.service.office import open_office
from tests.simulator.hospital import ViolationError

LONGEST_LIFE_SECONDS, MOST_TOGETHER = 0.5, 16
LIVES_BETWEEN_PROOFS = 10
KILLS_TO_NOTICE = 25
"""Kills within which a fault must be noticed."""


def live_and_die(url: str, clients: Sequence[Client], chance: random.Random, fault: str) -> None:
    """One life of a process: groups of messages until it is killed, early or late."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.worker"])
    ours, theirs = context.Pipe()
    process = context.Process(target=settle_until_killed, args=(theirs, url, fault), daemon=True)
    process.start()
    theirs.close()
    killer = threading.Timer(chance.random() * LONGEST_LIFE_SECONDS, process.kill)
    killer.start()
    while True:
        asking = [chance.choice(clients) for _ in range(chance.randrange(1, MOST_TOGETHER + 1))]
        sent = [(client, client.next()) for client in asking]
        try:
            ours.send([message for _, message in sent])
            answers = ours.recv()
        except (EOFError, OSError):
            for client, message in sent:
                client.doubt(message)
            break
        for (client, message), answer in zip(sent, answers, strict=True):
            client.hear(message, answer)
    killer.join()
    process.join()
    ours.close()


def kills(folder: Path, count: int, seed: int, fault: str = "") -> str:
    """Kill so many times; after each everything acknowledged is there, and in the end everyone agrees."""
    office = open_office(folder, SystemWorld(), members=EVERYONE)
    clients, chance = new_clients(seed), random.Random(seed)
    url, database = office.database.engine.url.render_as_string(), office.database
    for number in range(1, count + 1):
        database.close()
        live_and_die(url, clients, chance, fault)
        check_recent(database, clients)
        if number % LIVES_BETWEEN_PROOFS == 0:
            prove(office.verify())
    for client in clients:
        for message in client.unanswered():
            client.hear(message, office.send(message))
    check_all(database, clients)
    report = office.verify()
    prove(report)
    database.close()
    return f"{count} kills of the process on SQLite: {told(clients, report)}"


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_a_killed_process_loses_nothing_it_has_acknowledged(count: int, tmp_path: Path, show: Show) -> None:
    show(kills(tmp_path, count, seed=count))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str, tmp_path: Path, show: Show) -> None:
    with pytest.raises(ViolationError) as noticed:
        kills(tmp_path, KILLS_TO_NOTICE, seed=1, fault=fault)
    show(f"{fault}: {str(noticed.value).splitlines()[0][:150]}")
