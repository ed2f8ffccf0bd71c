"""The one thread that writes: messages that wait while a transaction runs go together into the next one.

A commit costs about the same for one message as for many, so under load groups grow by themselves, and one message
alone waits for nobody. An answer is given when its transaction is committed, never before.
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

MOST_WAITING = 2_000
"""Messages that may wait; more are told to come again."""

PATIENCE_SECONDS = 10.0
"""How long an answer is waited for. The message stays in its place: asked again, it is answered as it was decided."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Answer]


class Writer:
    """Takes messages from coroutines and has them decided in groups, in the order of their arrival.

    decide: decides a group, one answer each in order. failed: called when it raises; nothing is decided after that.
    """

    def __init__(
        self, decide: Callable[[Sequence[Message]], list[Answer]], failed: Callable[[Exception], None]
    ) -> None:
        self._decide, self._failed = decide, failed
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
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
        waiting = _Waiting(message, loop, loop.create_future())
        with self._changed:
            if len(self._waiting) >= MOST_WAITING or not self.alive:
                raise refuse("BUSY")
            self._waiting.append(waiting)
            self._changed.notify()
        try:
            return await asyncio.wait_for(asyncio.shield(waiting.answer), PATIENCE_SECONDS)
        except TimeoutError:
            raise refuse("OUTCOME_PENDING") from None

    def _run(self) -> None:
        while group := self._next_group():
            try:
                answers: list[Answer] | Exception = self._decide([waiting.message for waiting in group])
            except Exception as failure:
                answers = failure
            for loop in {waiting.loop for waiting in group}:
                loop.call_soon_threadsafe(_deliver, group, answers)
            if isinstance(answers, Exception):
                self._stop(answers)
                return

    def _next_group(self) -> list[_Waiting]:
        """Wait for messages and take those that wait; none when all is decided and the writer closes."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]

    def _stop(self, failure: Exception) -> None:
        with self._changed:
            self._closing = True
            left = list(self._waiting)
            self._waiting.clear()
        for waiting in left:
            waiting.loop.call_soon_threadsafe(_deliver, [waiting], refuse("BUSY"))
        self._failed(failure)


def _deliver(group: Sequence[_Waiting], answers: list[Answer] | Exception) -> None:
    """Hand the answers over; who is gone meanwhile gets none."""
    for place, waiting in enumerate(group):
        if waiting.answer.done():
            continue
        if isinstance(answers, Exception):
            waiting.answer.set_exception(answers)
        else:
            waiting.answer.set_result(answers[place])
