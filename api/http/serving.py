"""Putting a service together and running it: one process, one writer, everything loaded before the first request."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version as installed

import orjson
import uvicorn
from structlog.typing import FilteringBoundLogger

from api.http.app import create_app
from api.http.metrics import Metrics
from api.http.settings import Keys, Settings
from api.http.site import Site
from api.http.writer import Writer
from api.ledger.database import Database
from api.rules import Rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.answers import Answer
from api.service.explaining import Explainer
from api.service.group import Tools
from api.service.provenance import deciding, keep_deciding
from api.service.requests import Message
from api.service.service import Service
from api.service.world import SystemWorld, World
from api.wire.logs import LibraryLogs, logger_to
from api.wire.signing import Authentication, NoncesInMemory

READERS = 2
"""Threads that read: previews and questions, while one more thread writes."""

GRACE_SECONDS = 15
"""How long requests in work are waited for at the end."""

FINE, STOPPED = 0, 3


def make_site(
    database: Database,
    rules: Rules,
    keys: Keys,
    log: FilteringBoundLogger,
    failed: Callable[[Exception], None],
    world: World | None = None,
) -> Site:
    """Put a service together over a ledger that has its schema. failed: told when the writer had to stop."""
    world = world or SystemWorld()
    provenance = keep_deciding(database, deciding(rules))
    adjudicator = Adjudicator(setting_of(rules), rules.rulebook)
    tools = Tools(adjudicator, provenance, keys.identity, world)
    service, metrics = Service(database, tools), Metrics()

    def decide(messages: Sequence[Message]) -> list[Answer]:
        answers = service.submit(messages)
        metrics.groups.observe(len(messages))
        for answer in answers:
            metrics.messages.labels("replayed" if answer.replayed else answer.outcome).inc()
            if answer.cause is not None:
                log.error("not_done", exc_info=answer.cause)
        return answers

    writer = Writer(decide, failed)
    metrics.watch(lambda: writer.waiting)
    return Site(
        database=database,
        service=service,
        explainer=Explainer(database, adjudicator, rules.texts),
        authentication=Authentication(keys.credentials.get, NoncesInMemory()),
        writer=writer,
        readers=ThreadPoolExecutor(READERS, "reader"),
        world=world,
        metrics=metrics,
        log=log,
        version=_version(rules, provenance.engine, provenance.rules),
    )


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


def run(settings: Settings, database: Database, rules: Rules, keys: Keys, listening: Callable[[], None]) -> int:
    """Serve until told to stop; gives 3 when the ledger failed. listening: called once, before the first request."""
    log, stop = logger_to(sys.stderr.buffer), _Stop()
    logging.basicConfig(handlers=[LibraryLogs(log)], level=logging.WARNING, force=True)
    site = make_site(database, rules, keys, log, stop)
    config = uvicorn.Config(
        create_app(site),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    stop.server = uvicorn.Server(config)
    gc.collect()
    gc.freeze()  # catalogs and plans live as long as the process: collections need not look at them again
    listening()
    stop.server.run()
    if stop.failure is not None:
        log.error("stopped", exc_info=stop.failure)
        return STOPPED
    return FINE
