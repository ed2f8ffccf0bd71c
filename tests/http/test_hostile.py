"""Hostile input over HTTP: bodies by families, heads and connections byte by byte. None is accepted, none makes the
service fail, none changes anything, and it answers as before."""

from __future__ import annotations

import hashlib
import io
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from api.http import protocol
from api.http.serving import server_config
from api.ledger.audit import CHAIN
from api.ledger.schema import metadata
from api.wire.signing import FORMS
from tests.http.client import Hospital, bill, served, signature
from tests.persons import names_a_person
from tests.service.office import Office, open_office
from tests.wire import hostile

SEPARATE = "/v1/settlements"
REFUSED = {"BODY_NOT_READ", "BODY_TOO_LARGE", "REQUEST_NOT_VALID", "PERIOD_NOT_CLOSED", "NOT_STARTED"}


def dump(office: Office) -> dict[str, str]:
    """Digests of the ledger's tables, but for what remembers requests that were signed, or not allowed."""
    kept = {name: office.table(name) for name in sorted(metadata.tables) if name not in ("nonce", "audit")}
    kept["holder"] = [row for row in kept["holder"] if row[0] != CHAIN]
    return {name: hashlib.sha256(repr(rows).encode()).hexdigest() for name, rows in kept.items()}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A service with one settlement, which all of this module's input is sent to."""
    with served(open_office(tmp_path_factory.mktemp("hostile"))) as hospital:
        hospital.app.state.site.rates._per_second = hospital.app.state.site.rates._most = 1e9
        assert hospital.settle(bill()).status_code == 200
        yield hospital


@pytest.fixture
def unmoved(target: Hospital) -> Iterator[Hospital]:
    """The same, which must be afterwards as it was before."""
    before, logged = dump(target.office), len(target.log.getvalue())
    yield target
    assert dump(target.office) == before
    said = target.log.getvalue()[logged:].decode()
    assert '"defect"' not in said
    assert not names_a_person(said)


def test_there_are_more_than_three_hundred() -> None:
    bodies = list(itertools.chain(*hostile.FAMILIES.values()))
    assert len(set(bodies)) >= 500


@pytest.mark.parametrize("family", hostile.FAMILIES)
def test_no_hostile_body_is_accepted(unmoved: Hospital, family: str) -> None:
    for body in hostile.FAMILIES[family]:
        answer = unmoved.send("POST", SEPARATE, body)
        assert answer.status_code in (400, 413, 422), body[:80]
        assert answer.json()["code"] in REFUSED, body[:80]
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 120_000


@pytest.mark.parametrize("address", ["/v1/previews", *hostile.OTHERS])
def test_no_other_route_accepts_them_either(unmoved: Hospital, address: str) -> None:
    families, key = hostile.FAMILIES, "sandbox-operator" if address in hostile.BY_OPERATOR else "sandbox"
    for body in [*families["not JSON"][::3], *families["not a claim"], *hostile.OTHERS.get(address, [])]:
        answer = unmoved.send("POST", address, body, key)
        assert answer.status_code in (400, 413, 422), body[:80]
        assert answer.json()["code"] in REFUSED, body[:80]


SIGNED = {
    name: [
        *(text.encode() for text in ("", " ", "a b", "a" * 600, "a" * 60_000, "'", "../../x", "{}", "0", "-1", "١٢")),
        *(b"\xff\xfe", b"\xd6\xd0\xb9\xfa", b"a\x80", "中".encode()),
    ]
    for name in FORMS
}


@pytest.mark.parametrize("name", SIGNED)
def test_no_header_of_the_signature_may_be_anything_else(unmoved: Hospital, name: str) -> None:
    at = unmoved.office.world.now_ms() // 1000
    for value in SIGNED[name]:
        signed: dict[str, Any] = signature("sandbox", "POST", SEPARATE, b"{}", at)
        answer = unmoved.http.post(SEPARATE, content=b"{}", headers={**signed, name: value})
        assert answer.status_code == 401, value
        assert answer.json()["code"] in ("SIGNATURE_MISSING", "SIGNATURE_REFUSED"), value
    for key, value in signature("sandbox", "POST", SEPARATE, b"{}", at).items():
        if key == name:
            pairs = [*signature("sandbox", "POST", SEPARATE, b"{}", at).items(), (key.lower(), value)]
            assert unmoved.http.post(SEPARATE, content=b"{}", headers=pairs).status_code == 401


