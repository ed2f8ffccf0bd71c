"""Every contender gives what the engine gives, to the fen, in every output column."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np
import pytest

from benchmarks import process
from benchmarks.peers import columns as work
from benchmarks.peers import ours, rule

LINES = 20_000
PACKAGES = {"duckdb": "duckdb", "polars": "polars"}
ELSEWHERE = ("openfisca", "zen", "postgres")
"""Tested in test_servers_and_engines.py."""


@functools.cache
def the_work() -> tuple[work.Columns, work.Output]:
    columns = work.columns(LINES)
    return columns, ours.expected(columns)


def contender(module: str) -> Any:
    for family, package in PACKAGES.items():
        if module.startswith(family):
            pytest.importorskip(package, reason=f"{package} is not installed (extra `peers`)")
    return importlib.import_module(f"benchmarks.peers.{module}")


SAME_PLAN = [m for m in process.modules() if m != "ours" and not m.startswith(ELSEWHERE) and not process.plan_of(m)]


@pytest.mark.parametrize("module", SAME_PLAN)
def test_equal_to_ours(module: str) -> None:
    peer = contender(module)
    columns, expected = the_work()
    state = peer.prepare(columns, 1)
    try:
        found = peer.run(state)
        out = peer.unpack(state, found)
        assert work.differences(out, expected) == {}
    finally:
        if hasattr(peer, "close"):
            peer.close(state)


def test_three_formulations_of_each() -> None:
    names = process.modules()
    assert sum(n.startswith("duckdb_") for n in names) >= 3
    assert sum(n.startswith("polars_") for n in names) >= 3


def test_the_work_meets_every_reason_and_layer() -> None:
    columns, expected = the_work()
    reasons = set(np.unique(expected["reason"]).tolist())
    wanted = {0, rule.UPFRONT, rule.OVER_CEILING, rule.UPFRONT | rule.OVER_CEILING}
    wanted |= {rule.SELF_FUNDED, rule.UNKNOWN_ITEM, rule.NOT_IN_FORCE, rule.OUTSIDE_STAY}
    assert reasons == wanted
    for name in ("basic.deductible", "basic.paid", "accounts.admissions", "accounts.outpatient_borne"):
        assert expected[name].any(), name
    buckets = sum(expected[name] for name in work.BUCKETS)
    assert np.array_equal(buckets, columns.lines["amount_fen"])


@pytest.mark.parametrize("module", [m for m in process.modules() if process.plan_of(m)])
def test_shipped_plans_settle_every_claim(module: str) -> None:
    """Four layers or more, and all pay but those for care elsewhere and for an account that was never opened."""
    peer = importlib.import_module(f"benchmarks.peers.{module}")
    state = peer.prepare(work.columns(LINES, persons=200, fee_factor=20), 1)
    found = peer.run(state)
    assert peer.check(state, found) == {}
    assert len(found.layers) >= 4
    idle = {name for name, layer in found.layers.items() if not layer.paid.any()}
    assert idle == {"elsewhere", "account"}
    found.cash_fen[3] += 1
    assert peer.check(state, found) == {"paid": 1}


def test_two_shipped_plans_stand_in_the_table() -> None:
    assert len([m for m in process.modules() if process.plan_of(m)]) >= 2


def test_a_changed_fen_is_seen() -> None:
    _, expected = the_work()
    changed = expected | {"basic.paid": expected["basic.paid"].copy()}
    changed["basic.paid"][7] += 1
    assert work.differences(changed, expected) == {"basic.paid": 1}
    del changed["cash"]
    assert work.differences(changed, expected) == {"basic.paid": 1, "cash": len(expected["cash"])}


@pytest.mark.parametrize("module", [m for m in process.modules() if m.startswith(("duckdb", "polars", "plain"))])
def test_caps_and_catastrophic_bands_bind(module: str) -> None:
    """Few persons with very many claims reach every band and both annual caps."""
    peer = contender(module)
    columns = work.columns(30_000, persons=6, fee_factor=10)
    expected = ours.expected(columns)
    assert (expected["accounts.pool_paid"] == rule.CAP_FEN).any()
    assert (expected["accounts.catastrophic_paid"] == rule.CATASTROPHIC_CAP_FEN).any()
    state = peer.prepare(columns, 1)
    found = peer.run(state)
    assert work.differences(peer.unpack(state, found), expected) == {}
