"""`make demo`: the engine at work on a made-up agency's files, from raw rows to an explanation, in half a minute.

    python -m examples.demo [--lang zh]

Lints the shipped plans, writes the agency's files to examples/files, settles them into out/, prints the totals and the
explanation of one claim, and ends with the next commands to try.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adjudicator import ClaimStatus
from api.commands.explain import explain
from api.commands.plan import lint
from api.commands.settle import print_totals
from api.explain.waterfall import print_explanation
from api.messages import Messages, language_of
from api.run import Run, Sources, settle_sources, write_run
from api.terminal import Terminal, program
from examples.agency import write_files

INPUT, OUT = Path("examples/files"), Path("out")

TEXTS = {
    "lint": ("1. The shipped plans are checked", "1. 检查自带方案"),
    "files": ("2. A made-up agency's files, as its Excel writes them (GB18030, some rows wrong)",
              "2. 一家虚构经办机构的文件（Excel 导出，GB18030，含错误行）"),
    "settle": ("3. Settlement", "3. 结算"),
    "rejected": ("Rejected rows, by reason", "被拒的行，按原因"),
    "explain": ("4. One claim, explained", "4. 一张单据的解释"),
    "done": ("Done in {seconds:.1f} s. Results are in {out}:", "用时 {seconds:.1f} 秒。结果在 {out}："),
    "next": ("Next, try:", "接下来可以试："),
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run the demo and give an exit code: 0 unless a shipped plan has errors."""
    started = time.perf_counter()
    asked = arguments[arguments.index("--lang") + 1] if "--lang" in arguments[:-1] else None
    terminal = Terminal(Messages(language_of(os.environ, asked)))
    _title("lint", terminal)
    if lint((), terminal):
        return 1
    _title("files", terminal)
    claims, members = write_files(INPUT)
    for path in (claims, members):
        terminal.print(f"  {path}  {path.stat().st_size / 1e6:.1f} MB")
    _title("settle", terminal)
    run = _settle(claims, members, terminal)
    _title("explain", terminal)
    claim = telling_claim(run)
    for explanation in explain(claim, OUT):
        print_explanation(explanation, terminal.say, terminal.console)
    _end(claim, claims, members, run, time.perf_counter() - started, terminal)
    return 0


def _settle(claims: Path, members: Path, terminal: Terminal) -> Run:
    sources = Sources(claims, members)
    with terminal.progress() as progress:
        run = settle_sources(sources, progress)
        run = write_run(run, sources, OUT, language=terminal.say.language, report=progress)
    print_totals(run.totals(), terminal)
    table = run.rejected(terminal.say.language)
    rejected = Counter(zip(table["code"].to_pylist(), table["reason"].to_pylist(), strict=True))
    terminal.print(_text("rejected", terminal), style="bold")
    for (code, reason), count in rejected.most_common():
        terminal.print(f"  {count:>5}  {code}: {reason}", soft_wrap=True)
    return run


def telling_claim(run: Run) -> str:
    """Choose a settled claim that shows much: fen in every bucket, most layers paying, some eight lines."""
    settlement, batch = run.settlement, run.batch
    paying = sum(np.sign(layer.paid) for layer in settlement.layers.values())
    good = (settlement.status == ClaimStatus.SETTLED) & (settlement.claim_buckets > 0).all(axis=1)
    counts = np.diff(batch.lines.first)
    order = np.lexsort((np.abs(counts - 8), -np.asarray(paying), ~good))
    return str(batch.claim_id.take(order[:1]).decode()[0])


def _end(claim: str, claims: Path, members: Path, run: Run, seconds: float, terminal: Terminal) -> None:
    assert run.manifest is not None
    terminal.print()
    terminal.print(_text("done", terminal).format(seconds=seconds, out=OUT), style="bold green")
    for mark in run.manifest.outputs:
        terminal.print(f"  {OUT / mark.path}  ({mark.rows:,})")
    terminal.print(f"  {OUT / 'manifest.json'}")
    terminal.print()
    terminal.print(_text("next", terminal), style="bold")
    shown = program()
    held = _held_claim(run)
    for command in (
        f"{shown} explain {held or claim}",
        f"{shown} settle {claims} --members {members} --out out-again --format jsonl",
        f"{shown} plan show {run.manifest.plans[0].plan}",
    ):
        terminal.print(f"  {command}", soft_wrap=True)


def _held_claim(run: Run) -> str | None:
    """Give a claim that was held because the plan's source is silent."""
    held = np.flatnonzero(run.settlement.status == ClaimStatus.HELD)
    return run.batch.claim_id.take(held[:1]).decode()[0] if len(held) else None


def _title(name: str, terminal: Terminal) -> None:
    terminal.print()
    terminal.print(_text(name, terminal), style="bold cyan")
    terminal.print(style="dim")


def _text(name: str, terminal: Terminal) -> str:
    return TEXTS[name][terminal.say.language == "zh"]


if __name__ == "__main__":
    if shutil.get_terminal_size().columns < 60:
        os.environ["COLUMNS"] = "100"
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