PATHS = [
    "/v1/settlements/..", "/v1//settlements", "/v1/settlements/%2e%2e/accounts", "/v1/settlements/%00",
    "/v1/settlements/a%0d%0aX: y", "/v1/settlements/%ff", "/v1/settlements/a;b", "/v1/settlements/" + "a" * 60_000,
    "/v1/settlements/%27%20OR%201=1", "/v1/settlements/11010519491231002X%20", "/v1/messages/%E4%B8%AD", "/v1/%76",
    "/static-offline-docs/../../keys.json", "/static-offline-docs/%2e%2e/%2e%2e/keys.json", "/.env", "/admin",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_no_address_leads_elsewhere(unmoved: Hospital, path: str) -> None:
    answer = unmoved.send("GET", path)
    assert answer.status_code in (401, 404, 405)
    assert answer.headers["content-type"] == "application/problem+json"


HOST = b"Host: x\r\n"
NOT_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"\x00" * 100, b"\xff" * 100, b"GET\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n",
    b"G\x00T / HTTP/1.1\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"FOO / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
    b"GET / HTTP/1.1\r\n: b\r\n\r\n", b"GET / HTTP/1.1\r\nA\x7f: b\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"\r\n", b"GET http://[ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET \xd6\xd0 HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /\xe4\xb8\xad HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/settlements/x HTTP/1.0\r\n\r\n", b"TRACE /v1/settlements HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/messages/x HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"GET /v1/messages/x HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: upgrade, http2-settings\r\n\r\n",
]  # fmt: skip
POST = b"POST /v1/settlements HTTP/1.1\r\n" + HOST
LENGTHS = [
    *(
        POST + b"Content-Length: " + length + b"\r\n\r\n{}"
        for length in (b"-1", b"+2", b"2, 2", b"0x2", b"2 2", b"9" * 23, b"9" * 400, b"1e3", b"\xd9\xa2")
    ),
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    *(
        POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        for coding in (b"xchunked", b"chunked, identity", b"gzip, chunked", b"chunked\r\nTransfer-Encoding: x")
    ),
    *(
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n{}\r\n0\r\n\r\n"
        for size in (b"-2", b"FFFFFFFFFFFFFFFFFF", b"2g", b"", b"0x2", b"2;" + b"a" * 1000)
    ),
    POST + b"Content-Length: 1048577\r\n\r\n",
    POST + b"Content-Length: 1099511627776\r\nExpect: 100-continue\r\n\r\n",
]  # fmt: skip
HEADS = [
    b"GET /ready HTTP/1.1\r\n" + b"A: b\r\n" * (protocol.MOST_HEADERS + 1) + b"\r\n",
    b"GET /ready HTTP/1.1\r\n" + b"a:\r\n" * 60_000 + b"\r\n",
    b"GET /ready HTTP/1.1\r\nA: " + b"b" * 3_000_000 + b"\r\n\r\n",
    b"GET /ready HTTP/1.1\r\n" + b"a" * 3_000_000 + b": b\r\n\r\n",
    b"GET /" + b"a" * 3_000_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /ready HTTP/1.1\r\nA: " + b"b" * 3_000_000,
]
BYTES = {"not HTTP": NOT_HTTP, "lengths": LENGTHS, "heads": HEADS}


@pytest.fixture(scope="module")
def port(target: Hospital) -> Iterator[int]:
    """The service on a port, by the server that production uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = int(free.getsockname()[1])
    config = server_config(target.app.state.site, "127.0.0.1", found)
    config.lifespan = "off"  # the module's own client has begun it
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield found
    server.should_exit = True
    thread.join(10)


def exchange(port: int, sent: bytes, patience: float = 0.3) -> bytes:
    """What the service answers to some bytes until it closes. After some seconds of silence this end closes too."""
    answer = io.BytesIO()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as line:
        with suppress(OSError):  # it may refuse before all is sent
            line.sendall(sent)
        for _ in range(2):
            try:
                while part := line.recv(65536):
                    answer.write(part)
                break
            except TimeoutError:
                line.shutdown(socket.SHUT_WR)
            except ConnectionError:
                break
    return answer.getvalue()


@pytest.mark.parametrize("family", BYTES)
def test_no_bytes_on_a_connection_are_accepted(unmoved: Hospital, port: int, family: str) -> None:
    for sent in BYTES[family]:
        answer = exchange(port, sent)
        cut = family == "heads" and not answer  # who goes on sending may lose the answer with the connection
        assert cut or answer[9:10] == b"4", (sent[:80], answer[:80])
    assert exchange(port, b"GET /ready HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_what_follows_a_refused_head_is_not_read(unmoved: Hospital, port: int) -> None:
    smuggled = b"GET /ready HTTP/1.1\r\nConnection: close\r\n\r\n"
    for sent in LENGTHS[:12]:
        assert b" 200 " not in exchange(port, sent + smuggled)


def test_a_head_is_refused_before_it_is_whole(unmoved: Hospital, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=15) as line:
        line.sendall(b"GET /ready HTTP/1.1\r\nA: " + b"b" * protocol.MOST_HEAD_BYTES)
        assert line.recv(65536).startswith(b"HTTP/1.1 431")
        assert line.recv(65536) == b""


def test_who_sends_no_head_is_not_waited_for(unmoved: Hospital, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    for sent in (b"", b"GET /ready HT", b"GET /ready HTTP/1.1\r\nA: b\r\n"):
        begun = time.monotonic()
        assert exchange(port, sent, patience=5) == b""
        assert time.monotonic() - begun < 5


def test_too_many_connections_are_told_to_come_again(
    unmoved: Hospital, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 0)
    answer = exchange(port, b"GET /ready HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 1\r\n" in answer
    assert b'"BUSY"' in answer


def test_a_body_that_breaks_off_is_no_defect(unmoved: Hospital, port: int) -> None:
    answer = exchange(port, POST + b"Content-Length: 100\r\n\r\n{")
    assert not answer or answer.startswith(b"HTTP/1.1 4")
