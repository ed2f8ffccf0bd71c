"""Speed of the settlement service without HTTP: durable settlements of 20 lines in groups, and where time goes."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.service.requests import ClaimRequest, LineRequest, Message
from api.service.service import Service
from tests.service.office import HOSPITAL, ITEM, Office, StandingClock, day, message, open_office

PERSONS, LINES = 2_000, 20


class Stopwatch(StandingClock):
    """A world that notes when the points of a transaction are reached."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: Counter[str] = Counter()
        self.last = 0.0

    def reached(self, point: str) -> None:
        now = time.perf_counter()
        self.spent[point] += 0 if point == "begun" else now - self.last  # type: ignore[assignment]
        self.last = now


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    members = "person_id,scheme,place,group,sex,birth_date,valid_from\n" + "".join(
        f"B{n:05},employee_basic,110000,in_service,female,19{40 + n % 60}-02-03,2020-01-01\n" for n in range(PERSONS)
    )
    opened = open_office(Path(tmp_path_factory.mktemp("ledger")), Stopwatch(), members=members)
    yield opened
    assert opened.verify().sound
    opened.database.close()


def messages() -> Iterator[Message]:
    """Give bills of different persons, no two of one receipt."""
    for n in itertools.count():
        lines = tuple(LineRequest(str(k), ITEM, 5_000 + k, None, 10_000, 10_000 * (5_000 + k)) for k in range(LINES))
        total = sum(line.amount_fen for line in lines)
        person = f"B{n * 7919 % PERSONS:05}"
        claim = ClaimRequest(f"V{n}", "1", person, "outpatient", total, lines, admission=day("2023-05-08"))
        yield message(claim, f"B{n}", HOSPITAL)


BILLS = messages()


@pytest.mark.benchmark(group="durable settlements, 20 lines")
@pytest.mark.parametrize("size", [1, 16, 64])
def test_settlements(benchmark, size: int, office: Office) -> None:
    """Groups of so many messages, each group one transaction on the disk."""
    world = office.world
    assert isinstance(world, Stopwatch)
    world.spent.clear()

    def settle(service: Service, group: list[Message]) -> None:
        assert all(answer.outcome == "done" for answer in service.submit(group))

    rounds = 320 // size + 10
    benchmark.pedantic(
        settle,
        setup=lambda: ((office.service, list(itertools.islice(BILLS, size))), {}),
        rounds=rounds,
        warmup_rounds=2,
    )
    if benchmark.stats is not None:
        benchmark.extra_info["settlements_a_second"] = round(size / benchmark.stats.stats.median)
        whole = sum(world.spent.values())
        benchmark.extra_info["percent"] = {
            point: round(100 * part / whole) for point, part in world.spent.items() if part
        }
