"""A seeded workload: a dated catalog, facilities with a level, persons who come more or less often, their claims.

Codes arrive dictionary-coded, amounts as int64, dates as int32 days: what a columnar file gives, with a few faults of
real files (codes nobody knows, dates outside the stay). Its figures are those of `calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjudicator import Batch, Catalog, Category, Lines, Program, Restrictions, Rulebook
from benchmarks import calibration
from benchmarks.calibration import GROUPS, LEVELS, LINES_A_CLAIM
from catalogs.plans import Library, load_library
from catalogs.plans.library import SHIPPED

PLANS = Path(__file__).parent / "plans"
FIRST_DAY = 19_358  # 2023-01-01
DAYS = 365
CHANGE_DAY = FIRST_DAY + 181
VISITS = ("outpatient", "inpatient")
ITEMS = 200_000
FACILITIES = 5_000
PERSONS = 1_000_000
UNKNOWN_PER_MILLE, OUTSIDE_PER_MILLE, ENDED_PER_MILLE = 3, 2, 10
UNKNOWN_CODES = 50
LINES_AT_ONCE = 1_000_000
"""Lines are made in chunks: nothing but the columns themselves is as long as all lines."""

MEAN_QUANTITY, LARGEST_QUANTITY = 5, 9
PRICE_SIGMA = 1.2


@dataclass(frozen=True, slots=True)
class Workload:
    """Claims with their rulebook.

    codes [lines] index into `dictionary`, the item codes as text; facility [claims] int32 and facility_level
    [facilities] int8, a row of LEVELS: the level attribute of the batch is that of the facility.
    """

    batch: Batch
    rulebook: Rulebook
    codes: np.ndarray
    dictionary: tuple[str, ...]
    facility: np.ndarray
    facility_level: np.ndarray


def program(plan: str = "bench.reference") -> Program:
    """Compile a plan: the reference plan, which needs the national conventions only, or a shipped one."""
    if plan.startswith("bench."):
        return Library([SHIPPED / "national.yaml", PLANS], shipped=False).compile(plan)
    return load_library().compile(plan)


def catalog(items: int = ITEMS, seed: int = 7) -> Catalog:
    """Make a catalog: a third of the items with a price cut on 1 July, one in a hundred of the others ended then."""
    rng = np.random.default_rng(seed)
    cut = rng.random(items) < 1 / 3
    first = np.zeros(items + 1, np.int32)
    np.cumsum(1 + cut, out=first[1:])
    versions = int(first[-1])
    valid_from = np.full(versions, FIRST_DAY - 2 * DAYS, np.int32)
    valid_until = np.full(versions, 2**31 - 1, np.int32)
    second = first[1:][cut] - 1
    valid_from[second] = valid_until[second - 1] = CHANGE_DAY
    single = first[:-1][~cut]
    valid_until[rng.choice(single, len(single) * ENDED_PER_MILLE // 1000, replace=False)] = CHANGE_DAY
    kind = rng.integers(0, 4, versions).astype(np.uint8)
    item_class = rng.choice([0, 1, 1, 1, 1, 2], versions).astype(np.uint8)
    ceilings = rng.integers(1_000_000, 90_000_000, (versions // 4, len(LEVELS) + 1))
    nothing = np.zeros(0, np.int32)
    none = np.full(versions, -1, np.int32)
    return Catalog(
        places=("340300",),
        codes=tuple(f"X{n:07d}" for n in range(items)),
        place=np.zeros(items, np.int32),
        first=first,
        valid_from=valid_from,
        valid_until=valid_until,
        item_class=item_class,
        kind=kind,
        group=none,
        marks=((kind == 0) & (rng.random(versions) < calibration.share_of_tcm())).astype(np.int64),
        upfront_ppm=np.where(item_class == 1, rng.choice([50_000, 100_000, 200_000], versions), 0).astype(np.int32),
        upfront_schedule=none,
        ceiling=np.where(rng.random(versions) < 0.4, rng.integers(0, versions // 4, versions), -1).astype(np.int32),
        restriction=none,
        ceilings_e6=ceilings,
        schedule_from=np.zeros(1, np.int32),
        schedule_scheme=nothing,
        schedule_visit=nothing,
        schedule_price_from_e6=nothing.astype(np.int64),
        schedule_price_until_e6=nothing.astype(np.int64),
        schedule_rate_ppm=nothing,
        restrictions=_no_restrictions(),
        levels=LEVELS,
        mark_names=("tcm",),
    )


def _no_restrictions() -> Restrictions:
    zero, one = np.zeros(0, np.int64), np.zeros(0, np.int32)
    flag = np.zeros(0, np.uint8)
    return Restrictions(zero, zero, one, one, zero, zero, one, one, zero, flag, flag)


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims without lines: person, group (of the person), kind, facility, level int; admission, discharge days."""

    person: np.ndarray
    group: np.ndarray
    kind: np.ndarray
    facility: np.ndarray
    level: np.ndarray
    admission: np.ndarray
    discharge: np.ndarray
    fee_yuan: np.ndarray
    """Expected fee: what a claim of its scheme, kind and level costs on average, times how severe it is."""


