"""HTTP/1.1 as it is served: connections bounded in number, heads in size and time; what is no HTTP is refused with a
problem body too; an offer to go on in HTTP/2 is passed over."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.wire.problems import MEDIA_TYPE, refuse

MOST_CONNECTIONS = 4_000
MOST_HEADERS = 100
MOST_HEAD_BYTES = 64 << 10
"""Bytes of a head that is not complete; one that comes in one piece may be as long as a piece, 256 KiB."""

HEAD_SECONDS = 10.0
"""A head that takes longer to arrive is not waited for, nor a connection that sends none."""


OFFERED, LONGEST_HEAD = b"h2c", 4096
OFFER = re.compile(rb"\r\nUpgrade:[ \t]*h2c[ \t]*(?=\r\n|\Z)", re.IGNORECASE)


class Protocol(HttpToolsProtocol):
    """One connection.

    Java's own client offers HTTP/2 with every request (`Upgrade: h2c`). A server may pass that over (RFC 9110, 7.8),
    but uvicorn's then loses the body, and the signature of nothing does not fit.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._in_head, self._head_bytes = True, 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse("BUSY")
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let a connection go."""
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            data = without_offer(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_HEAD_BYTES:
            self._refuse("HEAD_TOO_LARGE")

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; the parser refuses the request when there are too many."""
        if len(self.headers) == MOST_HEADERS:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End a head."""
        self._head_has_come()
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request: what follows is a head."""
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse("HEAD_NOT_READ")

    def _await_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_has_come(self) -> None:
        self._head_bytes = 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, code: str) -> None:
        """Answer with a problem and close the connection."""
        problem = refuse(code).problem
        body = problem.body()
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\nContent-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n"
        )
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            head += "Retry-After: 1\r\n"
        self.transport.write(head.encode() + b"\r\n" + body)
        self.transport.close()


def without_offer(data: bytes) -> bytes:
    """Leave the offer out of the head of a request; clients send a head in one piece."""
    if OFFERED not in data[:LONGEST_HEAD].lower():
        return data
    head, end, rest = data.partition(b"\r\n\r\n")
    return OFFER.sub(b"", head) + end + rest
