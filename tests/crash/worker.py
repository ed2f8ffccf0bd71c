"""A process that settles groups of messages until it is killed."""

from __future__ import annotations

from multiprocessing.connection import Connection

from api.ledger.database import open_database
from api.service.group import Tools
from api.service.service import Service
from api.service.world import SystemWorld
from tests.crash.faults import plant
from tests.service.office import KEYRING, rules_of

rules_of("beijing")  # once, in the process that the others are forked from


def settle_until_killed(pipe: Connection, url: str, fault: str) -> None:
    """Open the ledger at `url` and answer what comes through the pipe."""
    plant(fault)
    _, kept, adjudicator = rules_of("beijing")
    service = Service(open_database(url), Tools(adjudicator, kept.provenance, KEYRING, SystemWorld()))
    while True:
        pipe.send(service.submit(pipe.recv()))