def workload(
    lines: int,
    persons: int = PERSONS,
    seed: int = 1,
    plan: str = "bench.reference",
    fee_factor: float = 1.0,
) -> Workload:
    """Make about so many lines: the claims of one year, in order of time, of at most so many insured persons.

    `fee_factor` makes everything dearer, for tests that need caps to bind.
    """
    rng = np.random.default_rng(seed)
    count = max(1, lines // LINES_A_CLAIM)
    persons = max(1, min(persons, round(count / expected_claims_a_year())))
    facility_level = levels_of_facilities(rng)
    claims = make_claims(count, persons, facility_level, rng)
    sizes, expected = sizes_of(claims, lines, rng)
    first = np.zeros(count + 1, np.int64)
    np.cumsum(sizes, out=first[1:])
    rulebook = Rulebook((program(plan),), catalog())
    assert rulebook.catalog is not None
    made, codes = make_lines(first, claims, claims.fee_yuan * fee_factor / expected, rng)
    batch = Batch(
        claim_id=Category(np.arange(count, dtype=np.int32), tuple(f"C{n}" for n in range(count))),
        person=Category(claims.person, tuple(f"P{n}" for n in range(persons))),
        plan=Category(np.zeros(count, np.int32), (rulebook.programs[0].name,)),
        order_time=claims.discharge.astype(np.int64) * 86_400 + np.arange(count) % 86_400,
        admission=claims.admission,
        discharge=claims.discharge,
        settlement=claims.discharge,
        lines=made,
        attributes={
            "level": Category(claims.level.astype(np.int32), LEVELS),
            "group": Category(claims.group.astype(np.int32), GROUPS),
            "visit": Category((claims.kind == calibration.KINDS.index("stay")).astype(np.int32), VISITS),
        },
    )
    dictionary = (*rulebook.catalog.codes, *(f"U{n:07d}" for n in range(UNKNOWN_CODES)))
    return Workload(batch, rulebook, codes, dictionary, claims.facility, facility_level)


def expected_claims_a_year() -> float:
    """Give the claims of one insured a year, over all groups."""
    a_year = [sum(of_scheme) for of_scheme in calibration.claims_a_year()]
    shares = calibration.insured_by_group()
    return sum(s * a_year[scheme] for s, scheme in zip(shares, calibration.SCHEME_OF_GROUP, strict=True))


def levels_of_facilities(rng: np.random.Generator) -> np.ndarray:
    counts = np.round(np.cumsum(calibration.FACILITIES_BY_LEVEL) * FACILITIES).astype(int)
    return rng.permutation(np.searchsorted(counts, np.arange(FACILITIES), "right").astype(np.int8))


def make_claims(count: int, persons: int, facility_level: np.ndarray, rng: np.random.Generator) -> Claims:
    """Draw who comes, for what, where and when."""
    shares = np.cumsum(calibration.insured_by_group())
    group_of = np.minimum(np.searchsorted(shares, (np.arange(persons) + 0.5) / persons, "right"), len(GROUPS) - 1)
    group_of = rng.permutation(group_of.astype(np.int8))
    scheme_of = np.array(calibration.SCHEME_OF_GROUP, np.int8)
    by_kind = np.array(calibration.claims_a_year())
    often = rng.gamma(calibration.UNEVENNESS, size=persons)
    for group in range(len(GROUPS)):
        here = group_of == group
        often[here] *= by_kind[scheme_of[group]].sum() / max(often[here].mean(), 1e-9) if here.any() else 1
    person = _draw(often, count, rng).astype(np.int32)
    group = group_of[person]
    scheme = scheme_of[group]
    kind = _choose(by_kind / by_kind.sum(1, keepdims=True), scheme, rng)
    cell = scheme * np.int8(len(calibration.KINDS)) + kind
    level = _choose(np.array(calibration.LEVEL_SHARES).reshape(-1, len(LEVELS)), cell, rng)
    facility = np.empty(count, np.int32)
    for number in range(len(LEVELS)):
        rows, of_level = np.flatnonzero(level == number), np.flatnonzero(facility_level == number)
        busy = 1 / (1 + np.arange(len(of_level)))  # the busiest sees n times what the n-th sees
        facility[rows] = of_level[_draw(busy, len(rows), rng)]
    discharge = np.sort(rng.integers(FIRST_DAY, FIRST_DAY + DAYS, count, np.int32))
    mean_stay = calibration.figure("bulletin_employee_avg_length_of_stay")
    stay = np.where(kind == calibration.KINDS.index("stay"), rng.geometric(1 / mean_stay, count), 0)
    fee = np.array(calibration.fees()).reshape(-1)[cell.astype(np.int32) * len(LEVELS) + level]
    severity = np.exp(calibration.FEE_SIGMA * rng.standard_normal(count))
    fee *= severity / severity.mean()
    return Claims(person, group, kind, facility, level, (discharge - stay).astype(np.int32), discharge, fee)


def _draw(weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows with these weights."""
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(count) * edges[-1], "right"), len(weights) - 1)


def _choose(shares: np.ndarray, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a column of `shares` [row, column] for each of `row`."""
    edges = np.cumsum(shares, axis=1)[:, :-1]
    chance = rng.random(len(row))
    return (chance[:, None] >= edges[row]).sum(1, dtype=np.int8)


def sizes_of(claims: Claims, lines: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the number of lines of each claim, and how many were to be expected."""
    count = len(claims.kind)
    if count < 100:
        sizes = np.full(count, max(1, lines // count))
        return sizes, sizes.astype(np.float64)
    stay = claims.kind == calibration.KINDS.index("stay")
    largest = np.where(stay, calibration.LARGEST_STAY, calibration.LARGEST_VISIT)
    return rng.integers(1, largest, endpoint=True), (1 + largest) / 2


def make_lines(
    first: np.ndarray, claims: Claims, fee_a_line: np.ndarray, rng: np.random.Generator
) -> tuple[Lines, np.ndarray]:
    """Make the lines chunk by chunk; also give their codes, rows of the dictionary."""
    total = int(first[-1])
    item, codes = np.empty(total, np.int32), np.empty(total, np.int32)
    day, amount = np.empty(total, np.int32), np.empty(total, np.int64)
    quantity, price = np.empty(total, np.int64), np.empty(total, np.int64)
    mean_price = (fee_a_line * 100 / MEAN_QUANTITY / np.exp(PRICE_SIGMA**2 / 2)).astype(np.float32)  # fen
    stay = claims.discharge - claims.admission
    start = 0
    while start < len(first) - 1:
        end = max(start + 1, int(np.searchsorted(first, first[start] + LINES_AT_ONCE, "right")) - 1)
        here, sizes = slice(first[start], first[end]), np.diff(first[start : end + 1])
        count = here.stop - here.start
        chance = rng.random(count, np.float32)
        codes[here] = ITEMS * chance * chance * chance  # a few items make up most lines
        day[here] = np.repeat(claims.admission[start:end], sizes)
        day[here] += (rng.random(count, np.float32) * np.repeat(stay[start:end] + 1, sizes)).astype(np.int32)
        units = rng.integers(1, LARGEST_QUANTITY, count, np.int16, endpoint=True)
        fen = np.exp(PRICE_SIGMA * rng.standard_normal(count, np.float32)) * np.repeat(mean_price[start:end], sizes)
        price[here] = np.rint(fen)
        np.multiply(price[here], units, out=amount[here])
        price[here] *= 10_000
        np.multiply(units, np.int64(10_000), out=quantity[here])
        fault = rng.integers(0, 1_000, count, np.int16)
        outside = (fault >= UNKNOWN_PER_MILLE) & (fault < UNKNOWN_PER_MILLE + OUTSIDE_PER_MILLE)
        day[here][outside] -= 20
        unknown = np.flatnonzero(fault < UNKNOWN_PER_MILLE)
        item[here] = codes[here]
        item[here][unknown] = -1
        codes[here][unknown] = ITEMS + rng.integers(0, UNKNOWN_CODES, len(unknown))
        start = end
    return Lines(first, item, day, amount, quantity, price), codes
