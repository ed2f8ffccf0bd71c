"""Results do not depend on the number of workers or on how many holders are settled at a time: bit by bit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator import Accounts, Batch, Program, Rulebook, engine, lines, results, settle, waves
from adjudicator.workers import run
from catalogs.plans import load_library

from .claim_worlds import batch_of
from .test_waves import PLAN

LIBRARY = load_library()
LIBRARY.add_text(PLAN)  # persons of a household share a counter, which no shipped plan has
PLANS = sorted(document.id for document in LIBRARY.documents.values() if document.kind == "plan")
ONE = {"workers": 1, "block_holders": 1_000_000}
CHANGED = [(1, 1), (2, 1), (1, 3), (2, 3), (3, 7), (7, 3), (2, 50)]


def same(one: object, other: object, name: str = "settlement") -> None:
    """Fail where two results differ in any bit: values, types, dictionaries, order of rows."""
    assert type(one) is type(other), name
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, name
        assert np.array_equal(one, other), name
    elif is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name), f"{name}.{field.name}")
    elif isinstance(one, dict):
        assert list(one) == list(other), name
        for key in one:
            same(one[key], other[key], f"{name}.{key}")
    else:
        assert one == other, name


def program(name: str) -> Program:
    """Compile a plan once."""
    return PROGRAMS.setdefault(name, LIBRARY.compile(name, run_cases=False))


PROGRAMS: dict[str, Program] = {}


def check(programs: list[Program], batch: Batch, opening: Accounts, changes: list[tuple[int, int]]) -> None:
    """Settle in one piece by one worker, and again in every other way."""
    rulebook = Rulebook(tuple(programs))
    whole = settle(batch, rulebook, opening, **ONE)
    for workers, holders in changes:
        same(settle(batch, rulebook, opening, workers=workers, block_holders=holders), whole)


@pytest.fixture(autouse=True, scope="module")
def every_batch_is_large() -> Iterator[None]:
    """Let small batches go to all workers too, as large ones do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (engine, waves, results):
            patch.setattr(module, "BLOCK_CLAIMS", 1)
        patch.setattr(lines, "THREAD_LINES", 64)
        yield


@pytest.mark.parametrize("name", PLANS)
def test_every_plan(name: str) -> None:
    rng = np.random.default_rng(len(name))
    programs = [program(name)]
    first = settle(batch_of(programs, 60, 30, rng), Rulebook(tuple(programs)))
    check(programs, batch_of(programs, 200, 40, rng), first.accounts, CHANGED)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(PLANS), min_size=1, max_size=3, unique=True),
    st.integers(0, 1 << 32),
    st.integers(1, 150),
    st.integers(1, 60),
    st.lists(st.sampled_from(CHANGED), min_size=1, max_size=3, unique=True),
)
def test_several_plans_in_one_batch(
    names: list[str], seed: int, claims: int, persons: int, changes: list[tuple[int, int]]
) -> None:
    rng = np.random.default_rng(seed)
    programs = [program(name) for name in names]
    first = settle(batch_of(programs, 60, persons, rng), Rulebook(tuple(programs)))
    check(programs, batch_of(programs, claims, persons, rng), first.accounts, changes)


def test_a_batch_of_one_block_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, waves, results):
        monkeypatch.setattr(module, "BLOCK_CLAIMS", 50)
    monkeypatch.setattr(lines, "THREAD_LINES", 65_536)
    monkeypatch.setattr(threading.Thread, "start", lambda thread: pytest.fail("a thread was started"))
    programs = [program(PLANS[0])]
    settle(batch_of(programs, 50, 20, np.random.default_rng(1)), Rulebook(tuple(programs)), workers=4)


def test_whoever_observes_is_told_in_order_by_the_calling_thread() -> None:
    programs = [program(PLANS[0])]
    batch = batch_of(programs, 50, 20, np.random.default_rng(1))
    told: list[list[str]] = []
    for workers in (1, 3):
        names: list[str] = []

        def observe(name: str, rows: object, values: object, names: list[str] = names) -> None:
            assert threading.current_thread() is threading.main_thread()
            names.append(name)

        settle(batch, Rulebook(tuple(programs)), observe=observe, workers=workers, block_holders=4)
        told.append(names)
    assert told[0] == told[1] != []


def test_the_first_error_in_order_is_raised_and_what_waits_is_dropped() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number in (1, 2):
            raise ValueError(str(number))
        time.sleep(0.001)  # so that the error is seen before the last task begins, also on a busy machine
        return number

    for workers in (1, 2):
        with pytest.raises(ValueError, match="1"):
            run(work, range(1000), workers)
    assert len(begun) < 1000
    assert run(work, [5, 4, 3], 2) == [5, 4, 3]
