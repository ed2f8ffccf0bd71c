"""The one thread that writes: messages that wait while a transaction runs go together into the next one.

A transaction costs nearly the same for one message as for many, so a group is taken when nothing more is about to come:
after a turn of the loop without another message; under load, where whoever was just answered sends the next request at
once, after a moment without one. One message alone waits for no other. An answer is given when its transaction is
committed, never before.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.service.answers import Answer
from api.service.requests import Message
from api.wire.problems import refuse

MOST_TOGETHER = 64
"""Messages of one group."""

QUIET_SECONDS = 0.001
"""Under load, a group is taken after so long without another message ..."""

GATHERING_SECONDS = 0.02
"""... or so long after the first one. Dozens of requests take the loop some ten milliseconds to read."""

MOST_WAITING = 2_000
"""Messages that may wait; more are told to come again."""

PATIENCE_SECONDS = 10.0
"""How long an answer is waited for. The message stays in its place: asked again, it is answered as it was decided."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    answer: asyncio.Future[Answer]


class Writer:
    """Takes messages from the coroutines of one loop and has them decided in groups, in the order of their arrival.

    decide: decides a group, one answer each in order. failed: called when it raises; nothing is decided after that.
    The loop says when a group is due, and the thread takes it; while it is decided, others gather for the next one.
    """

    def __init__(
        self,
        decide: Callable[[Sequence[Message]], list[Answer]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._decide, self._failed = decide, failed
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._arrived, self._last_group = 0, 0
        self._due = self._gathering = self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to decide."""
        self._thread.start()

    def close(self) -> None:
        """Decide what waits, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether messages are decided."""
        return self._thread.is_alive() and not self._closing

    @property
    def waiting(self) -> int:
        """How many messages wait for their group."""
        return len(self._waiting)

    async def submit(self, message: Message) -> Answer:
        """Have a message decided. Raises RequestError when too many wait, or when the answer does not come in time."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(message, loop.create_future())
        with self._changed:
            if len(self._waiting) >= MOST_WAITING or not self.alive:
                raise refuse("BUSY")
            self._waiting.append(waiting)
            self._arrived += 1
            self._begin_group(loop)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await waiting.answer
        except TimeoutError:
            raise refuse("OUTCOME_PENDING") from None

    def _begin_group(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to gather a group, unless one is gathering or being decided."""
        if self._waiting and not self._gathering:
            self._gathering = True
            self._look_again(loop, loop.time() + GATHERING_SECONDS)

    def _look_again(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        if self._last_group > 1:
            loop.call_later(QUIET_SECONDS, self._gather, loop, self._arrived, until)
        else:
            loop.call_soon(self._gather, loop, self._arrived, until)

    def _gather(self, loop: asyncio.AbstractEventLoop, arrived: int, until: float) -> None:
        """Have the group taken if nothing has arrived since the last look, if it is full, or if it is time."""
        with self._changed:
            if arrived < self._arrived and len(self._waiting) < MOST_TOGETHER and loop.time() < until:
                self._look_again(loop, until)
                return
            self._due = True
            self._changed.notify()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                answers: list[Answer] | Exception = self._decide([waiting.message for waiting in group])
            except Exception as failure:
                answers = failure
            loop = group[0].answer.get_loop()
            loop.call_soon_threadsafe(self._deliver, group, answers)
            if isinstance(answers, Exception):
                self._stop(loop, answers)
                return

    def _next_group(self) -> list[_Waiting]:
        """Wait for messages and take those that wait; none when all is decided and the writer closes."""
        with self._changed:
            while not self._due and not self._closing:
                self._changed.wait()
            self._due, self._last_group = False, min(len(self._waiting), MOST_TOGETHER)
            return [self._waiting.popleft() for _ in range(self._last_group)]

    def _deliver(self, group: Sequence[_Waiting], answers: list[Answer] | Exception) -> None:
        """Hand the answers over, and let the next group gather."""
        _answer(group, answers)
        with self._changed:
            self._gathering = False
            self._begin_group(asyncio.get_running_loop())

    def _stop(self, loop: asyncio.AbstractEventLoop, failure: Exception) -> None:
        with self._changed:
            self._closing = True
            left = list(self._waiting)
            self._waiting.clear()
        loop.call_soon_threadsafe(_answer, left, refuse("BUSY"))
        self._failed(failure)


def _answer(group: Sequence[_Waiting], answers: list[Answer] | Exception) -> None:
    """Hand answers over; who is gone meanwhile, or has waited too long, gets none."""
    for place, waiting in enumerate(group):
        if waiting.answer.done():
            continue
        if isinstance(answers, Exception):
            waiting.answer.set_exception(answers)
        else:
            waiting.answer.set_result(answers[place])
