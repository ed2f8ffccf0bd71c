"""What every contender gets and must give back: plain columns, the same for all.

A contender is a module of this package:

    NAME                          how it is called in the table
    THREADS                       optional, threads it can use; (1, 2) when left out
    prepare(columns, threads)     loads tables, catalog and indexes in the form it likes best; not timed
    run(state)                    columns in memory to columns out; timed
    unpack(state, found)          optional, turns what `run` gave (Arrow, Polars, its own type) into `Output`; not timed
    close(state)                  optional
    LARGEST_LINES                 optional, more is not asked of it
    server_cpu_seconds(state), server_peak_bytes(state)    optional, of a server that works for it

`run` (or `unpack`) gives a dict of arrays, all int64 but `reason` (uint8), lines and claims in the order of the input:
lines `in_scope`, `upfront`, `over_limit`, `self_funded`, `reason`; claims `basic.base`, `basic.deductible`,
`basic.paid`, `catastrophic.base`, `catastrophic.deductible`, `catastrophic.paid`, `cash`; persons `accounts.COUNTER`
for the seven counters of the plan, 0 where a counter was never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from adjudicator import Batch, Catalog
from benchmarks.workload import FIRST_DAY, GROUPS, LEVELS, VISITS, Workload, workload

Output = dict[str, np.ndarray]

PLACE = "340300"
BUCKETS = ("in_scope", "upfront", "over_limit", "self_funded")
LINE_OUTPUTS = (*BUCKETS, "reason")
LAYER_PARTS = ("base", "deductible", "paid")
CLAIM_OUTPUTS = (*(f"{layer}.{part}" for layer in ("basic", "catastrophic") for part in LAYER_PARTS), "cash")
COUNTERS = (
    "admissions",
    "outpatient_borne",
    "banded_ytd",
    "pool_paid",
    "catastrophic_borne",
    "catastrophic_ytd",
    "catastrophic_paid",
)
OUTPUTS = (*LINE_OUTPUTS, *CLAIM_OUTPUTS, *(f"accounts.{c}" for c in COUNTERS))

CHANGE_DAY = FIRST_DAY + 181
UNKNOWN_PER_MILLE, OUTSIDE_PER_MILLE, ENDED_PER_MILLE = 3, 2, 10


@dataclass(frozen=True, slots=True)
class Columns:
    """The work as columns.

    lines: claim int32 (row of claims, rising), item int32 (row of `dictionary`), service_date int32 (days),
    quantity_e4, price_e6, amount_fen int64.
    claims: person int32, order_time int64, admission and discharge int32 (days), level, group and visit int8 (rows of
    LEVELS, GROUPS, VISITS), first int64 [claims + 1] (lines of claim i are first[i]:first[i + 1]). Its id
    is its row.
    versions, in order of item and valid_from: item int32 (row of `items`), valid_from and valid_until int32 (until is
    exclusive), item_class uint8 (A, B, C), upfront_ppm int32, ceiling_e6 int64 [versions, levels + 1] (last: any other
    level; -1 none).
    dictionary: the distinct codes of the lines, in order of first appearance; items: the codes of the catalog.
    """

    lines: dict[str, np.ndarray]
    claims: dict[str, np.ndarray]
    versions: dict[str, np.ndarray]
    dictionary: tuple[str, ...]
    items: tuple[str, ...]
    persons: int
    work: Workload

    def __len__(self) -> int:
        return len(self.lines["item"])

    def coded_strings(self) -> pa.DictionaryArray:
        """Give the item codes of the lines as Arrow reads a column with a dictionary."""
        return pa.DictionaryArray.from_arrays(self.lines["item"], pa.array(self.dictionary, pa.string()))

    def plain_strings(self) -> pa.StringArray:
        """Give the item codes of the lines as plain Arrow strings."""
        return self.coded_strings().cast(pa.string())

    def plain_versions(self) -> pa.StringArray:
        """Give the item codes of the versions as plain Arrow strings."""
        return pa.array(self.items, pa.string()).take(pa.array(self.versions["item"]))


def columns(lines: int, persons: int = 1_000_000, seed: int = 1, plan: str = "bench.reference") -> Columns:
    """Make the work: the seeded workload with unknown codes, ended versions and dates outside the stay."""
    work = rough(workload(lines, persons, seed, plan), seed)
    batch, catalog = work.batch, work.rulebook.catalog
    assert catalog is not None and batch.lines.quantity_e4 is not None and batch.lines.price_e6 is not None
    codes, dictionary = in_order_of_appearance(work.codes, work.dictionary)
    first = batch.lines.first
    line_columns = {
        "claim": np.repeat(np.arange(len(batch), dtype=np.int32), np.diff(first)),
        "item": codes,
        "service_date": batch.lines.service_date,
        "quantity_e4": batch.lines.quantity_e4,
        "price_e6": batch.lines.price_e6,
        "amount_fen": batch.lines.amount_fen,
    }
    claim_columns = {
        "person": batch.person.codes,
        "order_time": batch.order_time,
        "admission": batch.admission,
        "discharge": batch.discharge,
        "first": first,
    }
    for name in ("level", "group", "visit"):
        claim_columns[name] = batch.attributes[name].codes.astype(np.int8)
    items = catalog.codes
    return Columns(line_columns, claim_columns, versions_of(catalog), dictionary, items, len(batch.person.values), work)


def rough(work: Workload, seed: int) -> Workload:
    """Give the workload the rough edges of real files."""
    rng = np.random.default_rng(seed + 1_000)
    batch, catalog = work.batch, work.rulebook.catalog
    assert catalog is not None
    count = len(batch.lines)
    unknown = rng.random(count) < UNKNOWN_PER_MILLE / 1000
    outside = rng.random(count) < OUTSIDE_PER_MILLE / 1000
    known = len(work.dictionary)
    codes = np.where(unknown, known + rng.integers(0, 50, count), work.codes).astype(np.int32)
    dictionary = (*work.dictionary, *(f"U{n:07d}" for n in range(50)))
    date = np.where(outside, batch.lines.service_date - 20, batch.lines.service_date).astype(np.int32)
    item = np.where(unknown, -1, batch.lines.item).astype(np.int32)
    batch = replace(batch, lines=replace(batch.lines, item=item, service_date=date))
    until = catalog.valid_until.copy()
    single = catalog.first[:-1][np.diff(catalog.first) == 1]
    until[rng.choice(single, len(single) * ENDED_PER_MILLE // 1000, replace=False)] = CHANGE_DAY
    rulebook = replace(work.rulebook, catalog=replace(catalog, valid_until=until, memo={}))
    return Workload(batch, rulebook, codes, dictionary)


def in_order_of_appearance(codes: np.ndarray, dictionary: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the codes in use as a writer of columnar files does."""
    distinct, at = np.unique(codes, return_index=True)
    appearing = distinct[np.argsort(at)]
    number = np.zeros(len(dictionary), np.int32)
    number[appearing] = np.arange(len(appearing), dtype=np.int32)
    return number[codes], tuple(dictionary[c] for c in appearing.tolist())


