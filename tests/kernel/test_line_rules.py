"""Rules of the line stage on figures a reader can check by hand, and the arithmetic at its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import versions
from adjudicator.batch import LARGEST_FEN, Batch, Lines
from adjudicator.catalog import Catalog
from adjudicator.category_limits import within
from adjudicator.ceilings import PriceUnit, billed_quantity, payable_fen, unit_price_e6
from adjudicator.columns import MISSING, Category, Number
from adjudicator.errors import RulebookError
from adjudicator.judged import Judged
from adjudicator.lines import judge
from adjudicator.reasons import LineReason
from adjudicator.rulebook import CategoryLimit, Formula, LineRules, Term
from adjudicator.tables import ClaimCodes
from adjudicator.versions import REASON, in_force, index_versions
from tests.kernel.line_worlds import START, catalog_of, constant, no_restrictions, program_of, world_of

FOREVER = 2**31 - 1


def catalog_with(ceiling_e6: int = -1, upfront_ppm: int = 0, item_class: int = 1, **restriction: int) -> Catalog:
    """One item, one version."""
    one = np.zeros(1, np.int32)
    rules = no_restrictions(1)
    for name, value in restriction.items():
        column = getattr(rules, name)
        rules = replace(rules, **{name: np.full(1, value, column.dtype)})
    return Catalog(
        ("",), ("X",), one, np.array([0, 1], np.int32), one + START - 9, one + FOREVER,
        np.array([item_class], np.uint8), one.astype(np.uint8), one - 1, np.zeros(1, np.int64), one + upfront_ppm,
        one - 1, one, one if restriction else one - 1, np.array([[ceiling_e6, ceiling_e6 // 2]]), one, one[:0], one[:0],
        np.empty(0, np.int64), np.empty(0, np.int64), one[:0], rules, levels=("tertiary",), visits=("inpatient",),
        schemes=("resident_basic",), diagnosis_sets=(("C",),),
    )  # fmt: skip


def one_claim(amounts: list[int], days: list[int] | None = None, **columns: object) -> Batch:
    n = len(amounts)
    name = Category(np.zeros(1, np.int32), ("a",))
    day = np.array([START], np.int32)
    dates = np.array(days or [0] * n, np.int32) + START
    lines = Lines(np.array([0, n]), np.zeros(n, np.int32), dates, np.array(amounts, np.int64), **columns)  # type: ignore[arg-type]
    tertiary = Category(np.zeros(1, np.int32), ("tertiary",))
    return Batch(name, name, name, np.zeros(1, np.int64), day, day + 9, day + 9, lines, {"level": tertiary})


def judged(batch: Batch, catalog: Catalog | None, rules: LineRules | None = None) -> Judged:
    program = program_of(rules or LineRules(1, constant(0)))
    return judge(batch, program, catalog, ClaimCodes(batch, program))


def buckets(found: Judged) -> list[tuple[int, ...]]:
    arrays = (found.lines.in_scope, found.lines.upfront, found.lines.over_limit, found.lines.self_funded)
    return [tuple(int(v) for v in row) for row in zip(*arrays, strict=True)]


@pytest.mark.parametrize("sign", [1, -1])
def test_ceiling_before_or_after_upfront(sign: int) -> None:
    """A device of 40,000 yuan, 5 % upfront, ceiling 30,000: 28,500 or 30,000 payable."""
    batch, catalog = one_claim([sign * 4_000_000]), catalog_with(30_000_000_000, 50_000)
    before = judged(batch, catalog)
    after = judged(batch, catalog, LineRules(1, constant(0), ceiling_first=False))
    assert buckets(before) == [(sign * 2_850_000, sign * 150_000, sign * 1_000_000, 0)]
    assert buckets(after) == [(sign * 3_000_000, sign * 200_000, sign * 800_000, 0)]
    assert before.lines.reason[0] == LineReason.OVER_CEILING_AND_UPFRONT


def test_upfront_rounds_half_up_and_mirrors() -> None:
    found = judged(one_claim([5, -5, 15, 4]), catalog_with(upfront_ppm=100_000))
    assert found.lines.upfront.tolist() == [1, -1, 2, 0]
    assert found.lines.reason[3] == LineReason.IN_SCOPE


def test_quantity_multiplies_the_ceiling_and_counts_one_when_missing() -> None:
    quantity = np.array([20_000, MISSING, 5_000], np.int64)
    found = judged(one_claim([500, 500, 500], quantity_e4=quantity), catalog_with(1_000_000))
    assert found.lines.over_limit.tolist() == [300, 400, 450]


def test_category_limit_before_and_after_upfront_with_a_refund() -> None:
    limit = CategoryLimit("implants", (0,), Formula(constant(1_000)))
    rules = LineRules(1, constant(0), category_limits=(limit,))
    catalog = catalog_with(upfront_ppm=100_000)
    found = judged(one_claim([800, 400, -300]), catalog, rules)
    assert buckets(found) == [(720, 80, 0, 0), (180, 20, 200, 0), (-90, -10, -200, 0)]
    late = replace(rules, category_limits=(replace(limit, before_upfront=False),))
    assert buckets(judged(one_claim([800, 400]), catalog, late)) == [(720, 80, 0, 0), (280, 40, 80, 0)]
    assert judged(one_claim([800, 400]), catalog, late).lines.reason[1] == LineReason.OVER_CATEGORY_LIMIT


def test_category_limit_by_days_holds_only_claims_it_concerns() -> None:
    limit = CategoryLimit("bed", (0,), Formula(constant(100)), times="days")
    rules = LineRules(1, constant(0), category_limits=(limit,))
    assert judged(one_claim([900]), catalog_with(), rules).states.tolist() == [6]
    assert judged(one_claim([900]), catalog_with(item_class=2), rules).states.tolist() == [0]
    batch = one_claim([900])
    days = replace(batch, attributes={"days": Number(np.array([3]))})
    assert judged(days, catalog_with(), rules).lines.over_limit.tolist() == [600]


def test_category_limit_over_other_amounts_is_refused() -> None:
    limit = CategoryLimit("odd", (0,), Formula(constant(100), (Term("total", constant(500_000)),)))
    with pytest.raises(RulebookError, match="odd"):
        judged(one_claim([900]), catalog_with(), LineRules(1, constant(0), category_limits=(limit,)))


def test_payable_days_count_by_the_calendar() -> None:
    found = judged(one_claim([100] * 5, [3, 1, 1, 2, 3]), catalog_with(max_days=2))
    assert found.lines.self_funded.tolist() == [100, 0, 0, 0, 100]
    assert found.lines.reason[0] == LineReason.OVER_DAYS


def test_payable_quantity_splits_the_line_that_crosses_it() -> None:
    quantity = np.array([20_000, 20_000, 10_000], np.int64)
    found = judged(one_claim([1000, 1000, 500], quantity_e4=quantity), catalog_with(max_quantity_e4=30_000))
    assert found.lines.self_funded.tolist() == [0, 500, 500]
    assert found.lines.reason.tolist() == [0, LineReason.OVER_QUANTITY, LineReason.OVER_QUANTITY]


@pytest.mark.parametrize(
    ("answer", "reason", "pends"),
    [
        (1, LineReason.IN_SCOPE, False),
        (0, LineReason.RESTRICTION_NOT_MET, False),
        (-1, LineReason.PENDED_RESTRICTION, True),
    ],
)
def test_a_text_restriction_is_answered_by_the_institution(answer: int, reason: LineReason, pends: bool) -> None:
    found = judged(one_claim([100], confirmed=np.array([answer], np.int8)), catalog_with(text=1))
    assert (found.lines.reason[0], bool(found.pended[0])) == (reason, pends)
    assert found.lines.self_funded[0] == (0 if answer == 1 else 100)


def test_a_missing_attribute_pends_and_an_unknown_one_refuses() -> None:
    batch, catalog = one_claim([100]), catalog_with(diagnosis_set=0, levels=1)
    assert judged(batch, catalog).lines.reason[0] == LineReason.PENDED_RESTRICTION
    ill = replace(batch, attributes={**batch.attributes, "diagnosis": Category.encode(["C34"])})
    assert judged(ill, catalog).lines.reason[0] == LineReason.IN_SCOPE
    odd = replace(ill, attributes={**ill.attributes, "level": Category.encode(["moon base"])})
    assert judged(odd, catalog).lines.reason[0] == LineReason.RESTRICTED_LEVEL


def test_dates_outside_the_stay() -> None:
    batch = one_claim([1, 2, 3], [-1, 0, 10])
    outside = [LineReason.OUTSIDE_STAY, 0, LineReason.OUTSIDE_STAY]
    assert judged(batch, catalog_with()).lines.reason.tolist() == outside
    visit = replace(batch, discharge=batch.admission)
    assert judged(visit, catalog_with()).lines.reason.tolist() == [0, 0, 0]
    inpatient = replace(visit, attributes={**batch.attributes, "visit": Category.encode(["inpatient"])})
    assert judged(inpatient, catalog_with()).lines.reason.tolist() == [
        LineReason.OUTSIDE_STAY,
        0,
        LineReason.OUTSIDE_STAY,
    ]


prices = st.integers(0, 10**15)
quantities = st.integers(0, 2**63 - 1)


units = st.sampled_from([1, 3, 64, 100, 10_000, 100_000_000])


@given(prices, quantities, units)
def test_price_times_quantity_is_exact_or_above_any_amount(price: int, quantity: int, multiple: int) -> None:
    price -= price % multiple
    unit = PriceUnit.of(np.array([price]))
    billed, most = billed_quantity(np.array([quantity]))
    found = int(payable_fen(np.array([price // unit.e6]), price // unit.e6, billed, most, unit)[0])
    exact = (price * quantity * 2 + 10**8) // (2 * 10**8)
    assert found == exact if exact <= LARGEST_FEN else found >= LARGEST_FEN


@given(prices, st.lists(quantities, min_size=1), units)
def test_without_a_ceiling_any_quantity_is_payable(highest: int, quantity: list[int], multiple: int) -> None:
    unit = PriceUnit.of(np.array([highest - highest % multiple]))
    billed, most = billed_quantity(np.array(quantity))
    price = np.full(len(quantity), unit.no_ceiling)
    assert (payable_fen(price, highest // unit.e6, billed, most, unit) > LARGEST_FEN).all()


@given(st.integers(-LARGEST_FEN, LARGEST_FEN), st.one_of(st.just(MISSING), st.integers(-(10**12), 10**12)))
def test_unit_price_is_amount_by_quantity(amount: int, quantity: int) -> None:
    divisor = 10_000 if quantity == MISSING else max(abs(quantity), 1)
    expected = (abs(amount) * 10**8 + divisor // 2) // divisor
    found = int(unit_price_e6(None, np.array([quantity]), np.array([amount]))[0])
    assert found == min(expected, 2**63 - 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(-50, 50)), min_size=1), st.integers(0, 60))
def test_parts_under_a_limit_add_up(values: list[tuple[bool, int]], most: int) -> None:
    amounts = np.array([value for _, value in values])
    starts = np.array([0, *(i for i, (fresh, _) in enumerate(values) if fresh and i)])
    counts = np.diff(np.append(starts, len(values)))
    parts = within(amounts, np.full(len(values), most), starts, counts)
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        piece = slice(start, start + count)
        assert parts[piece].sum() == min(int(amounts[piece].sum()), most)
    assert (np.abs(parts) <= np.abs(amounts)).all() and (parts * amounts >= 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_index_finds_the_version_the_search_finds(seed: int, items: int) -> None:
    rng = np.random.default_rng(seed)
    catalog = catalog_of(rng, items)
    if not len(catalog.valid_from):
        return
    item = rng.integers(-1, items, 300).astype(np.int32)
    date = rng.integers(START - 40, START + 120, 300).astype(np.int32)
    version, reason = in_force(catalog, item, date)
    index = index_versions(catalog, date)
    assert index is not None
    cell = index.offsets.take(date.astype(np.int64) - index.first_day, mode="clip") + item
    assert index.versions[cell].tolist() == version.tolist()
    refused = index.words[cell] & REASON
    of_class = np.where((version >= 0) & (catalog.item_class[version] == 2), LineReason.CLASS_C, reason)
    assert refused.tolist() == of_class.tolist()


def test_small_index_is_built_for_a_single_line_and_kept() -> None:
    catalog = catalog_of(np.random.default_rng(2), 9)
    built = index_versions(catalog, np.array([START], np.int32))
    assert built is not None and built.covers(START + 10_000, START + 20_000)
    assert index_versions(catalog, np.array([10**6], np.int32)) is built
    assert not built.covers(START, 10**6)


def test_index_of_a_restless_catalog_is_for_a_span_of_dates_and_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = catalog_of(np.random.default_rng(2), 9)
    monkeypatch.setattr(versions, "SMALL_INDEX", 0)
    assert index_versions(catalog, np.full(1, START, np.int32), fewest_lines=4) is None
    monkeypatch.setattr(versions, "LONGEST_SPAN", -1)
    assert index_versions(catalog, np.full(5, START, np.int32), fewest_lines=4) is None
    monkeypatch.setattr(versions, "LONGEST_SPAN", 0)
    built = index_versions(catalog, np.full(5, START, np.int32), fewest_lines=4)
    assert built is not None and built.covers(START, START) and not built.covers(START, START + 1)
    assert index_versions(catalog, np.full(1, START + 1, np.int32), fewest_lines=4) is built


def test_refunds_mirror_whole_worlds() -> None:
    """Without rules that add up over lines, negated amounts give negated buckets and the same reasons."""
    for seed in range(40):
        world = world_of(seed, claims=20, plain=True)
        flipped = replace(world.batch.lines, amount_fen=-world.batch.lines.amount_fen)
        codes = ClaimCodes(world.batch, world.program)
        plain = judge(world.batch, world.program, world.catalog, codes)
        mirrored = judge(replace(world.batch, lines=flipped), world.program, world.catalog, codes)
        assert (plain.atom_buckets == -mirrored.atom_buckets).all()
        assert (plain.lines.reason == mirrored.lines.reason).all()
