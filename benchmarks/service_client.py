"""Hospitals that settle over HTTP/1.1: signed requests on connections kept open, each sent when the last is answered.

The answers are read just as far as a client must: status and length. So this process costs little beside the server.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import cast

import uvloop

from api.wire.signing import (
    HMAC_SHA256,
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    string_to_sign,
)
from benchmarks.service_claims import Bill

PATH = "/v1/settlements"
END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Answers:
    """What became of requests: when each was sent and answered (seconds), and how many got which status."""

    sent: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    status: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Load:
    """Where to send what. ports: of the processes that serve, which take connections in turn. secrets: of the keys, by
    hospital; a key is named as its hospital."""

    host: str
    ports: Sequence[int]
    secrets: Mapping[str, bytes]
    bills: Iterator[Bill]
    until: float

    def next(self) -> bytes | None:
        """Give the next signed request; None when the time is over."""
        if time.perf_counter() >= self.until:
            return None
        bill = next(self.bills)
        at, nonce = str(int(time.time())), f"{time.perf_counter_ns():024}"
        text = string_to_sign("POST", PATH, "", HMAC_SHA256.digest(bill.body), at, nonce, bill.hospital)
        signature = HMAC_SHA256.sign(self.secrets[bill.hospital], text)
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(bill.body)}\r\n{KEY_HEADER}: {bill.hospital}\r\n{TIME_HEADER}: {at}\r\n"
            f"{NONCE_HEADER}: {nonce}\r\n{SIGNATURE_HEADER}: {signature}\r\n\r\n"
        )
        return head.encode() + bill.body


class _Connection(asyncio.Protocol):
    """One window of a hospital."""

    def __init__(self, load: Load, answers: Answers) -> None:
        self._load, self._answers = load, answers
        self._received, self._began = b"", 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def connection_lost(self, failure: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(failure or ConnectionResetError("the server has closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(END_OF_HEAD)
        if not found or len(body) < _length(head):
            return
        self._received = b""
        self._answers.sent.append(self._began)
        self._answers.answered.append(time.perf_counter())
        self._answers.status[int(head[9:12])] += 1
        self._send()

    def _send(self) -> None:
        request = self._load.next()
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


def _length(head: bytes) -> int:
    """Give the length of a body as the head of an answer says it."""
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])


def settle(load: Load, connections: int) -> Answers:
    """Send bills on so many connections until the time is over; give what became of them."""
    answers = Answers()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        opened = [
            await loop.create_connection(lambda: _Connection(load, answers), load.host, port)
            for port in islice(cycle(load.ports), connections)
        ]
        await asyncio.gather(*(connection.ended for _, connection in opened))

    uvloop.run(run())
    return answers