def versions_of(catalog: Catalog) -> dict[str, np.ndarray]:
    """Lay the catalog out as one table of versions."""
    ceiling = np.full((len(catalog.valid_from), len(LEVELS) + 1), -1, np.int64)
    limited = catalog.ceiling >= 0
    ceiling[limited] = catalog.ceilings_e6[catalog.ceiling[limited]]
    return {
        "item": np.repeat(np.arange(len(catalog.codes), dtype=np.int32), np.diff(catalog.first)),
        "valid_from": catalog.valid_from,
        "valid_until": catalog.valid_until,
        "item_class": catalog.item_class,
        "upfront_ppm": catalog.upfront_ppm,
        "ceiling_e6": ceiling,
    }


def batch_of(work: Columns) -> Batch:
    """Give the batch the columns were laid out from."""
    return work.work.batch


def differences(found: Output, expected: Output) -> dict[str, int]:
    """Count the cells of every output column that are not equal; a column that is missing differs everywhere."""
    wrong = {}
    for name in OUTPUTS:
        column = found.get(name)
        if column is None or len(column) != len(expected[name]):
            wrong[name] = len(expected[name])
            continue
        count = int(np.count_nonzero(np.asarray(column) != expected[name]))
        if count:
            wrong[name] = count
    return wrong


__all__ = ["GROUPS", "LEVELS", "VISITS", "Columns", "Output", "columns", "differences"]
