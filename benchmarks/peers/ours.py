"""Our engine from dictionary-coded columns: codes to catalog rows, the Batch, the public `settle`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from adjudicator import Accounts, Batch, Category, Lines, Rulebook, Settlement, settle
from benchmarks.peers.columns import COUNTERS, GROUPS, LEVELS, PLACE, VISITS, Columns, Output
from benchmarks.workload import Workload
from catalogs.tables.lookup import CatalogIndex

NAME = "ours, engine"
WORKERS = "workers" in inspect.signature(settle).parameters
THREADS = (1, 2) if WORKERS else (1,)


@dataclass(slots=True)
class State:
    """Columns, item codes of the lines, rulebook and the index of its catalog."""

    columns: Columns
    codes: pa.Array
    rulebook: Rulebook
    index: CatalogIndex
    claim_ids: Category
    persons: tuple[str, ...]
    threads: int


def prepare(columns: Columns, threads: int) -> State:
    return prepare_codes(columns, columns.coded_strings(), threads)


def prepare_codes(columns: Columns, codes: pa.Array, threads: int) -> State:
    """Build the index of the catalog; the codes come as an Arrow column."""
    work: Workload = columns.work
    catalog = work.rulebook.catalog
    assert catalog is not None
    state = State(
        columns, codes, work.rulebook, CatalogIndex(catalog), work.batch.claim_id, work.batch.person.values, threads
    )
    settle(build(state), work.rulebook)  # lays out the tables of codes and of versions
    return state


def build(state: State) -> Batch:
    """Make the batch: the codes are looked up, every other column goes in as it is."""
    lines, claims = state.columns.lines, state.columns.claims
    discharge = claims["discharge"]
    return Batch(
        claim_id=state.claim_ids,
        person=Category(claims["person"], state.persons),
        plan=Category(np.zeros(len(discharge), np.int32), (state.rulebook.programs[0].name,)),
        order_time=claims["order_time"],
        admission=claims["admission"],
        discharge=discharge,
        settlement=discharge,
        lines=Lines(
            claims["first"],
            state.index.rows_of(PLACE, state.codes),
            lines["service_date"],
            lines["amount_fen"],
            lines["quantity_e4"],
            lines["price_e6"],
        ),
        attributes={
            "level": Category(state.columns.facility_level.astype(np.int32)[claims["facility"]], LEVELS),
            "group": Category(claims["group"].astype(np.int32), GROUPS),
            "visit": Category(claims["visit"].astype(np.int32), VISITS),
        },
    )


def run(state: State) -> Settlement:
    return settle_with(build(state), state)


def settle_with(batch: Batch, state: State) -> Settlement:
    """Settle with so many workers, where `settle` knows the word."""
    if WORKERS:
        return settle(batch, state.rulebook, workers=state.threads)  # type: ignore[call-arg]
    return settle(batch, state.rulebook)


def unpack(state: State, found: Settlement) -> Output:
    return outputs(found, state.persons)


def outputs(found: Settlement, persons: tuple[str, ...]) -> Output:
    """Lay a settlement out as the columns every contender gives."""
    out: Output = {
        "in_scope": found.in_scope,
        "upfront": found.upfront,
        "over_limit": found.over_limit,
        "self_funded": found.self_funded,
        "reason": found.line_reason,
        "cash": found.cash_fen,
    }
    for layer in ("basic", "catastrophic"):
        result = found.layers[layer]
        out |= {
            f"{layer}.base": result.base,
            f"{layer}.deductible": result.deductible,
            f"{layer}.paid": result.paid,
        }
    return out | dense(found.accounts, persons)


def dense(accounts: Accounts, persons: tuple[str, ...]) -> Output:
    """Lay the closing accounts out as one array a counter, over the persons."""
    place = {name: row for row, name in enumerate(persons)}
    holders = accounts.holder.values
    row = np.arange(len(persons)) if holders == persons else np.array([place[h] for h in holders], np.int64)
    out = {}
    for counter in COUNTERS:
        values = np.zeros(len(persons), np.int64)
        if counter in accounts.counter.values:
            here = accounts.counter.codes == accounts.counter.values.index(counter)
            values[row[accounts.holder.codes[here]]] = accounts.value[here]
        out[f"accounts.{counter}"] = values
    return out


def expected(columns: Columns) -> Output:
    """Give what every contender must find: the kernel on the claims as they were made, without codes to look up."""
    batch = columns.work.batch
    return outputs(settle(batch, columns.work.rulebook), batch.person.values)


__all__ = ["NAME", "THREADS", "expected", "prepare", "run", "unpack"]
