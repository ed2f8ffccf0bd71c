"""What the handlers work with, and how they receive a request: read whole, signed, and by a role that may ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response
from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect
from structlog.typing import FilteringBoundLogger

from api.http.background import Background
from api.http.clock import MovedClock
from api.http.limits import Rates, Room, Stay
from api.http.metrics import Metrics
from api.http.nonces import Nonces
from api.http.upkeep import Upkeep
from api.http.writer import Writer
from api.ledger.audit import write_audit
from api.ledger.database import Database
from api.ledger.rows import AuditRow
from api.service.answers import Answer
from api.service.balances import Balances
from api.service.explaining import Explainer
from api.service.jobs import Jobs
from api.service.reconciling import Reconciler
from api.service.requests import Message, Nonce, Principal, Role
from api.service.requests import Request as Asked
from api.service.service import Service
from api.service.world import World
from api.wire.decoding import LARGEST_BODY
from api.wire.problems import RequestError, refuse
from api.wire.signing import Attempt, Authentication

BODY_SECONDS = 10.0
"""A body that takes longer to arrive is not waited for."""

Found = TypeVar("Found")


class Json(Response):
    """An answer in JSON: bytes go out as they stand, anything else is written."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Give the body."""
        return content if isinstance(content, bytes) else orjson.dumps(content)


@dataclass(frozen=True, slots=True)
class Site:
    """One running service. version: what `/version` says. clock: of a sandbox. readers: threads that read the ledger.

    nonces, rates, room: what bounds those who ask. upkeep, background: what is done beside requests, every second and
    as jobs of the agency.
    """

    database: Database
    service: Service
    explainer: Explainer
    reconciler: Reconciler
    authentication: Authentication
    nonces: Nonces
    rates: Rates
    room: Room
    upkeep: Upkeep
    writer: Writer
    balances: Balances
    jobs: Jobs
    background: Background
    readers: ThreadPoolExecutor
    world: World
    metrics: Metrics
    log: FilteringBoundLogger
    version: bytes
    clock: MovedClock | None = None

    def start(self) -> None:
        """Begin to work."""
        self.writer.start()
        self.upkeep.start()

    def close(self) -> None:
        """Finish what is begun, and stop."""
        self.background.close()
        self.writer.close()
        self.upkeep.close()
        self.nonces.close()
        self.readers.shutdown()

    def answers(self) -> bool:
        """Say whether the ledger can be read."""
        try:
            with self.database.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return False
        return True

    async def audit(self, row: AuditRow) -> None:
        """Write down what the agency asked, before it is answered."""
        await self.read(partial(self._audit, row))

    def _audit(self, row: AuditRow) -> None:
        with self.database.write() as connection:
            write_audit(connection, row)

    async def read(self, reading: Callable[[], Found]) -> Found:
        """Have something read from the ledger without holding up other requests."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, reading)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose sender is known. nonce: what other processes may have seen before."""

    site: Site
    principal: Principal
    body: bytes
    nonce: Nonce | None

    async def share_nonce(self) -> None:
        """Have the nonce kept by all processes. Raises RequestError where another has seen it, or nobody knows."""
        if self.nonce is not None and not await self.site.nonces.share(self.nonce):
            raise refuse("NONCE_USED")


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Receives requests that a key of one of some roles has signed."""

    roles: tuple[Role, ...]

    async def __call__(self, request: Request) -> Signed:
        """Receive a request. Raises RequestError."""
        signed = await self._received(request)
        await signed.share_nonce()
        self._check(request, signed)
        return signed

    async def submit(self, request: Request, read: Callable[[bytes], tuple[str, Asked]]) -> Answer:
        """Receive a message and have it decided; its nonce is kept with what becomes of it. Raises RequestError.

        read: reads its id and what it asks for. Where it comes to nothing, its nonce is used up all the same.
        """
        signed = await self._received(request)
        try:
            self._check(request, signed)
            message_id, asked = read(signed.body)
            answer = await signed.site.writer.submit(Message(signed.principal, message_id, asked, signed.nonce))
        except RequestError as refused:
            if refused.problem.code != "OUTCOME_PENDING":  # that message is still to be decided, with its nonce
                await signed.share_nonce()
            raise
        if answer.outcome == "repeated":
            raise refuse("NONCE_USED")
        if answer.outcome == "failed":
            await signed.share_nonce()
        return answer

    async def _received(self, request: Request) -> Signed:
        """Receive a request whose signature fits, that this process has not seen before, and not too often."""
        site: Site = request.app.state.site
        scope = request.scope
        stay: Stay = scope["state"]["stay"]
        body = await whole_body(request.stream(), request.headers.get("content-length", ""), stay.hold)
        attempt = Attempt(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            body,
            scope["headers"],
        )
        principal, nonce = self._sender(site, attempt, scope["state"])
        return Signed(site, principal, body, nonce)

    def _check(self, request: Request, signed: Signed) -> None:
        """Refuse a sender who may not ask this, and a body of another type."""
        role = signed.principal.role
        if role not in self.roles:
            raise refuse("NOT_ALLOWED", role=role.value, roles=", ".join(self.roles))
        if signed.body and request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise refuse("BODY_OF_OTHER_TYPE")

    @staticmethod
    def _sender(site: Site, attempt: Attempt, state: dict[str, Any]) -> tuple[Principal, Nonce | None]:
        """Give who sends: the signature fits, comes for the first time, and not too often.

        Whoever recorded a request cannot use up what its sender may ask, nor the sender the table of nonces.
        """
        now = site.world.now_ms() // 1000
        sender = site.authentication.sender(attempt, now)
        state["principal"] = sender.principal
        if site.nonces.is_kept(sender.nonce, now):
            raise refuse("NONCE_USED")
        site.rates.take(sender.principal.key_id)
        return sender.principal, site.nonces.keep(sender.nonce, now)


async def whole_body(stream: AsyncIterator[bytes], declared: str, hold: Callable[[int], None]) -> bytes:
    """Read a body, no further than the largest one there may be. hold: told of every part. Raises RequestError."""
    if declared.isdecimal() and int(declared[:20]) > LARGEST_BODY:
        raise refuse("BODY_TOO_LARGE", largest=LARGEST_BODY)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in stream:
                size += len(part)
                if size > LARGEST_BODY:
                    raise refuse("BODY_TOO_LARGE", largest=LARGEST_BODY)
                hold(len(part))
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        raise refuse("BODY_TOO_SLOW", seconds=int(BODY_SECONDS)) from None
    return b"".join(parts)
