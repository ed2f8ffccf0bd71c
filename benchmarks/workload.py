"""A seeded workload: catalog, facilities' levels, persons with skewed numbers of visits, claims of about 12 lines.

Codes arrive dictionary-coded, amounts as int64, dates as int32 days: what a columnar file gives. Sizes of the catalog
and of the population are those of a city; amounts and shares are plausible, not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjudicator import Batch, Catalog, Category, Lines, Program, Restrictions, Rulebook
from catalogs.plans import load_library

PLANS = Path(__file__).parent / "plans"
FIRST_DAY = 19_358  # 2023-01-01
DAYS = 365
LEVELS = ("tertiary", "secondary", "primary")
GROUPS = ("in_service", "retired")
VISITS = ("outpatient", "inpatient")
ITEMS = 200_000
LINES_A_CLAIM = 12


@dataclass(frozen=True, slots=True)
class Workload:
    """Claims with their rulebook; `codes` [lines] index into `dictionary`, the item codes as text."""

    batch: Batch
    rulebook: Rulebook
    codes: np.ndarray
    dictionary: tuple[str, ...]


def program(plan: str = "bench.reference") -> Program:
    """Compile one plan of the benchmarks."""
    return load_library([PLANS]).compile(plan)


def catalog(items: int = ITEMS, seed: int = 7) -> Catalog:
    """Make a catalog: two thirds of the items payable with an upfront share, a third with a price cut on 1 July."""
    rng = np.random.default_rng(seed)
    cut = rng.random(items) < 1 / 3
    first = np.zeros(items + 1, np.int32)
    np.cumsum(1 + cut, out=first[1:])
    versions = int(first[-1])
    valid_from = np.full(versions, FIRST_DAY - 365, np.int32)
    valid_until = np.full(versions, 2**31 - 1, np.int32)
    second = first[1:][cut] - 1
    valid_from[second] = valid_until[second - 1] = FIRST_DAY + 181
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
        kind=rng.integers(0, 4, versions).astype(np.uint8),
        group=none,
        marks=rng.integers(0, 2, versions),
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


def workload(lines: int, persons: int = 1_000_000, seed: int = 1, plan: str = "bench.reference") -> Workload:
    """Make claims of about 12 lines each, in order of time, for one year."""
    rng = np.random.default_rng(seed)
    claims = max(1, lines // LINES_A_CLAIM)
    sizes = np.full(claims, lines // claims) if claims < 100 else rng.integers(1, 2 * LINES_A_CLAIM, claims)
    first = np.zeros(claims + 1, np.int64)
    np.cumsum(sizes, out=first[1:])
    total = int(first[-1])
    discharge = np.sort(rng.integers(FIRST_DAY, FIRST_DAY + DAYS, claims)).astype(np.int32)
    inpatient = rng.random(claims) < 0.08
    stay = np.where(inpatient, rng.integers(2, 15, claims), 0)
    admission = (discharge - stay).astype(np.int32)
    item = (ITEMS * rng.random(total) ** 3).astype(np.int32)  # a few items make up most lines
    quantity = rng.integers(1, 30, total) * 10_000
    price = (rng.lognormal(3.0, 1.2, total) * 100).astype(np.int64) * 10_000
    fen = (quantity // 10_000) * (price // 10_000)
    day = np.repeat(admission, sizes) + (rng.random(total) * (np.repeat(stay, sizes) + 1)).astype(np.int32)
    persons = min(persons, max(1, claims))
    person = (persons * rng.random(claims) ** 1.7).astype(np.int32)  # a few persons come often
    built = program(plan)
    batch = Batch(
        claim_id=Category(np.arange(claims, dtype=np.int32), tuple(f"C{n}" for n in range(claims))),
        person=Category(person, tuple(f"P{n}" for n in range(persons))),
        plan=Category(np.zeros(claims, np.int32), (built.name,)),
        order_time=discharge.astype(np.int64) * 86_400 + np.arange(claims) % 86_400,
        admission=admission,
        discharge=discharge,
        settlement=discharge,
        lines=Lines(first, item, day.astype(np.int32), fen, quantity, price),
        attributes={
            "level": Category(rng.choice(3, claims, p=[0.4, 0.3, 0.3]).astype(np.int32), LEVELS),
            "group": Category((rng.random(claims) < 0.35).astype(np.int32), GROUPS),
            "visit": Category(inpatient.astype(np.int32), VISITS),
        },
    )
    rulebook = Rulebook((built,), catalog())
    assert rulebook.catalog is not None
    return Workload(batch, rulebook, item, rulebook.catalog.codes)
