"""The line stage: against a slow plain version, and rule by rule on cases a reader can check by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator import versions
from adjudicator.judged import Judged, JudgedLines
from adjudicator.lines import judge
from adjudicator.reasons import LineReason
from adjudicator.rulebook import State
from adjudicator.tables import ClaimCodes, Rows
from adjudicator.versions import index_versions
from tests.kernel.line_worlds import World, world_of
from tests.kernel.slow_lines import SlowClaim, SlowJudge

seeds = st.integers(0, 2**32 - 1)


def judged(world: World, rows: Rows | None = None, **options: object) -> Judged:
    codes = ClaimCodes(world.batch, world.program, rows)
    return judge(world.batch, world.program, world.catalog, codes, **options)  # type: ignore[arg-type]


def slow(world: World, claims: list[int]) -> list[SlowClaim]:
    oracle = SlowJudge(world.batch, world.program, world.catalog)
    return [oracle.claim(claim) for claim in claims]


def columns(found: Judged) -> list[tuple[int, ...]]:
    arrays = (
        found.lines.in_scope,
        found.lines.upfront,
        found.lines.over_limit,
        found.lines.self_funded,
        found.lines.reason,
    )
    return [tuple(int(v) for v in row) for row in zip(*arrays, strict=True)]


def lines_of(world: World, claims: Iterable[int]) -> list[int]:
    """Give where the lines of some claims stand in the batch."""
    first = world.batch.lines.first
    return [line for claim in claims for line in range(first[claim], first[claim + 1])]


def assert_same(one: Judged, other: Judged) -> None:
    assert columns(one) == columns(other)
    assert one.atom_buckets.tolist() == other.atom_buckets.tolist()
    assert one.pended.tolist() == other.pended.tolist()
    assert one.states.tolist() == other.states.tolist()
    assert one.out_of_bounds.tolist() == other.out_of_bounds.tolist()


def assert_equal(found: Judged, expected: list[SlowClaim], atoms: int, lines: list[int] | None = None) -> None:
    of_lines = columns(found)
    assert [of_lines[line] for line in lines or range(len(of_lines))] == [
        line[:5] for claim in expected for line in claim.lines
    ]
    sums = np.zeros((len(expected), atoms, 4), np.int64)
    for number, claim in enumerate(expected):
        for line in claim.lines:
            sums[number, line[5]] += line[:4]
    assert found.atom_buckets.tolist() == sums.tolist()
    assert found.pended.tolist() == [claim.pended for claim in expected]
    held = np.where(found.states > State.ABSENT, found.states, 0).tolist()
    assert held == [claim.state for claim in expected]


@given(seeds)
@settings(max_examples=400, deadline=None)
def test_equals_plain_python(seed: int) -> None:
    world = world_of(seed)
    assert_equal(judged(world), slow(world, list(range(len(world.batch)))), world.program.lines.atoms)


@given(seeds, st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_index_and_blocks_change_nothing(seed: int, block_lines: int) -> None:
    world = world_of(seed, claims=60)
    plain = judged(world, block_lines=1 << 20)
    index = index_versions(world.catalog, world.batch.lines.service_date, fewest_lines=0)
    assert index is not None or not len(world.catalog.valid_from) or not len(world.batch.lines)
    assert_same(judged(world, index=index, block_lines=block_lines), plain)
    if index is not None:  # versions are searched for dates that the index does not cover
        assert_same(judged(world, index=replace(index, lowest=1, highest=0), block_lines=block_lines), plain)


@given(seeds, st.sampled_from([1, 100, 10_000]), st.sampled_from([1, 10**6]))
@settings(max_examples=60, deadline=None)
def test_width_of_words_and_unit_of_prices_change_nothing(seed: int, unit_e6: int, dear: int) -> None:
    world = world_of(seed, claims=20)
    prices = world.catalog.ceilings_e6
    whole = np.where(prices < 0, prices, prices // unit_e6 * unit_e6 * dear)
    world = replace(world, catalog=replace(world.catalog, ceilings_e6=whole, memo={}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "NARROW", 0)
        wide = index_versions(world.catalog, world.batch.lines.service_date, fewest_lines=0)
    narrow = index_versions(replace(world.catalog, memo={}), world.batch.lines.service_date, fewest_lines=0)
    if wide is None or narrow is None:
        return
    assert (wide.words.dtype, wide.ceilings.dtype, narrow.words.dtype) == (np.int64, np.int64, np.int32)
    assert narrow.price_unit.e6 % unit_e6 == 0
    searched = judged(world, index=replace(wide, lowest=1, highest=0))
    assert_same(judged(world, index=wide), searched)
    assert_same(judged(world, index=narrow), searched)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_chosen_claims_are_judged_as_in_the_whole(seed: int) -> None:
    world = world_of(seed, claims=20)
    rows = np.random.default_rng(seed).permutation(20)[:7]
    assert_equal(judged(world, rows), slow(world, rows.tolist()), world.program.lines.atoms, lines_of(world, rows))
    whole = judged(world)
    part, lines = judged(world, slice(5, 9)), lines_of(world, range(5, 9))
    assert [columns(part)[line] for line in lines] == [columns(whole)[line] for line in lines]
    assert part.atom_buckets.tolist() == whole.atom_buckets[5:9].tolist()


def test_each_call_adds_its_claims() -> None:
    world, whole = world_of(11, claims=20), judged(world_of(11, claims=20))
    into = JudgedLines.blank(len(world.batch.lines))
    for rows in (np.array([3, 19, 0]), slice(4, 11), np.array([18, 1, 2, *range(11, 18)])):
        assert judged(world, rows, into=into).lines is into
    assert columns(replace(whole, lines=into)) == columns(whole)


@given(seeds, st.integers(1, 12), st.integers(2, 3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_workers_change_nothing(seed: int, block_lines: int, workers: int, chosen: bool) -> None:
    world = world_of(seed, claims=60)
    rows = np.random.default_rng(seed).permutation(60) if chosen else None
    assert_same(judged(world, rows, workers=workers, block_lines=block_lines), judged(world, rows))


def test_random_worlds_reach_every_reason() -> None:
    seen: set[int] = set()
    for seed in range(150):
        seen |= set(judged(world_of(seed)).lines.reason.tolist())
    unreached = {LineReason.GIVEN, LineReason.NO_CONSENT, LineReason.OUT_OF_BOUNDS}
    assert seen == set(LineReason) - unreached


def test_without_catalog_only_lines_with_a_class_are_payable() -> None:
    world = world_of(3, plain=True)
    n = len(world.batch.lines)
    lines = replace(world.batch.lines, item=np.full(n, -1, np.int32), class_code=(np.arange(n) % 4 - 1).astype(np.int8))
    codes = ClaimCodes(replace(world.batch, lines=lines), world.program)
    found = judge(replace(world.batch, lines=lines), world.program, None, codes, check_stay=False)
    refused = np.isin(lines.class_code, (-1, 2))
    assert (found.lines.self_funded == np.where(refused, lines.amount_fen, 0)).all()
    assert set(found.lines.reason[lines.class_code == 2].tolist()) == {LineReason.CLASS_C}
    assert set(found.lines.reason[lines.class_code == -1].tolist()) == {LineReason.UNKNOWN_ITEM}


def test_bucket_totals_replace_lines() -> None:
    world = world_of(5)
    given_buckets = np.arange(32, dtype=np.int64).reshape(8, 4)
    bucketed = np.array([1, 0, 1, 0, 0, 0, 0, 1], np.uint8)
    batch = replace(world.batch, given_buckets=given_buckets, bucketed=bucketed)
    found = judged(replace(world, batch=batch))
    plain = judged(world)
    assert found.atom_buckets.sum(axis=1)[bucketed == 1].tolist() == given_buckets[bucketed == 1].tolist()
    assert found.atom_buckets[bucketed == 0].tolist() == plain.atom_buckets[bucketed == 0].tolist()
    of_line = np.repeat(bucketed, np.diff(batch.lines.first)) == 1
    assert of_line.any()
    assert set(found.lines.reason[of_line].tolist()) == {LineReason.GIVEN}
    assert not (found.lines.in_scope[of_line] | found.lines.self_funded[of_line]).any()


@pytest.mark.parametrize("amount", [10**11 + 1, -(10**11) - 1, 2**62, -(2**63)])
def test_amounts_out_of_bounds_are_marked_and_never_divided(amount: int) -> None:
    world = world_of(7)
    amounts = world.batch.lines.amount_fen.copy()
    amounts[0] = amount
    found = judged(replace(world, batch=replace(world.batch, lines=replace(world.batch.lines, amount_fen=amounts))))
    claim = int(np.searchsorted(world.batch.lines.first, 0, "right")) - 1
    assert np.flatnonzero(found.out_of_bounds).tolist() == [claim]
    assert int(found.lines.self_funded[0]) == amount
    assert found.lines.reason[0] == LineReason.OUT_OF_BOUNDS


def test_batch_without_lines() -> None:
    world = world_of(0, claims=3)
    lines = replace(
        world.batch.lines, first=np.zeros(4, np.int64), item=np.empty(0, np.int32),
        service_date=np.empty(0, np.int32), amount_fen=np.empty(0, np.int64), quantity_e4=None, price_e6=None,
        class_code=None, upfront_ppm=None, group=None, confirmed=None,
    )  # fmt: skip
    found = judged(replace(world, batch=replace(world.batch, lines=lines)))
    assert found.atom_buckets.sum() == 0 and len(found.lines.reason) == 0 and not found.pended.any()
