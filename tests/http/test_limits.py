"""Bounds: a key that asks too often and a service that holds too much say so, and when to come again."""

from __future__ import annotations

from typing import Any

import pytest

from api.http.limits import BURST_SECONDS, Rates, Room
from api.wire.problems import RequestError
from tests.http.client import Hospital, bill


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(rates: Rates, key_id: str = "a") -> int:
    with pytest.raises(RequestError, match="TOO_MANY_REQUESTS") as caught:
        rates.take(key_id)
    seconds: Any = caught.value.problem.fields["seconds"]
    return int(seconds)


def test_a_key_may_ask_evenly_and_a_little_at_once() -> None:
    clock = Clock()
    rates = Rates(10, clock)
    for _ in range(10 * BURST_SECONDS):
        rates.take("a")
    assert refused(rates) == 1
    rates.take("b")
    clock.now += 0.1
    rates.take("a")
    assert refused(rates) == 1
    clock.now += 1000
    for _ in range(10 * BURST_SECONDS):
        rates.take("a")
    refused(rates)


def test_a_slow_key_is_told_the_whole_time_to_wait() -> None:
    clock = Clock()
    rates = Rates(0.1, clock)
    rates.take("a")
    assert refused(rates) == 10
    clock.now += 10
    rates.take("a")


def test_who_asks_too_often_is_told_when_to_come_again(hospital: Hospital) -> None:
    hospital.app.state.site.rates._per_second = 0.001
    hospital.app.state.site.rates._most = 2.0
    for number in range(2):
        assert hospital.settle(bill(10, f"M{number}", f"R{number}")).status_code == 200
    before = hospital.office.everything()
    answer = hospital.settle(bill(10, "M2", "R2"))
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert answer.headers["retry-after"] == "1000"
    assert hospital.office.everything() == before
    assert hospital.send("GET", "/v1/messages/M1", key="sandbox-sm3").status_code == 200, "another key"
    assert hospital.http.get("/health").status_code == 200


def test_a_recorded_request_does_not_use_up_what_its_sender_may_ask(hospital: Hospital) -> None:
    rates = hospital.app.state.site.rates
    answer = hospital.send("GET", "/v1/messages/M1")
    left = rates._buckets["sandbox"][0]
    request = answer.request
    for _ in range(5):
        again = hospital.http.request("GET", "/v1/messages/M1", headers=dict(request.headers))
        assert again.json()["code"] == "NONCE_USED"
    assert rates._buckets["sandbox"][0] == left


def test_a_full_room_takes_nobody_in_until_somebody_leaves() -> None:
    room = Room(most_requests=2, most_bytes=100)
    first, second = room.enter(), room.enter()
    with pytest.raises(RequestError, match="BUSY"):
        room.enter()
    first.hold(60)
    with pytest.raises(RequestError, match="BUSY"):
        second.hold(41)
    second.hold(40)
    first.leave()
    room.enter().hold(60)


def test_a_service_that_is_full_says_so_and_recovers(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    site = hospital.app.state.site
    left = site.room._requests_left, site.room._bytes_left
    hospital.settle(bill())
    assert (site.room._requests_left, site.room._bytes_left) == left, "every request leaves"
    monkeypatch.setattr(site.room, "_bytes_left", 10)
    answer = hospital.settle(bill(10, "M2", "R2"))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "BUSY", "1")
    assert site.room._bytes_left == 10
    monkeypatch.setattr(site.room, "_requests_left", 0)
    assert hospital.http.get("/health").status_code == 503
    monkeypatch.setattr(site.room, "_requests_left", left[0])
    monkeypatch.setattr(site.room, "_bytes_left", left[1])
    assert hospital.settle(bill(10, "M2", "R2")).status_code == 200
