"""From Parquet files to Parquet files, stage by stage, beside the engine in memory and beside PyArrow alone.

    python -m benchmarks.files_speed [LINES ...]

Two files, claims and lines, go through the door into a batch, are settled, and every table of results is written. The
rules are loaded before. Tables are written twice: each as one file, which one thread writes, and long ones in parts, as
many as there are cores. Every cell of the results is compared with those of the same claims settled in memory. In the
same rounds PyArrow alone reads the same files and writes the same tables: whatever stands between the files takes
longer than that.
"""

from __future__ import annotations

import gc
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from adjudicator import Category, Rulebook, settle
from api.door.building import Setting
from api.door.dates import DAY_SECONDS
from api.door.intake import Counts, Intake, take_in
from api.files.findings import Troubles
from api.files.headings import Part
from api.files.opening import open_source
from api.output.columns import dates, widened, words, yuan
from api.output.results import TABLES, Results, write_tables
from api.output.writers import DICTIONARY_PAGE
from api.run import cores
from api.totals import totals_of
from benchmarks import arrow_files
from benchmarks.peers import columns as work_columns
from benchmarks.peers import ours
from benchmarks.peers.columns import GROUPS, LEVELS, VISITS, Columns
from catalogs.tables.lookup import CatalogIndex
from catalogs.tables.schema import NATION

ROW_GROUP = 1 << 20
STAGES = {
    "here": ("take in", "settle", "write"),
    "here, in parts": ("take in", "settle", "write parts"),
    "PyArrow alone": ("PyArrow reads", "settle", "PyArrow writes"),
    "PyArrow alone, in parts": ("PyArrow reads", "settle", "PyArrow writes parts"),
}
"""What the time of each is made of."""

PARTS: dict[str, Part] = {"claims": "claim", "lines": "line"}
"""Files of a run, and what a row of each is."""

COMPARED = ("lines", "claims", "layers", "accounts")
ACCOUNT_KEYS = ("plan", "holder", "counter", "keys", "period")


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


@dataclass(slots=True)
class Clock:
    """Seconds by stage, the fewest of some rounds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = min(self.seconds.get(name, math.inf), time.perf_counter() - started)

    def together(self, *stages: str) -> float:
        """Give the sum of some stages."""
        return sum(self.seconds[stage] for stage in stages)


def settle_folder(folder: Path, out: Path, rulebook: Rulebook, setting: Setting, clock: Clock) -> None:
    """Read, settle and write, as `api.run` does."""
    with clock.stage("take in"):
        sources = [open_source(folder / f"{name}.parquet", (part,)) for name, part in PARTS.items()]
        intake = take_in(*sources, None, setting)
    with clock.stage("settle"):
        settlement = settle(intake.batch, rulebook, workers=cores())
    for stage, parts in (("write", 1), ("write parts", cores())):
        here = emptied(out / stage)
        with clock.stage(stage):
            write_tables(Results(intake, settlement, rulebook), here, ("parquet",), cores(), parts)
            totals_of(intake.batch, settlement, rulebook)


def emptied(folder: Path) -> Path:
    """Give a new folder in the place of an old one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def national(columns: Columns) -> Columns:
    """Give the work with the catalog as the nation's: the plan names no place where its claims are treated."""
    rulebook = columns.work.rulebook
    assert rulebook.catalog is not None
    catalog = replace(rulebook.catalog, places=(NATION,), memo={})
    return replace(columns, work=replace(columns.work, rulebook=replace(rulebook, catalog=catalog)))


def expected(columns: Columns) -> Results:
    """Settle the work in memory: no file, no door."""
    work, count = columns.work, len(columns)
    settled_on = (columns.claims["order_time"] // DAY_SECONDS).astype(np.int32)
    batch = replace(work.batch, settlement=settled_on)
    intake = Intake(
        batch=batch,
        counts=Counts(len(batch), len(batch), 0, 0, count, count, 0, 0),
        claim_rows=np.arange(1, len(batch) + 1),
        line_rows=np.arange(1, count + 1),
        line_ids=None,
        item_codes=Category(columns.lines["item"], columns.dictionary),
        encodings={},
        ignored={},
        troubles=Troubles(),
        claim_ids=batch.claim_id.values,
    )
    return Results(intake, settle(batch, work.rulebook), work.rulebook)


def differences(folder: Path, results: Results) -> list[str]:
    """Give the columns of the tables written, as table.column, in which any cell is not that of the results."""
    found = []
    for name in COMPARED:
        there, here = parquet.read_table(folder / f"{name}.parquet"), widened(TABLES[name](results))
        found += [f"{name}.{column}" for column in {*there.column_names} ^ {*here.column_names}]
        there = there.select([column for column in there.column_names if column in here.column_names])
        here = pa.table({column: here[column].cast(there[column].type) for column in there.column_names})
        if name == "accounts":  # holders stand in the order in which each side met them
            there, here = (table.sort_by([(key, "ascending") for key in ACCOUNT_KEYS]) for table in (there, here))
        found += [f"{name}.{column}" for column in there.column_names if not there[column].equals(here[column])]
    return found


def measure(lines: int, rounds: int = 3) -> Clock:
    """Give the best seconds of each stage, over some rounds in turn. The results of the files are those in memory."""
    columns = work_columns.columns(lines)
    in_memory = ours.prepare(columns, 1)
    rulebook = national(columns).work.rulebook
    assert rulebook.catalog is not None
    setting = Setting(rulebook.programs, CatalogIndex(rulebook.catalog))
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out = folder / "out"
        write_inputs(columns, folder)
        settle_folder(folder, out, rulebook, setting, clock)
        results = expected(columns)
        for stage in ("write", "write parts"):
            wrong = differences(out / stage, results)
            assert not wrong, f"not as in memory: {', '.join(wrong)}"
        del results
        files = {stage: arrow_files.written_in(out / stage, COMPARED) for stage in ("write", "write parts")}
        gc.freeze()
        for _ in range(rounds):
            with clock.stage("engine"):
                ours.run(in_memory)
            settle_folder(folder, out, rulebook, setting, clock)
            with clock.stage("PyArrow reads"):
                arrow_files.read_inputs(folder / f"{name}.parquet" for name in PARTS)
            for stage, tables in files.items():
                bare = emptied(folder / "bare")
                with clock.stage(f"PyArrow {stage.replace('write', 'writes')}"):
                    arrow_files.write_results(tables, bare, cores())
    return clock


def main(sizes: Sequence[int]) -> None:
    print("| lines | | reading and the door | settling | writing | together | of the engine in memory |")
    print("|---|---|---|---|---|---|---|")
    for lines in sizes:
        clock = measure(lines)
        engine = clock.seconds["engine"]
        for who, stages in STAGES.items():
            whole = clock.together(*stages)
            cells = (f"{seconds / lines * 1e9:.0f}" for seconds in (*map(clock.seconds.get, stages), whole))
            print(f"| {lines:,} | {who} | {' | '.join(cells)} | {whole / engine:.1f} times |")
        print(f"| {lines:,} | the engine in memory, one core | | {engine / lines * 1e9:.0f} | | | |", flush=True)


if __name__ == "__main__":
    main([int(float(lines)) for lines in sys.argv[1:]] or [1_000_000, 5_000_000])
