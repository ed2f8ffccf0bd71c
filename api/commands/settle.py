"""`adjudicator settle`: files in, a folder of results out, totals on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from api.explain.wording import money
from api.output.folder import refuse_foreign
from api.run import Run, Sources, settle_sources, write_run
from api.terminal import Terminal
from api.totals import Share, Totals

FINE, FINDINGS = 0, 1


def run(
    sources: Sources, out: Path, formats: Sequence[str], workers: int | None, parts: int, terminal: Terminal
) -> int:
    """Settle and write. Gives 1 when rows were rejected."""
    refuse_foreign(out)
    with terminal.progress() as progress:
        settled = settle_sources(sources, progress, workers)
        settled = write_run(settled, sources, out, formats, terminal.say.language, progress, workers, parts)
    show(settled, terminal)
    assert settled.manifest is not None
    outputs = [str(out / mark.path) for mark in settled.manifest.outputs]
    terminal.write_json({"out": str(out), "counts": settled.manifest.counts, "totals": settled.manifest.totals,
                         "ignored": settled.intake.ignored, "outputs": outputs})  # fmt: skip
    return FINDINGS if settled.intake.counts.rows_refused else FINE


def show(settled: Run, terminal: Terminal) -> None:
    """Print what was read, the totals and where the results are."""
    say, counts = terminal.say, settled.intake.counts
    fields = {name: f"{getattr(counts, name):,}" for name in type(counts).__slots__}
    terminal.print()
    terminal.print(say("SETTLE_READ", **fields))
    if counts.rows_refused:
        terminal.print(say("SETTLE_REJECTED", **fields, table=_file_of("rejected", settled)), style="yellow")
    if counts.warnings:
        terminal.print(say("SETTLE_WARNED", **fields, table=_file_of("warnings", settled)), style="yellow")
    for file, columns in settled.intake.ignored.items():
        if columns:
            terminal.print(say("SETTLE_IGNORED", file=file, columns=", ".join(columns)), style="yellow", markup=False)
    print_totals(settled.totals(), terminal)
    if settled.folder is not None:
        terminal.print()
        terminal.print(say("SETTLE_WRITTEN", folder=settled.folder))


def _file_of(table: str, settled: Run) -> str:
    """Name the file that a table of the run stands in, or the table where none was written."""
    paths = [mark.path for mark in settled.manifest.outputs] if settled.manifest else []
    return next((path for path in paths if path.startswith(f"{table}.")), table)


def print_totals(totals: Totals, terminal: Terminal) -> None:
    """Print the sums by status, fund, scheme and level."""
    terminal.print(_statuses(totals, terminal))
    terminal.print(_funds(totals, terminal))
    terminal.print(_shares("SETTLE_BY_SCHEME", "scheme", totals.schemes, terminal))
    terminal.print(_shares("SETTLE_BY_LEVEL", "level", totals.levels, terminal))


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    table.add_column(columns[0], overflow="fold")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _statuses(totals: Totals, terminal: Terminal) -> Table:
    say = terminal.say
    table = _table(say("SETTLE_BY_STATUS"), (say("SETTLE_STATUS"), say("SETTLE_CLAIMS")))
    for status, count in totals.statuses.items():
        table.add_row(say(status), f"{count:,}")
    for reason, count in sorted(totals.reasons.items(), key=lambda item: -item[1]):
        table.add_row(f"  {reason}: {say(reason)}", f"{count:,}", style="dim")
    return table


def _funds(totals: Totals, terminal: Terminal) -> Table:
    say = terminal.say
    table = _table(say("SETTLE_BY_FUND"), (say("SETTLE_FUND"), say("SETTLE_YUAN"), "%"))
    funds = sorted(totals.funds.items(), key=lambda item: -item[1])
    for fund, fen in (*funds, ("cash", totals.cash_fen), ("held", totals.held_fen)):
        if fen:
            table.add_row(say.name("fund", fund), money(fen), _share_of(fen, totals.total_fen))
    table.add_section()
    table.add_row(say("EXPLAIN_BILL"), money(totals.total_fen), "", style="bold")
    return table


def whole_yuan(fen: int) -> str:
    """Give an amount in whole yuan, half-up, for tables of sums."""
    return f"{(fen + 50) // 100:,}"


def _share_of(fen: int, whole: int) -> str:
    tenths = (2000 * fen + whole) // (2 * whole) if whole > 0 else 0
    return f"{tenths // 10}.{tenths % 10}"


def _shares(title: str, kind: str, shares: Sequence[Share], terminal: Terminal) -> Table:
    say = terminal.say
    names = ("SETTLE_CLAIMS", "SETTLE_TOTAL", "SETTLE_IN_SCOPE", "SETTLE_POOLED", "SETTLE_ACCOUNT", "SETTLE_CASH")
    table = _table(say(title), (say.name("attribute", kind), *(say(name) for name in names), "%"))
    for share in shares:
        amounts = (share.total_fen, share.in_scope_fen, share.pooled_fen, share.account_fen, share.cash_fen)
        percent = _share_of(share.pooled_fen, share.total_fen)
        name = say.name(kind, share.name) if share.name else "-"
        table.add_row(name, f"{share.claims:,}", *(whole_yuan(fen) for fen in amounts), percent)
    return table
