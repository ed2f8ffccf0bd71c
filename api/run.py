"""One run: files or tables in, a settlement with everything around it out. The whole engine in one call."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from adjudicator import Accounts, Batch, Rulebook, Settlement, settle
from api.door.building import Setting
from api.door.intake import Intake, take_in
from api.files.columnar import table_source
from api.files.opening import open_source
from api.messages import Language
from api.output.accounts import read_accounts
from api.output.columns import widened
from api.output.folder import refuse_foreign, replaced_folder
from api.output.manifest import FileMark, Manifest, OutputMark, PlanMark, mark_file, mark_files
from api.output.results import Results, write_tables
from api.output.tables import claims_table, layers_table, lines_table
from api.rules import Rules, load_rules
from api.totals import Totals, totals_of

Report = Callable[[str], None]
"""Called with the message code of each stage as it begins."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a run. `plans`: files or folders, none for the shipped ones; `catalogs`: likewise None."""

    claims: Path
    members: Path | None = None
    lines: Path | None = None
    accounts: Path | None = None
    plans: tuple[Path, ...] = ()
    catalogs: Path | None = None

    def inputs(self) -> list[tuple[str, Path]]:
        """Give role and path of the data files that there are."""
        roles = ("claims", "members", "lines", "accounts")
        return [(role, path) for role in roles if (path := getattr(self, role)) is not None]


@dataclass(frozen=True, slots=True)
class Run:
    """Claims, the rules they were settled by, and who pays what. Tables are made when they are asked for."""

    intake: Intake
    rules: Rules
    accounts: Accounts
    settlement: Settlement
    folder: Path | None = None
    manifest: Manifest | None = None

    @property
    def batch(self) -> Batch:
        """The claims that could be read."""
        return self.intake.batch

    @property
    def rulebook(self) -> Rulebook:
        """The rules as the kernel reads them."""
        return self.rules.rulebook

    def claims(self) -> pa.Table:
        """Give one row a claim; amounts in yuan."""
        return widened(claims_table(self.batch, self.settlement, self.rulebook))

    def layers(self) -> pa.Table:
        """Give one row a claim and layer."""
        return widened(layers_table(self.batch, self.settlement))

    def lines(self) -> pa.Table:
        """Give one row a fee line, with its reason."""
        return widened(lines_table(self.intake, self.settlement, self.rulebook))

    def rejected(self, language: Language = "en") -> pa.Table:
        """Give one row a thing that is wrong: file, row, column, value, reason, what to do."""
        return self.intake.rejected(language)

    def totals(self) -> Totals:
        """Give the sums by fund, scheme and level."""
        return totals_of(self.batch, self.settlement, self.rulebook)


def settle_files(
    claims: Path | str,
    members: Path | str | None = None,
    *,
    lines: Path | str | None = None,
    accounts: Path | str | None = None,
    plans: Sequence[Path | str] = (),
    catalogs: Path | str | None = None,
    out: Path | str | None = None,
    formats: Sequence[str] = ("csv", "parquet"),
    language: Language = "en",
    report: Report | None = None,
    workers: int | None = None,
    parts: int = 1,
) -> Run:
    """Settle the claims of a file; with `out`, write the results there.

    Bad rows are set apart (`Run.rejected`), with the whole claim they belong to; all other claims are settled.
    `workers`: threads that work at once, by default as many as the process has cores; results do not depend on them.
    `parts`: files that a long Parquet table is divided into, which as many workers write at once; they stand in a
    folder with the name of the one file.
    Raises AdjudicatorError when rules or files as a whole cannot be used, OSError when they cannot be read or written.
    """
    sources = Sources(
        Path(claims),
        _path(members),
        _path(lines),
        _path(accounts),
        tuple(Path(path) for path in plans),
        _path(catalogs),
    )
    run = settle_sources(sources, report, workers)
    return run if out is None else write_run(run, sources, Path(out), formats, language, report, workers, parts)


