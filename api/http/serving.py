"""Putting a service together and running it: one process, one writer, everything loaded before the first request."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version as installed
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

import orjson
import uvicorn
from structlog.typing import FilteringBoundLogger

from api.failures import CannotRunError
from api.http.app import create_app
from api.http.background import Background
from api.http.clock import MovedClock
from api.http.limits import Rates, Room
from api.http.metrics import Metrics
from api.http.nonces import Nonces
from api.http.protocol import Protocol
from api.http.settings import REQUESTS_PER_SECOND, Keys, Settings
from api.http.site import Site
from api.http.upkeep import Upkeep
from api.http.writer import Writer
from api.ledger.database import Database
from api.rules import Rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.answers import Answer
from api.service.balances import Balances
from api.service.explaining import Explainer
from api.service.group import Tools
from api.service.jobs import Jobs
from api.service.provenance import deciding, keep_deciding
from api.service.readjudicating import Readjudication
from api.service.reconciling import Reconciler
from api.service.requests import Message
from api.service.service import Service
from api.service.signers import KnownKeys
from api.service.verifiers import installed_verifiers
from api.service.world import SystemWorld, World
from api.wire.logs import LibraryLogs, logger_to
from api.wire.signing import Authentication, Credential

READERS = 2
"""Threads that read: previews and questions, while one more thread writes."""

GRACE_SECONDS = 15
"""How long requests in work are waited for at the end."""

COLLECTED_TOGETHER = 50_000
"""Objects made between two looks for garbage, more than a group leaves at any moment: nearly all go by themselves, and
looking at those that are still in use took a tenth of the time."""

FINE, STOPPED = 0, 3


def make_site(
    database: Database,
    rules: Rules,
    keys: Keys,
    log: FilteringBoundLogger,
    failed: Callable[[Exception], None],
    world: World | None = None,
    requests_per_second: float = REQUESTS_PER_SECOND,
    clock: MovedClock | None = None,
) -> Site:
    """Put a service together over a ledger that has its schema. failed: told when the writer had to stop. clock: what
    a sandbox settles by; requests are signed by the world's."""
    world = world or SystemWorld()
    nonces = Nonces(database, world)
    nonces.recall()
    verifiers = installed_verifiers()
    find, look = _signers(database, keys, verifiers, log, world)
    provenance = keep_deciding(database, deciding(rules))
    adjudicator = Adjudicator(setting_of(rules), rules.rulebook)
    tools = Tools(adjudicator, provenance, keys.identity, clock or world)
    service, metrics = Service(database, tools), Metrics()

    def decide(messages: Sequence[Message]) -> list[Answer]:
        answers = service.submit(messages)
        metrics.groups.observe(len(messages))
        for answer in answers:
            metrics.messages.labels("replayed" if answer.replayed else answer.outcome).inc()
            if answer.cause is not None:
                log.error("not_done", exc_info=answer.cause)
        return answers

    balances = Balances(database, adjudicator, provenance, keys.identity, tools.world)
    jobs = Jobs(database, Readjudication(database, adjudicator, provenance, tools.world), keys.identity, world)
    writer = Writer(decide, failed)
    metrics.watch(lambda: writer.waiting)
    return Site(
        database=database,
        service=service,
        explainer=Explainer(database, adjudicator, rules.texts),
        reconciler=Reconciler(database),
        authentication=Authentication(find, verifiers),
        nonces=nonces,
        rates=Rates(requests_per_second),
        room=Room(),
        upkeep=Upkeep((look, nonces.tidy), lambda failure: log.error("upkeep", exc_info=failure)),
        writer=writer,
        balances=balances,
        jobs=jobs,
        background=Background(jobs, lambda failure: log.error("job", exc_info=failure)),
        readers=ThreadPoolExecutor(READERS, "reader"),
        world=world,
        metrics=metrics,
        log=log,
        version=_version(rules, provenance.engine, provenance.rules),
        clock=clock,
    )


def _signers(
    database: Database, keys: Keys, algorithms: Collection[str], log: FilteringBoundLogger, world: World
) -> tuple[Callable[[str], Credential | None], Callable[[], None]]:
    """Give what finds a credential, and what looks for changes. Raises CannotRunError for a key that is not trusted."""
    if keys.credentials is not None:
        return keys.credentials.get, lambda: None
    known = KnownKeys(database, keys.identity, world, algorithms)
    if refused := known.look():
        raise CannotRunError("SERVE_KEYS_REFUSED", keys=", ".join(refused))

    def look() -> None:
        for key_id in known.look():
            log.error("key_refused", key_id=key_id)

    return known.find, look


def _version(rules: Rules, engine: str, kept: str) -> bytes:
    plans = {program.name: program.digest for program in rules.programs}
    tables = rules.tables.digest if rules.tables else ""
    said = {"version": installed("adjudicator"), "engine": engine, "rules": kept, "tables": tables, "plans": plans}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


@dataclass
class _Stop:
    """Ends the server from the writer's thread; `failure` is why."""

    server: uvicorn.Server | None = None
    failure: Exception | None = None

    def __call__(self, failure: Exception) -> None:
        self.failure = failure
        if self.server is not None:
            self.server.should_exit = True


def server_config(site: Site, host: str, port: int) -> uvicorn.Config:
    """Say how a site is served."""
    return uvicorn.Config(
        create_app(site),
        host=host,
        port=port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def bound_socket(host: str, port: int) -> socket:
    """Take an address, before anything is loaded. Raises CannotRunError where it is taken or not this machine's."""
    family = AF_INET6 if ":" in host else AF_INET
    taken = socket(family, SOCK_STREAM)
    try:
        taken.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        taken.bind((host, port))  # nobody is answered before it listens, when all is loaded
    except OSError as failure:
        taken.close()
        address, problem = f"{host}:{port}", failure.strerror or str(failure)
        raise CannotRunError("SERVE_ADDRESS_NOT_TAKEN", address=address, problem=problem) from None
    return taken


def run(
    settings: Settings,
    database: Database,
    rules: Rules,
    keys: Keys,
    taken: socket,
    listening: Callable[[Site], None],
) -> int:
    """Serve at a socket until told to stop; gives 3 when the ledger failed. listening: called once, before the first
    request."""
    log, stop = logger_to(sys.stderr.buffer), _Stop()
    logging.basicConfig(handlers=[LibraryLogs(log)], level=logging.WARNING, force=True)
    clock = MovedClock(SystemWorld()) if settings.sandbox else None
    site = make_site(database, rules, keys, log, stop, requests_per_second=settings.requests_per_second, clock=clock)
    stop.server = uvicorn.Server(server_config(site, settings.host, settings.port))
    gc.collect()
    gc.freeze()  # catalogs and plans live as long as the process: collections need not look at them again
    gc.set_threshold(COLLECTED_TOGETHER)
    listening(site)
    stop.server.run(sockets=[taken])
    if stop.failure is not None:
        log.error("stopped", exc_info=stop.failure)
        return STOPPED
    return FINE
