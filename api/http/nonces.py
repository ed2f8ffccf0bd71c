"""Nonces of signed requests: each comes once in twice the window, whichever process of the ledger it comes to.

A nonce needs no commit of its own that waits for a disk: what takes effect is guarded by its message id, which is
committed with it, so that a nonce that was lost lets somebody who recorded a request see its answer again, and nothing
else. Where several processes serve one ledger, they share a table. The nonce of a settlement or a reversal is added to
it by the transaction that decides the message. That of any other request, and of a message that comes to none, is there
before it is answered: those that come together in one statement, committed without waiting for the disk. On SQLite one
process serves: its memory decides, and the table, written every second, is read by the process after it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import DBAPIError

from api.ledger.database import Database
from api.ledger.nonces import forget_nonces, keep_nonces, kept_nonces
from api.service.requests import Nonce
from api.service.world import World
from api.wire.problems import refuse
from api.wire.signing import WINDOW_SECONDS

KEPT_SECONDS = 2 * WINDOW_SECONDS
"""A request may be signed a window ahead of this clock, and is then taken until a window behind it."""

MOST_TOGETHER = 1_000
"""Nonces of one statement."""


class Nonces:
    """The nonces of a running service. Its methods but `tidy` belong to the event loop."""

    def __init__(self, database: Database, world: World) -> None:
        self._database, self._world = database, world
        self._kept: set[bytes] = set()
        self._ends: deque[tuple[int, bytes]] = deque()
        self._unwritten: deque[tuple[bytes, int]] = deque()
        self._asked: deque[tuple[Nonce, asyncio.Future[bool]]] = deque()
        self._asking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "nonces")
        self._forgotten = 0

    def recall(self) -> None:
        """Forget in the table what has ended, and remember the rest of what the process before has written."""
        now = self._world.now_ms() // 1000
        with self._database.write(patient=True) as connection:
            forget_nonces(connection, now)
            kept = {} if self._database.shared else kept_nonces(connection)
        for digest, end in sorted(kept.items(), key=lambda item: item[1]):
            self._add(digest, end)

    def is_kept(self, digest: bytes, now: int) -> bool:
        """Say whether this process has seen a nonce, at a time (seconds since 1970)."""
        while self._ends and self._ends[0][0] < now:
            self._kept.discard(self._ends.popleft()[1])
        return digest in self._kept

    def keep(self, digest: bytes, now: int) -> Nonce | None:
        """Keep a nonce that this process has not seen; give it where another process may have, else None."""
        end = now + KEPT_SECONDS
        self._add(digest, end)
        if self._database.shared:
            return Nonce(digest, end)
        self._unwritten.append((digest, end))
        return None

    async def share(self, nonce: Nonce) -> bool:
        """Have a nonce kept by all processes; False where another has seen it. Raises RequestError: nobody knows."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((nonce, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await answer

    def tidy(self) -> None:
        """Write down what was kept since the last time, and drop what has ended. Belongs to no event loop."""
        taken = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
        now = self._world.now_ms() // 1000
        if not taken and now - self._forgotten < KEPT_SECONDS:
            return
        try:
            with self._database.write(fleeting=True) as connection:
                keep_nonces(connection, dict(taken))
                forget_nonces(connection, now)
        except DBAPIError:
            self._unwritten.extendleft(reversed(taken))
            raise
        self._forgotten = now

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown()

    def _add(self, digest: bytes, end: int) -> None:
        self._kept.add(digest)
        self._ends.append((end, digest))

    async def _ask(self) -> None:
        """Put what waits into the shared table, statement after statement, until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._asked:
            group = [self._asked.popleft() for _ in range(min(len(self._asked), MOST_TOGETHER))]
            try:
                ends = {nonce.digest: nonce.kept_until for nonce, _ in group}
                new = await loop.run_in_executor(self._thread, self._share, ends)
            except Exception:  # whatever it is, those who wait are answered
                new = None
            for nonce, answer in group:
                if answer.done():
                    continue
                if new is None:
                    answer.set_exception(refuse("NOT_READY"))
                else:
                    answer.set_result(nonce.digest in new)

    def _share(self, ends: dict[bytes, int]) -> set[bytes]:
        with self._database.write(fleeting=True) as connection:
            return keep_nonces(connection, ends)
