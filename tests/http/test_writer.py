"""The writer: groups form while it is busy, answers go to those who asked, and it says when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from api.http import writer as writing
from api.http.writer import MOST_TOGETHER, Writer
from api.service.answers import Answer
from api.service.requests import Message, Principal, ReverseRequest, Role
from api.wire.problems import RequestError

HOSPITAL = Principal("key", "H1", Role.INSTITUTION)


def message(number: int) -> Message:
    return Message(HOSPITAL, f"M{number}", ReverseRequest("M0"))


class Ledger:
    """Answers each message by its id; waits at the gate before every group."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.groups: list[int] = []
        self.failing: Exception | None = None

    def __call__(self, messages: Sequence[Message]) -> list[Answer]:
        self.gate.acquire()
        if self.failing:
            raise self.failing
        self.groups.append(len(messages))
        return [Answer("done", message.message_id.encode()) for message in messages]


def played(play: Callable[[Ledger, Writer, list[Exception]], Any]) -> None:
    """Run a play with a writer, and close it afterwards."""
    ledger, failures = Ledger(), list[Exception]()
    writer = Writer(ledger, failures.append)
    writer.start()
    try:
        asyncio.run(play(ledger, writer, failures))
    finally:
        for _ in range(10_000):
            ledger.gate.release()
        writer.close()
        assert not writer.alive


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def test_messages_that_wait_go_together_in_order() -> None:
    async def play(ledger: Ledger, writer: Writer, _failures: list[Exception]) -> None:
        first = asyncio.create_task(writer.submit(message(0)))
        await asyncio.sleep(0)
        await until(lambda: writer.waiting == 0)
        others = [asyncio.create_task(writer.submit(message(number))) for number in range(1, MOST_TOGETHER + 6)]
        await until(lambda: writer.waiting == MOST_TOGETHER + 5)
        for _ in range(3):
            ledger.gate.release()
        answers = await asyncio.gather(first, *others)
        assert [answer.body for answer in answers] == [b"M%d" % number for number in range(MOST_TOGETHER + 6)]
        assert ledger.groups == [1, MOST_TOGETHER, 5]

    played(play)


def test_one_alone_waits_for_nobody() -> None:
    async def play(ledger: Ledger, writer: Writer, _failures: list[Exception]) -> None:
        ledger.gate.release()
        assert (await writer.submit(message(1))).body == b"M1"

    played(play)


def test_too_many_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 2)

    async def play(ledger: Ledger, writer: Writer, _failures: list[Exception]) -> None:
        first = asyncio.create_task(writer.submit(message(0)))
        await asyncio.sleep(0)
        await until(lambda: writer.waiting == 0)
        waiting = [asyncio.create_task(writer.submit(message(number))) for number in (1, 2)]
        await until(lambda: writer.waiting == 2)
        with pytest.raises(RequestError, match="BUSY"):
            await writer.submit(message(3))
        for _ in range(2):
            ledger.gate.release()
        assert len(await asyncio.gather(first, *waiting)) == 3

    played(play)


def test_who_waits_too_long_is_told_and_the_message_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.05)

    async def play(ledger: Ledger, writer: Writer, _failures: list[Exception]) -> None:
        with pytest.raises(RequestError, match="OUTCOME_PENDING"):
            await writer.submit(message(1))
        ledger.gate.release()
        await until(lambda: ledger.groups == [1])

    played(play)


def test_when_the_ledger_fails_all_are_told_and_nothing_is_decided_any_more() -> None:
    async def play(ledger: Ledger, writer: Writer, failures: list[Exception]) -> None:
        ledger.failing = OSError("disk")
        first = asyncio.create_task(writer.submit(message(0)))
        await asyncio.sleep(0)
        await until(lambda: writer.waiting == 0)
        second = asyncio.create_task(writer.submit(message(1)))
        await until(lambda: writer.waiting == 1)
        ledger.gate.release()
        with pytest.raises(OSError, match="disk"):
            await first
        with pytest.raises(RequestError, match="BUSY"):
            await second
        with pytest.raises(RequestError, match="BUSY"):
            await writer.submit(message(2))
        await until(lambda: bool(failures))  # who waits is told first
        assert failures == [ledger.failing]

    played(play)


def test_closing_decides_what_waits() -> None:
    async def play(ledger: Ledger, writer: Writer, _failures: list[Exception]) -> None:
        waiting = [asyncio.create_task(writer.submit(message(number))) for number in range(3)]
        await asyncio.sleep(0.01)
        for _ in range(3):
            ledger.gate.release()
        await asyncio.to_thread(writer.close)
        assert [(await task).body for task in waiting] == [b"M0", b"M1", b"M2"]
        with pytest.raises(RequestError, match="BUSY"):
            await writer.submit(message(4))

    played(play)
