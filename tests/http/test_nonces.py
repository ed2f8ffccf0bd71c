"""A signed request comes once: in this process, in every other process of the ledger, and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from api.http.nonces import KEPT_SECONDS, Nonces
from api.ledger.database import open_database
from api.wire.problems import RequestError
from tests.http.client import Hospital, bill, served, signature
from tests.service.office import Office


@contextmanager
def process(office: Office) -> Iterator[Nonces]:
    """The nonces of one more process that serves the ledger."""
    database = open_database(office.database.engine.url.render_as_string(hide_password=False))
    nonces = Nonces(database, office.world)
    nonces.recall()
    try:
        yield nonces
    finally:
        nonces.close()
        database.close()


def sent(nonces: Nonces, digest: bytes, now: int) -> bool:
    """As the service asks: whether a nonce comes for the first time."""
    return not nonces.is_kept(digest, now) and asyncio.run(new(nonces, digest, now))


async def new(nonces: Nonces, digest: bytes, now: int) -> bool:
    nonce = nonces.keep(digest, now)
    return nonce is None or await nonces.share(nonce)


def test_a_nonce_comes_once_in_twice_the_window(office: Office) -> None:
    now = office.world.now_ms() // 1000
    with process(office) as nonces:
        assert sent(nonces, b"a", now)
        assert sent(nonces, b"b", now + 1)
        assert not sent(nonces, b"a", now)
        assert not sent(nonces, b"a", now + KEPT_SECONDS)
        assert not nonces.is_kept(b"a", now + KEPT_SECONDS + 1)
        assert nonces.is_kept(b"b", now + KEPT_SECONDS + 1)


def test_it_comes_once_also_after_a_restart(office: Office) -> None:
    now = office.world.now_ms() // 1000
    with process(office) as nonces:
        assert sent(nonces, b"a", now)
        nonces.tidy()
    with process(office) as nonces:
        assert not sent(nonces, b"a", now + 1)
        assert sent(nonces, b"b", now + 1)


def test_it_comes_once_whichever_process_it_comes_to(office: Office) -> None:
    if not office.database.shared:
        pytest.skip("one process serves a ledger on SQLite")
    now = office.world.now_ms() // 1000
    with process(office) as one, process(office) as other:
        assert sent(one, b"a", now)
        assert not sent(other, b"a", now)
        assert sent(other, b"b", now)

        async def together(nonces: Nonces) -> list[bool]:
            digests = [bytes([number]) * 12 for number in range(200)]
            return await asyncio.gather(*(new(nonces, digest, now) for digest in digests))

        async def race() -> tuple[list[bool], list[bool]]:
            first, second = await asyncio.gather(asyncio.to_thread(asyncio.run, together(one)), together(other))
            return first, second

        first, second = asyncio.run(race())
    assert all(mine != theirs for mine, theirs in zip(first, second, strict=True)), "each is new to one of the two"


def test_a_message_comes_once_whichever_process_it_comes_to(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    if not office.database.shared:
        pytest.skip("one process serves a ledger on SQLite")
    database = open_database(office.database.engine.url.render_as_string(hide_password=False))
    at = office.world.now_ms() // 1000

    def signed(said: dict[str, Any]) -> dict[str, Any]:
        body = orjson.dumps(said)
        headers = signature("sandbox", "POST", "/v1/settlements", body, at) | {"Content-Type": "application/json"}
        return {"content": body, "headers": headers}

    def answered(hospital: Hospital, request: dict[str, Any]) -> tuple[int, str]:
        answer = hospital.http.post("/v1/settlements", **request)
        return answer.status_code, answer.json().get("code", "")

    failing, settling = signed(bill(message_id="M0")), signed(bill())
    other_message, mistaken = signed(bill(message_id="M2", receipt="R2")), signed(bill(total="1"))
    with served(office) as one, served(replace(office, database=database)) as other:
        with monkeypatch.context() as broken:
            broken.setattr("api.service.posting.Posting.write", lambda *_: 1 // 0)
            assert answered(one, failing) == (503, "NOT_DONE")
        assert answered(one, settling) == (200, "")
        assert answered(one, mistaken) == (422, "REQUEST_NOT_VALID")
        assert [answered(other, request) for request in (failing, settling, mistaken)] == [(401, "NONCE_USED")] * 3
        assert answered(other, other_message) == (200, "")
        assert answered(one, other_message) == (401, "NONCE_USED")
        assert [row.message_id for row in office.journal()] == ["M1", "M2"]
        assert len(office.table("nonce")) == 4


def test_what_has_ended_is_dropped_from_the_table(office: Office) -> None:
    now = office.world.now_ms() // 1000
    with process(office) as nonces:
        sent(nonces, b"a", now)
        nonces.tidy()
        assert len(office.table("nonce")) == 1
        office.world.now += (KEPT_SECONDS + 1) * 1000
        nonces.tidy()
    assert office.table("nonce") == []


def test_what_could_not_be_written_is_written_later(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    now = office.world.now_ms() // 1000
    if office.database.shared:
        pytest.skip("a shared ledger is written before it is answered")

    def broken(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    with process(office) as nonces:
        assert sent(nonces, b"a", now)
        with monkeypatch.context() as failing:
            failing.setattr("api.http.nonces.keep_nonces", broken)
            with pytest.raises(DBAPIError):
                nonces.tidy()
        nonces.tidy()
    assert len(office.table("nonce")) == 1


def test_nobody_is_answered_where_nobody_knows(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    if not office.database.shared:
        pytest.skip("on SQLite the memory of the process decides")

    def broken(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("api.http.nonces.keep_nonces", broken)
    with process(office) as nonces, pytest.raises(RequestError, match="NOT_READY"):
        sent(nonces, b"a", office.world.now_ms() // 1000)
