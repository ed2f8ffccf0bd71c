"""How long one claim takes: in the kernel, and from JSON text in to JSON text out."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from adjudicator import Batch, Category, LineReason, Lines, Rulebook, Settlement, settle
from benchmarks.peers.columns import PLACE
from benchmarks.workload import FIRST_DAY, Workload, workload
from catalogs.tables.lookup import CatalogIndex

LINES = (1, 20, 300)
REASONS = [reason.name for reason in LineReason]


def measure(repeat: int = 300) -> list[dict[str, Any]]:
    """Give microseconds by number of lines: median and 99th percentile, kernel and JSON to JSON."""
    work = workload(1_000)
    catalog = work.rulebook.catalog
    assert catalog is not None
    index = CatalogIndex(catalog)
    rows = []
    for count in LINES:
        text = claim_text(work, count)
        batch = read(text, index, work.rulebook)
        kernel = timed(lambda batch=batch: settle(batch, work.rulebook), repeat)
        whole = timed(lambda text=text: answer(text, index, work.rulebook), repeat)
        rows.append({"lines": count, "kernel": kernel, "json": whole, "bytes": len(text)})
    return rows


def timed(call: Callable[[], object], repeat: int) -> dict[str, float]:
    for _ in range(30):
        call()
    gc.collect()
    gc.freeze()
    times = np.empty(repeat)
    for number in range(repeat):
        started = time.perf_counter()
        call()
        times[number] = time.perf_counter() - started
    gc.unfreeze()
    half, most = np.percentile(times * 1e6, [50, 99])
    return {"best": float(times.min() * 1e6), "median": float(half), "p99": float(most)}


def claim_text(work: Workload, lines: int) -> bytes:
    """Write a stay with so many lines of the workload as JSON; money in fen, price 1e-6 yuan, quantity 1e-4."""
    columns = work.batch.lines
    assert columns.quantity_e4 is not None and columns.price_e6 is not None
    at = np.arange(lines) % len(columns)
    written = [
        {
            "code": work.dictionary[work.codes[i]],
            "service_date": FIRST_DAY + 1,
            "quantity_e4": int(columns.quantity_e4[i]),
            "price_e6": int(columns.price_e6[i]),
            "amount_fen": int(columns.amount_fen[i]),
        }
        for i in at.tolist()
    ]
    claim = {
        "claim_id": "C1",
        "person": "P1",
        "order_time": FIRST_DAY * 86_400,
        "admission": FIRST_DAY,
        "discharge": FIRST_DAY + 5,
        "attributes": {"level": "tertiary", "group": "retired", "visit": "inpatient"},
        "lines": written,
    }
    return orjson.dumps(claim)


def read(text: bytes, index: CatalogIndex, rulebook: Rulebook) -> Batch:
    """Make a batch of the one claim in a JSON text."""
    claim = orjson.loads(text)
    lines = claim["lines"]

    def column(name: str) -> np.ndarray:
        return np.array([line[name] for line in lines], np.int64)

    def date(name: str) -> np.ndarray:
        return np.array([claim[name]], np.int32)

    def one(value: str) -> Category:
        return Category(np.zeros(1, np.int32), (value,))

    return Batch(
        claim_id=one(claim["claim_id"]),
        person=one(claim["person"]),
        plan=one(rulebook.programs[0].name),
        order_time=np.array([claim["order_time"]], np.int64),
        admission=date("admission"),
        discharge=date("discharge"),
        settlement=date("discharge"),
        lines=Lines(
            np.array([0, len(lines)], np.int64),
            index.rows_of(PLACE, [line["code"] for line in lines]),
            column("service_date").astype(np.int32),
            column("amount_fen"),
            column("quantity_e4"),
            column("price_e6"),
        ),
        attributes={name: one(value) for name, value in claim["attributes"].items()},
    )


def answer(text: bytes, index: CatalogIndex, rulebook: Rulebook) -> bytes:
    """Settle the claim of a JSON text; every bucket, reason, layer and closing counter as JSON."""
    return orjson.dumps(written(settle(read(text, index, rulebook), rulebook)))


def written(found: Settlement) -> dict[str, Any]:
    """Lay the settlement of one claim out for JSON."""
    buckets = zip(
        found.in_scope.tolist(),
        found.upfront.tolist(),
        found.over_limit.tolist(),
        found.self_funded.tolist(),
        found.line_reason.tolist(),
        strict=True,
    )
    return {
        "lines": [
            {"in_scope": a, "upfront": b, "over_limit": c, "self_funded": d, "reason": REASONS[r]}
            for a, b, c, d, r in buckets
        ],
        "layers": {
            name: {"base": int(of.base[0]), "deductible": int(of.deductible[0]), "paid": int(of.paid[0])}
            for name, of in found.layers.items()
        },
        "cash": int(found.cash_fen[0]),
        "accounts": {name: value for _, _, name, _, _, value in found.accounts.entries()},
    }
