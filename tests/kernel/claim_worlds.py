"""Random batches that any compiled plan can be asked about: every attribute the plan reads, in its own words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator import Batch, Category, Lines, Program
from adjudicator.columns import MISSING, Column, Flags, Number
from adjudicator.prepare import parts
from adjudicator.rulebook import CounterRule, Deductible, Flat, Key, KeyKind, Limit
from adjudicator.tables import DATE

MISSING_SHARE = 0.02


def batch_of(programs: Sequence[Program], claims: int, persons: int, rng: np.random.Generator) -> Batch:
    """Make claims of the programs, by persons with skewed numbers of visits; a third come as bucket totals."""
    plan = np.where(rng.random(claims) < MISSING_SHARE, len(programs), rng.integers(0, len(programs), claims))
    first = max(p.valid_from for p in programs) - 20
    until = min(min(p.valid_until for p in programs), first + 700)
    admission = rng.integers(first, max(until, first + 60), claims).astype(np.int32)
    discharge = (admission + rng.integers(0, 40, claims)).astype(np.int32)
    counts = rng.integers(0, 4, claims)
    lines = np.zeros(claims + 1, np.int64)
    np.cumsum(counts, out=lines[1:])
    return Batch(
        claim_id=Category.encode([f"c{number}" for number in rng.permutation(claims).tolist()]),
        person=Category((rng.random(claims) ** 3 * persons).astype(np.int32), tuple(f"p{n}" for n in range(persons))),
        plan=Category(plan.astype(np.int32), (*(p.name for p in programs), "of.nobody")),
        order_time=discharge * np.int64(86_400) + rng.integers(0, 3, claims),
        admission=admission,
        discharge=discharge,
        settlement=discharge,
        lines=lines_of(rng, lines, admission),
        attributes=attributes_of(programs, claims, rng),
        amounts={name: rng.integers(0, 500_000, claims) for p in programs for name in p.amounts},
        order_type=rng.integers(0, 2, claims).astype(np.int32),
        given_buckets=rng.integers(0, 9_000_000, (claims, 4)),
        bucketed=(rng.random(claims) < 1 / 3).astype(np.uint8),
        reason=np.where(rng.random(claims) < 0.03, 3, 0).astype(np.uint8),
    )


def lines_of(rng: np.random.Generator, first: np.ndarray, admission: np.ndarray) -> Lines:
    """Make lines that are judged already."""
    total = int(first[-1])
    return Lines(
        first,
        item=np.full(total, -1, np.int32),
        service_date=np.repeat(admission, np.diff(first)),
        amount_fen=rng.integers(-20_000, 3_000_000, total),
        class_code=rng.integers(0, 3, total).astype(np.int8),
        upfront_ppm=rng.choice([0, 50_000, 100_000], total).astype(np.int32),
    )


def attributes_of(programs: Sequence[Program], claims: int, rng: np.random.Generator) -> dict[str, Column]:
    """Make a column for every attribute that conditions, tables, counters and multiples of the programs read."""
    domains: dict[str, set[str]] = {}
    numbers: dict[str, set[int]] = {}
    marks: dict[str, set[str]] = {}
    for part in (part for p in programs for part in parts((p.layers, p.counters, p.lines))):
        match part:
            case Key(KeyKind.CATEGORY, source, domain):
                domains.setdefault(source, set()).update(domain)
            case Key(KeyKind.NUMBER, source) if source != DATE:
                numbers.setdefault(source, set()).update(part.edges.tolist())
            case Key(KeyKind.FLAG, source, domain):
                marks.setdefault(source, set()).update(domain)
            case Deductible(times=str(name)) | Limit(times=str(name)) | Flat(number=str(name)):
                numbers.setdefault(name, {1, 9})
            case CounterRule():
                for name in (*part.keys, *((part.holder,) if part.holder != "person" else ()), "episode"):
                    domains.setdefault(name, {f"{name}{i}" for i in range(claims // 8 + 1)})
    found: dict[str, Column] = {}
    for name, domain in sorted(domains.items()):
        found[name] = words(rng, sorted(domain), claims)
    for name, edges in sorted(numbers.items()):
        near = np.array([0, *sorted(e + d for e in edges if abs(e) < 1 << 40 for d in (-1, 0, 1))])
        given = np.maximum(rng.choice(near, claims), 0)
        found[name] = Number(np.where(rng.random(claims) < MISSING_SHARE, MISSING, given))
    for name, known in sorted(marks.items()):
        bits = rng.integers(0, 1 << len(known), claims) & rng.integers(0, 1 << len(known), claims)
        found[name] = Flags(bits, tuple(sorted(known)))
    return found


def words(rng: np.random.Generator, domain: Sequence[str], claims: int) -> Category:
    """Draw from a dictionary; a few are missing."""
    codes = rng.integers(0, len(domain), claims).astype(np.int32)
    return Category(np.where(rng.random(claims) < MISSING_SHARE, np.int32(-1), codes), tuple(domain))
