"""`adjudicator explain`: one claim of a run, from its manifest, settled again and shown step by step.

A stay that was split at New Year is shown part by part.
"""

from __future__ import annotations

from pathlib import Path

from adjudicator import Accounts
from api.explain.decode import explain_row, rows_of
from api.explain.explanation import Explanation
from api.explain.waterfall import print_explanation
from api.failures import CannotRunError
from api.output.accounts import read_accounts
from api.output.manifest import Manifest, changed, read_manifest
from api.rules import load_rules
from api.run import Report, Sources, read_sources
from api.terminal import Terminal


def run(claim: str, folder: Path, terminal: Terminal) -> int:
    """Explain a claim. Raises CannotRunError when the run is not there, has changed files, or no such claim."""
    with terminal.progress() as progress:
        explanations = explain(claim, folder, progress)
    for explanation in explanations:
        terminal.print()
        if not terminal.as_json:
            print_explanation(explanation, terminal.say, terminal.console)
    parts = [explanation.as_dict() for explanation in explanations]
    terminal.write_json(parts[0] if len(parts) == 1 else {"claim": claim, "parts": parts})
    return 0


def explain(claim: str, folder: Path, report: Report | None = None) -> tuple[Explanation, ...]:
    """Give the explanation of a claim of the run in a folder; of a stay split at New Year, those of all its parts."""
    tell = report or _silent
    manifest = read_manifest(folder)
    tell("STAGE_VERIFY")
    wrong = changed([*manifest.inputs, *manifest.rules])
    if wrong:
        raise CannotRunError("RUN_INPUT_CHANGED", names=", ".join(mark.path for mark, _ in wrong))
    sources = sources_of(manifest)
    tell("STAGE_RULES")
    rules = load_rules(sources.plans, sources.catalogs)
    tell("STAGE_READ")
    intake = read_sources(sources, rules)
    batch = intake.batch
    rows = rows_of(batch, claim)
    if not rows:
        raise CannotRunError("CLAIM_NOT_FOUND", claim=claim)
    accounts = read_accounts(sources.accounts) if sources.accounts else Accounts.empty()
    tell("STAGE_EXPLAIN")
    found = []
    for row in rows:
        plan = batch.plan.take(slice(row, row + 1)).decode()[0] or ""
        found.append(explain_row(batch, row, rules.rulebook, accounts, rules.texts(plan), intake.item_codes)[0])
    return tuple(found)


def sources_of(manifest: Manifest) -> Sources:
    """Give the files of a run again, by their absolute paths."""
    paths = {mark.role: Path(mark.absolute) for mark in manifest.inputs}
    tables = manifest.options["catalogs"]
    return Sources(
        paths["claims"],
        paths.get("members"),
        paths.get("lines"),
        paths.get("accounts"),
        tuple(Path(path) for path in manifest.options["plans"]),
        None if tables is None else Path(tables),
    )


def _silent(stage: str) -> None:
    """Say nothing."""
