"""Random catalogs, plans and claims for the line stage: small enough to read, wide enough to reach every rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from adjudicator.batch import Batch, Lines
from adjudicator.catalog import Catalog, Restrictions
from adjudicator.columns import MISSING, Category, Number
from adjudicator.rulebook import CategoryLimit, Formula, Key, KeyKind, LineRules, Program, State, Table

LEVELS = ("tertiary", "secondary")
VISITS = ("inpatient", "outpatient")
SCHEMES = ("resident_basic", "employee_basic")
GROUPS = ("main", "joints")
MARKS = ("tcm", "imported")
START = 19_000


@dataclass(frozen=True)
class World:
    catalog: Catalog
    program: Program
    batch: Batch


def no_restrictions(rows: int = 0) -> Restrictions:
    zeros, minus = np.zeros(rows, np.int64), np.full(rows, -1, np.int32)
    flags = np.zeros(rows, np.uint8)
    return Restrictions(
        levels=zeros, sexes=zeros, age_from=minus, age_until=minus, visits=zeros, schemes=zeros, diagnosis_set=minus,
        max_days=minus, max_quantity_e4=minus.astype(np.int64), second_line=flags, text=flags,
    )  # fmt: skip


def restrictions_of(rng: np.random.Generator, rows: int) -> Restrictions:
    def seldom(values: np.ndarray, otherwise: int) -> np.ndarray:
        return np.where(rng.random(rows) < 0.3, values, otherwise).astype(values.dtype)

    return Restrictions(
        levels=seldom(rng.integers(1, 4, rows), 0),
        sexes=seldom(rng.integers(1, 3, rows), 0),
        age_from=seldom(rng.integers(0, 60, rows).astype(np.int32), -1),
        age_until=seldom(rng.integers(30, 90, rows).astype(np.int32), -1),
        visits=seldom(rng.integers(1, 4, rows), 0),
        schemes=seldom(rng.integers(1, 4, rows), 0),
        diagnosis_set=seldom(rng.integers(0, 2, rows).astype(np.int32), -1),
        max_days=seldom(rng.integers(0, 4, rows).astype(np.int32), -1),
        max_quantity_e4=seldom(rng.integers(0, 60_000, rows), -1),
        second_line=(rng.random(rows) < 0.2).astype(np.uint8),
        text=(rng.random(rows) < 0.2).astype(np.uint8),
    )


def catalog_of(rng: np.random.Generator, items: int, restricted: bool = True) -> Catalog:
    counts = rng.integers(0, 4, items)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    versions = int(first[-1])
    begins, ends = np.empty(versions, np.int32), np.empty(versions, np.int32)
    for item in range(items):
        edges = np.sort(rng.choice(np.arange(START - 20, START + 30), 2 * counts[item], replace=False))
        begins[first[item] : first[item + 1]] = edges[::2]
        touching = rng.random() < 0.5
        stops = np.append(edges[2::2], START + 99) if touching and counts[item] else edges[1::2]
        ends[first[item] : first[item + 1]] = stops
    rows, schedules = 4, 3
    ceilings = np.where(rng.random((rows, 3)) < 0.7, rng.integers(0, 40_000_000, (rows, 3)), -1)
    schedule_from = np.array([0, 2, 2, 5], np.int32)
    price_from = rng.integers(0, 30_000_000, 5)

    def pick(high: int, share: float) -> np.ndarray:
        return np.where(rng.random(versions) < share, rng.integers(0, high, versions), -1).astype(np.int32)

    return Catalog(
        places=("340300",), codes=tuple(map(str, range(items))), place=np.zeros(items, np.int32), first=first,
        valid_from=begins, valid_until=ends, item_class=rng.choice([0, 1, 1, 2], versions).astype(np.uint8),
        kind=rng.integers(0, 4, versions).astype(np.uint8), group=pick(2, 0.5), marks=rng.integers(0, 4, versions),
        upfront_ppm=rng.choice([0, 0, 100_000, 333_333, 1_000_000], versions).astype(np.int32),
        upfront_schedule=pick(schedules, 0.2), ceiling=pick(rows, 0.5),
        restriction=pick(6, 0.5) if restricted else np.full(versions, -1, np.int32), ceilings_e6=ceilings,
        schedule_from=schedule_from, schedule_scheme=rng.integers(-1, 2, 5).astype(np.int32),
        schedule_visit=rng.integers(-1, 2, 5).astype(np.int32), schedule_price_from_e6=price_from,
        schedule_price_until_e6=price_from + rng.integers(0, 90_000_000, 5),
        schedule_rate_ppm=rng.integers(0, 1_000_001, 5).astype(np.int32), restrictions=restrictions_of(rng, 6),
        levels=LEVELS, visits=VISITS, schemes=SCHEMES, groups=GROUPS, mark_names=MARKS,
        diagnosis_sets=(("C",), ("E11", "I1")),
    )  # fmt: skip


def constant(value: int, state: State = State.EXACT) -> Table:
    return Table((), np.array([value]), np.array([state], np.uint8), np.zeros(1, np.int32))


def edges(*values: int) -> np.ndarray:
    return np.array([MISSING + 1, *values], np.int64)


LINE_KEYS = (
    Key(KeyKind.CATEGORY, "class", ("A", "B")),
    Key(KeyKind.CATEGORY, "kind", ("consumable", "drug")),
    Key(KeyKind.CATEGORY, "item_group", ("joints", "other")),
    Key(KeyKind.NUMBER, "stay_day", edges=edges(3, 6)),
    Key(KeyKind.NUMBER, "item_price", edges=edges(10_000_000, 20_000_000)),
    Key(KeyKind.FLAG, "mark:imported", ("imported",)),
    Key(KeyKind.CATEGORY, "level", LEVELS),
    Key(KeyKind.NUMBER, "age", edges=edges(60)),
)


def table_over(rng: np.random.Generator, choices: list[int], states: list[State]) -> Table:
    keys = tuple(LINE_KEYS[i] for i in rng.choice(len(LINE_KEYS), rng.integers(0, 3), replace=False))
    size = int(np.prod([key.size for key in keys], initial=1))
    values = rng.choice(choices, size).astype(np.int64)
    return Table(keys, values, rng.choice(states, size).astype(np.uint8), np.zeros(size, np.int32))


def rules_of(rng: np.random.Generator, limited: bool = True) -> LineRules:
    atoms = int(rng.integers(1, 4))
    exact = [State.EXACT] * 6
    limits = []
    for number in range(int(rng.integers(0, 3)) if limited else 0):
        amount = constant(int(rng.integers(0, 9_000)), rng.choice([State.ABSENT, State.NOT_STATED, *exact]))
        members = tuple(np.flatnonzero(rng.random(atoms) < 0.6).tolist())
        times = "days" if rng.random() < 0.3 else None
        limits.append(CategoryLimit(f"limit{number}", members, Formula(amount), times, bool(rng.random() < 0.5)))
    return LineRules(
        atoms=atoms,
        atom=table_over(rng, list(range(atoms)), [*exact, State.UNKNOWN]),
        upfront=table_over(rng, [-1, 0, 50_000, 700_000], [*exact, State.ABSENT, State.NOT_STATED])
        if rng.random() < 0.4
        else None,
        ceiling_first=bool(rng.random() < 0.6),
        whole_bill=bool(rng.random() < 0.1),
        category_limits=tuple(limits),
        ceilings=bool(rng.random() < 0.9),
    )


def program_of(rules: LineRules) -> Program:
    return Program("p", "resident_basic", (), (), rules, 0, 99_999)


def lines_of(rng: np.random.Generator, claims: int, items: int) -> Lines:
    counts = rng.choice([0, 1, 2, 5, 9], claims)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    n = int(first[-1])
    some = rng.random(8) < 0.5

    def gaps(values: np.ndarray, gap: int, share: float = 0.7) -> np.ndarray:
        return np.where(rng.random(n) < share, values, gap).astype(values.dtype)

    negative = np.where(rng.random(n) < (0.2 if some[0] else 0.0), -1, 1)
    return Lines(
        first, gaps(rng.integers(0, items, n).astype(np.int32), -1, 0.95) if items else np.full(n, -1, np.int32),
        rng.integers(START - 1, START + 9, n).astype(np.int32), rng.integers(0, 9_999, n) * negative,
        quantity_e4=gaps(rng.integers(0, 50_000, n) * (negative if some[1] else 1), MISSING) if some[2] else None,
        price_e6=gaps(rng.integers(0, 40_000_000, n), MISSING) if some[3] else None,
        class_code=gaps(rng.integers(0, 3, n).astype(np.int8), -1, 0.3) if some[4] else None,
        upfront_ppm=gaps(rng.integers(0, 1_000_001, n).astype(np.int32), -1, 0.3) if some[5] else None,
        group=Category(rng.integers(-1, 3, n).astype(np.int32), ("other", "joints", "x")) if some[6] else None,
        confirmed=rng.integers(-1, 2, n).astype(np.int8) if some[7] else None,
    )  # fmt: skip


def batch_of(rng: np.random.Generator, claims: int, items: int) -> Batch:
    ids = Category(np.arange(claims, dtype=np.int32), tuple(map(str, range(claims))))
    admission = np.full(claims, START, np.int32)
    discharge = (admission + rng.choice([0, 4, 8], claims)).astype(np.int32)

    def words(*values: str) -> Category:
        return Category(rng.integers(-1, len(values), claims).astype(np.int32), values)

    attributes = {
        "level": words(*LEVELS, "unranked"), "sex": words("female", "male"), "visit": words(*VISITS, "chronic"),
        "diagnosis": words("C34.1", "E11.9", "I10", "Z00"),
        "age": Number(np.where(rng.random(claims) < 0.8, rng.integers(0, 90, claims), MISSING)),
        "days": Number(np.where(rng.random(claims) < 0.9, rng.integers(0, 4, claims), MISSING)),
    }  # fmt: skip
    missing = [name for name in attributes if rng.random() < 0.1]
    kept = {name: column for name, column in attributes.items() if name not in missing}
    zeros = np.zeros(claims, np.int64)
    lines = lines_of(rng, claims, items)
    return Batch(ids, ids, ids, zeros, admission, discharge, discharge, lines, kept)


def world_of(seed: int, claims: int = 8, items: int = 6, *, plain: bool = False) -> World:
    rng = np.random.default_rng(seed)
    catalog = catalog_of(rng, items, restricted=not plain)
    rules = rules_of(rng, limited=not plain)
    if plain:
        rules = replace(rules, atoms=1, atom=constant(0), upfront=None, whole_bill=False)
    return World(catalog, program_of(rules), batch_of(rng, claims, items))
