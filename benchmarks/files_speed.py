"""From Parquet files to Parquet files, stage by stage, beside the same claims in memory.

    python -m benchmarks.files_speed [LINES ...]

Two files, claims and lines, go through the door into a batch, are settled, and every table of results is written. The
rules are loaded before.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from adjudicator import Category, Rulebook, settle
from api.door.building import Setting
from api.door.intake import take_in
from api.files.headings import Part
from api.files.opening import open_source
from api.files.source import Block
from api.output.columns import dates, words, yuan
from api.output.results import Results, write_tables
from api.output.writers import DICTIONARY_PAGE
from api.run import cores
from api.totals import Totals, totals_of
from benchmarks.peers import columns as work_columns
from benchmarks.peers import ours
from benchmarks.peers.columns import GROUPS, LEVELS, VISITS, Columns
from catalogs.tables.lookup import CatalogIndex
from catalogs.tables.schema import NATION

ROW_GROUP = 1 << 20
STAGES = ("read", "door", "settle", "write")
PARTS: dict[str, Part] = {"claims": "claim", "lines": "line"}
"""Files of a run, and what a row of each is."""


def write_inputs(columns: Columns, folder: Path) -> None:
    """Write the work as an agency's warehouse exports it: typed columns, codes with a dictionary in each group."""
    lines, claims = columns.lines, columns.claims
    claim_ids, persons = columns.work.batch.claim_id.values, columns.work.batch.person.values
    level = columns.facility_level[claims["facility"]]
    attributes = {"level": (level, LEVELS), "group": (claims["group"], GROUPS), "visit": (claims["visit"], VISITS)}
    of_claims = {
        "claim_id": pa.array(claim_ids),
        "person_id": words(Category(claims["person"], persons)),
        "plan": words(Category(np.zeros(len(claim_ids), np.int32), (columns.work.rulebook.programs[0].name,))),
        "admission": dates(claims["admission"]),
        "discharge": dates(claims["discharge"]),
        "settlement": pa.array(claims["order_time"], pa.timestamp("s")),
        **{name: words(Category(codes.astype(np.int32), of)) for name, (codes, of) in attributes.items()},
    }
    of_lines = {
        "claim_id": words(Category(lines["claim"], claim_ids)),
        "item_code": columns.coded_strings(),
        "service_date": dates(lines["service_date"]),
        "quantity": scaled(lines["quantity_e4"], 4),
        "price": scaled(lines["price_e6"], 6),
        "amount": yuan(lines["amount_fen"]),
    }
    for name, of in (("claims", of_claims), ("lines", of_lines)):
        table = pa.table(of)
        coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
        table = table.cast(pa.schema([f.with_type(pa.string()) if f.name in coded else f for f in table.schema]))
        parquet.write_table(
            table,
            folder / f"{name}.parquet",
            row_group_size=ROW_GROUP,
            use_dictionary=coded,
            dictionary_pagesize_limit=DICTIONARY_PAGE,
            store_decimal_as_integer=True,
            store_schema=False,
        )


def scaled(units: np.ndarray, decimals: int) -> pa.Array:
    """Give integers as exact decimals."""
    return pa.Array.from_buffers(pa.decimal64(18, decimals), len(units), [None, pa.py_buffer(units)])


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - started


def settle_folder(folder: Path, out: Path, rulebook: Rulebook, setting: Setting) -> tuple[Clock, Totals]:
    """Read, settle and write, as `api.run` does; reading is the Parquet reader alone."""
    clock = Clock()
    sources = {name: open_source(folder / f"{name}.parquet", (part,)) for name, part in PARTS.items()}
    for source in sources.values():
        source.open = partial(timed, source.open, clock)
    with clock.stage("door"):
        intake = take_in(sources["claims"], sources["lines"], None, setting)
    clock.seconds["door"] -= clock.seconds["read"]
    with clock.stage("settle"):
        settlement = settle(intake.batch, rulebook, workers=cores())
    with clock.stage("write"):
        write_tables(Results(intake, settlement, rulebook), out, ("parquet",), cores())
        totals = totals_of(intake.batch, settlement, rulebook)
    return clock, totals


def timed(opened: Callable[[], Iterator[Block]], clock: Clock) -> Iterator[Block]:
    """Give the blocks of a source; the time to get one is that of reading."""
    blocks = opened()
    while True:
        with clock.stage("read"):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def national(columns: Columns) -> Columns:
    """Give the work with the catalog as the nation's: the plan names no place where its claims are treated."""
    rulebook = columns.work.rulebook
    assert rulebook.catalog is not None
    catalog = replace(rulebook.catalog, places=(NATION,), memo={})
    return replace(columns, work=replace(columns.work, rulebook=replace(rulebook, catalog=catalog)))


def measure(lines: int, rounds: int = 3) -> tuple[Clock, float]:
    """Give the best seconds of each stage, and those of the engine in memory, over some rounds in turn."""
    columns = work_columns.columns(lines)
    in_memory = ours.prepare(columns, 1)
    rulebook = national(columns).work.rulebook
    assert rulebook.catalog is not None
    setting = Setting(rulebook.programs, CatalogIndex(rulebook.catalog))
    best, engine = Clock(), float("inf")
    best.seconds = dict.fromkeys(STAGES, float("inf"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "out").mkdir()
        write_inputs(columns, folder)
        gc.freeze()
        for _ in range(rounds):
            started = time.perf_counter()
            known = ours.run(in_memory)
            engine = min(engine, time.perf_counter() - started)
            clock, totals = settle_folder(folder, folder / "out", rulebook, setting)
            assert totals.cash_fen == int(known.cash_fen.sum())
            best.seconds = {stage: min(best.seconds[stage], clock.seconds[stage]) for stage in STAGES}
    return best, engine


def main(sizes: Sequence[int]) -> None:
    for lines in sizes:
        clock, engine = measure(lines)
        parts = ", ".join(f"{stage} {seconds / lines * 1e9:.0f}" for stage, seconds in clock.seconds.items())
        whole = sum(clock.seconds.values())
        print(
            f"{lines:,} lines, ns a line: {parts}; from file to file {whole / lines * 1e9:.0f},"
            f" {whole / engine:.1f} times the engine in memory ({engine / lines * 1e9:.0f})"
        )


if __name__ == "__main__":
    main([int(float(lines)) for lines in sys.argv[1:]] or [1_000_000, 5_000_000])