def settle_tables(
    claims: pa.Table,
    members: pa.Table | None = None,
    *,
    lines: pa.Table | None = None,
    accounts: Accounts | None = None,
    rules: Rules | None = None,
    workers: int | None = None,
) -> Run:
    """Settle the claims of Arrow tables, with the columns that files have; `rules` default to the shipped ones.

    Nothing is written. Closing accounts stand in `Run.settlement.accounts` and may open the next call.
    """
    used = rules or load_rules()
    persons = None if members is None else table_source("members", members, ("member",))
    if lines is None:
        intake = take_in(table_source("claims", claims, ("claim", "line")), None, persons, setting_of(used))
    else:
        of_lines = table_source("lines", lines, ("line",))
        intake = take_in(table_source("claims", claims, ("claim",)), of_lines, persons, setting_of(used))
    opening = accounts or Accounts.empty()
    return Run(intake, used, opening, settle(intake.batch, used.rulebook, opening, workers=workers or cores()))


def settle_sources(sources: Sources, report: Report | None = None, workers: int | None = None) -> Run:
    """Read and settle; nothing is written."""
    tell = report or _silent
    for _, path in sources.inputs():
        path.open("rb").close()
    tell("STAGE_RULES")
    rules = load_rules(sources.plans, sources.catalogs)
    tell("STAGE_READ")
    intake = read_sources(sources, rules)
    accounts = read_accounts(sources.accounts) if sources.accounts else Accounts.empty()
    tell("STAGE_SETTLE")
    return Run(intake, rules, accounts, settle(intake.batch, rules.rulebook, accounts, workers=workers or cores()))


def cores() -> int:
    """Give how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_sources(sources: Sources, rules: Rules) -> Intake:
    """Read the data files of a run."""
    members = None if sources.members is None else open_source(sources.members, ("member",))
    if sources.lines is None:
        return take_in(open_source(sources.claims, ("claim", "line")), None, members, setting_of(rules))
    lines = open_source(sources.lines, ("line",))
    return take_in(open_source(sources.claims, ("claim",)), lines, members, setting_of(rules))


def setting_of(rules: Rules) -> Setting:
    """Give what the door needs to know of the rules."""
    tables = rules.tables
    index, facilities = (tables.index, tables.facilities) if tables else (None, None)
    return Setting(rules.programs, index, facilities, rules.illustrative)


def write_run(
    run: Run,
    sources: Sources,
    out: Path,
    formats: Sequence[str] = ("csv", "parquet"),
    language: Language = "en",
    report: Report | None = None,
    workers: int | None = None,
    parts: int = 1,
) -> Run:
    """Write the results of a run to a folder, whole or not at all, and give the run with its manifest."""
    tell = report or _silent
    refuse_foreign(out)
    tell("STAGE_WRITE")
    inputs = tuple(mark_file(role, path) for role, path in sources.inputs())
    with replaced_folder(out) as folder:
        results = Results(run.intake, run.settlement, run.rulebook, language)
        outputs = write_tables(results, folder, formats, workers or cores(), parts)
        manifest = _manifest(run, sources, inputs, outputs, formats, parts)
        manifest.write(folder)
    return Run(run.intake, run.rules, run.accounts, run.settlement, out, manifest)


def _manifest(
    run: Run,
    sources: Sources,
    inputs: tuple[FileMark, ...],
    outputs: tuple[OutputMark, ...],
    formats: Sequence[str],
    parts: int,
) -> Manifest:
    totals, counts, plans = run.totals(), run.intake.counts, plans_used(run)
    return Manifest(
        inputs=inputs,
        rules=mark_files("rules", run.rules.files(mark.plan for mark in plans)),
        plans=plans,
        options={
            "plans": [str(path.absolute()) for path in sources.plans],
            "catalogs": None if sources.catalogs is None else str(sources.catalogs.absolute()),
            "formats": list(formats),
            "parts": parts,
        },
        counts={name: getattr(counts, name) for name in type(counts).__slots__},
        totals=totals.as_dict(),
        settled_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        outputs=outputs,
    )


def plans_used(run: Run) -> tuple[PlanMark, ...]:
    """Give the plans that settled at least one claim."""
    marks = []
    for program in run.rules.programs:
        if program.name in run.batch.plan.values:
            claims = int((run.batch.plan.codes == run.batch.plan.values.index(program.name)).sum())
            if claims:
                marks.append(PlanMark(program.name, program.scheme, program.place, program.digest, claims))
    return tuple(marks)


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _silent(stage: str) -> None:
    """Say nothing."""
