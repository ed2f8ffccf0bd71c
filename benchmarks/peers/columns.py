"""What every contender gets and must give back: plain columns, the same for all.

A contender is a module of this package:

    NAME                          how it is called in the table
    THREADS                       optional, threads it can use; (1, 2) when left out
    prepare(columns, threads)     loads tables, catalog and indexes in the form it likes best; not timed
    run(state)                    columns in memory to columns out; timed
    unpack(state, found)          optional, turns what `run` gave (Arrow, Polars, its own type) into `Output`; not timed
    close(state)                  optional
    LARGEST_LINES                 optional, more is not asked of it
    NOTE, note(state)             optional, said below the table
    PLAN, check(state, found)     optional, ours only: a shipped plan, and what of its settlement is wrong
    server_cpu_seconds(state), server_peak_bytes(state)    optional, of a server that works for it

`run` (or `unpack`) gives a dict of arrays, all int64 but `reason` (uint8), lines and claims in the order of the input:
lines `in_scope`, `upfront`, `over_limit`, `self_funded`, `reason`; claims `basic.base`, `basic.deductible`,
`basic.paid`, `catastrophic.base`, `catastrophic.deductible`, `catastrophic.paid`, `cash`; persons `accounts.COUNTER`
for the seven counters of the plan, 0 where a counter was never touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from adjudicator import Batch, Catalog
from benchmarks.calibration import GROUPS, LEVELS
from benchmarks.workload import LINES_AT_ONCE, PERSONS, VISITS, Workload, workload

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


@dataclass(frozen=True, slots=True)
class Columns:
    """The work as columns.

    lines: claim int32 (row of claims, rising), item int32 (row of `dictionary`), service_date int32 (days),
    quantity_e4, price_e6, amount_fen int64.
    claims: person and facility int32, order_time int64, admission and discharge int32 (days), group and visit int8
    (rows of GROUPS, VISITS), first int64 [claims + 1] (lines of claim i are first[i]:first[i + 1]). Its id is its row.
    facility_level: int8 [facilities], rows of LEVELS; a claim has the level of its facility, and finding it is work.
    versions, in order of item and valid_from: item int32 (row of `items`), valid_from and valid_until int32 (until is
    exclusive), item_class uint8 (A, B, C), upfront_ppm int32, ceiling_e6 int64 [versions, levels + 1] (last: any other
    level; -1 none).
    dictionary: the distinct codes of the lines, in order of first appearance; items: the codes of the catalog.
    """

    lines: dict[str, np.ndarray]
    claims: dict[str, np.ndarray]
    facility_level: np.ndarray
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


def columns(lines: int, persons: int = PERSONS, seed: int = 1, fee_factor: float = 1.0) -> Columns:
    """Lay the seeded workload out as columns, its codes numbered as a writer of columnar files does."""
    work = workload(lines, persons, seed, fee_factor=fee_factor)
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
        "facility": work.facility,
        "order_time": batch.order_time,
        "admission": batch.admission,
        "discharge": batch.discharge,
        "first": first,
        "group": batch.attributes["group"].codes.astype(np.int8),
        "visit": batch.attributes["visit"].codes.astype(np.int8),
    }
    return Columns(
        line_columns,
        claim_columns,
        work.facility_level,
        versions_of(catalog),
        dictionary,
        catalog.codes,
        len(batch.person.values),
        work,
    )


def in_order_of_appearance(codes: np.ndarray, dictionary: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the codes in use by their first line; `codes` are overwritten."""
    appears = np.full(len(dictionary), len(codes), np.int64)
    for end in range(len(codes), 0, -LINES_AT_ONCE):
        start = max(0, end - LINES_AT_ONCE)
        appears[codes[start:end][::-1]] = np.arange(end - 1, start - 1, -1)  # of equal indexes the last one stays
    order = np.argsort(appears)[: np.count_nonzero(appears < len(codes))]
    number = np.zeros(len(dictionary), np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    for start in range(0, len(codes), LINES_AT_ONCE):
        codes[start : start + LINES_AT_ONCE] = number[codes[start : start + LINES_AT_ONCE]]
    return codes, tuple(dictionary[code] for code in order.tolist())


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
