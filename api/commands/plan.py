"""`adjudicator plan lint | test | show | diff`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from adjudicator.rulebook import Program
from api.failures import CannotRunError
from api.rules import findings_within, missing_file, open_library
from api.terminal import Terminal
from catalogs.findings import Finding, has_errors
from catalogs.plans import Library, PlanError
from catalogs.plans.complete import CompletePlan
from catalogs.plans.diff import Change
from catalogs.plans.diff import diff as diff_plans
from catalogs.plans.findings import Findings
from catalogs.plans.library import Checked
from catalogs.plans.lint import lint_plan
from catalogs.plans.show import show as show_plan

FINE, FINDINGS = 0, 1
KINDS = ("exact", "assumed", "not_stated", "target", "absent")
"""Kinds of values, as `plan lint` counts them; a minimum or a range is counted with the targets."""


def lint(paths: Sequence[Path], terminal: Terminal) -> int:
    """Check plans and print all findings, then how many values of each kind a plan rests on. Gives 1 on any error."""
    library, chosen = select(paths)
    checked = {name: library.check(name, run_cases=False) for name in chosen}
    programs = {name: result.program for name, result in checked.items()}
    found = [finding for name, result in checked.items() for finding in lint_plan(library, name, result)]
    findings = _once([*_read_findings(library, paths), *found])
    if not chosen and not findings:
        raise CannotRunError("NO_PLANS", paths=", ".join(str(path) for path in paths))
    for finding in findings:
        terminal.print(finding.render(terminal.say.language), markup=False, soft_wrap=True)
    terminal.print(_summary(programs, terminal))
    errors = sum(finding.severity == "error" for finding in findings)
    terminal.print(terminal.say("LINT_DONE", plans=len(chosen), errors=errors, warnings=len(findings) - errors))
    terminal.write_json(
        {
            "plans": [{"plan": name, "values": _values(program)} for name, program in programs.items()],
            "findings": [finding.as_dict(terminal.say.language) for finding in findings],
        }
    )
    return FINDINGS if has_errors(findings) else FINE


def test(paths: Sequence[Path], terminal: Terminal) -> int:
    """Run the worked cases of plans. Gives 1 when one fails or a document has an error.

    Of a plan whose cases fail its warnings are printed too: a slip is often the cause.
    """
    library, chosen = select(paths)
    checked = {name: library.check(name, run_cases=True) for name in chosen}
    unread = [found for found in _read_findings(library, paths) if found.severity == "error"]
    if not chosen and not unread:
        raise CannotRunError("NO_PLANS", paths=", ".join(str(path) for path in paths))
    say = terminal.say
    passed = {name: _passed(result) for name, result in checked.items()}
    for name, result in checked.items():
        failed = sum(not case.passed for case in result.cases)
        mark = "[green]✓[/green]" if passed[name] else "[red]✗[/red]"
        terminal.print(f"{mark} {say('TEST_PLAN', plan=name, cases=len(result.cases), failed=failed)}", soft_wrap=True)
    errors = _once([*unread, *(finding for result in checked.values() for finding in result.findings.errors)])
    unmet = [name for name, result in checked.items() if any(not case.passed for case in result.cases)]
    linted = [finding for name in unmet for finding in lint_plan(library, name)]
    found = _once([*errors, *(finding for finding in linted if finding.severity == "warning")])
    for finding in found:
        terminal.print(finding.render(say.language), markup=False, soft_wrap=True)
    cases = [case for result in checked.values() for case in result.cases]
    failed = sum(not case.passed for case in cases)
    nameless = {finding.path for finding in unread} - {library.documents[name].file for name in chosen}
    wrong = len(nameless) + sum(not good for good in passed.values())
    plans = len(chosen) + len(nameless)
    terminal.print(say("TEST_DONE", plans=plans, wrong=wrong, cases=len(cases), failed=failed))
    terminal.write_json(
        {
            "plans": [
                {
                    "plan": name,
                    "passed": passed[name],
                    "cases": [{"name": case.name, "passed": case.passed} for case in result.cases],
                }
                for name, result in checked.items()
            ],
            "findings": [finding.as_dict(say.language) for finding in found],
        }
    )
    return FINDINGS if errors or wrong else FINE


def _passed(result: Checked) -> bool:
    """Tell whether a plan has no error and all of its cases are met."""
    return not result.findings.errors and all(case.passed for case in result.cases)


def _read_findings(library: Library, paths: Sequence[Path]) -> list[Finding]:
    """Give what was found while reading the documents in the files and folders given."""
    return findings_within(library, [path for path in paths if path.exists()])


def show(plan: str, terminal: Terminal) -> int:
    """Print a plan: layers, values with their sources, what is assumed and what is open."""
    complete = _complete(plan)
    if terminal.as_json:
        terminal.write_json({"plan": complete.id, "text": show_plan(complete, terminal.say.language)})
    terminal.print(show_plan(complete, terminal.say.language), markup=False, soft_wrap=True, end="")
    return FINE


def diff(before: str, after: str, terminal: Terminal) -> int:
    """Print what differs between two plans. Gives 1 when anything does, as `diff` does."""
    say = terminal.say
    old, new = _complete(before), _complete(after)
    changes = diff_plans(old, new)
    for change in changes:
        terminal.print(change.path, markup=False, soft_wrap=True, style="bold")
        for mark, style, entry in (("-", "red", change.old), ("+", "green", change.new)):
            if entry is not None:
                cited = f"  [{entry.source}]" if entry.source else ""
                terminal.print(f"  {mark} {entry.text}{cited}", markup=False, soft_wrap=True, style=style)
    terminal.print(say("DIFF_DONE", before=old.id, after=new.id, count=len(changes)), soft_wrap=True)
    terminal.write_json({"before": old.id, "after": new.id, "changes": [_change(change) for change in changes]})
    return FINDINGS if changes else FINE


def _change(change: Change) -> dict[str, object]:
    return {
        "path": change.path,
        "before": change.old.text if change.old else None,
        "after": change.new.text if change.new else None,
        "before_source": change.old.source if change.old else None,
        "after_source": change.new.source if change.new else None,
    }


def _complete(plan: str) -> CompletePlan:
    """Find a plan by file or id and put it together. Raises PlanError with all findings when it has errors.

    A file is looked at for itself: it may have the id of a shipped plan, of which it is perhaps an edited copy.
    """
    library, chosen = select((Path(plan),))
    if not chosen:
        raise CannotRunError("NO_PLANS", paths=plan)
    findings = Findings()
    complete = library.complete(chosen[0], findings)
    files = {document.file for document in complete.documents} if complete else set()
    findings.extend(f for f in library.findings if f.path in files and f.code != "ID_TWICE")
    if complete is None or findings.errors:
        raise PlanError(findings.errors)
    return complete


def select(paths: Sequence[Path]) -> tuple[Library, list[str]]:
    """Read the library and choose plans: those in files and folders, or named by id; without any, all shipped ones."""
    library, chosen = open_library([path for path in paths if path.exists()])
    if not paths:
        return library, chosen
    named = [str(path) for path in paths if not path.exists()]
    for name in named:
        if name in library.documents:
            continue
        if "/" in name or name.endswith((".yaml", ".yml")):
            raise missing_file(Path(name))
        findings = Findings()
        library.complete(name, findings)
        raise PlanError(findings)
    return library, [*(chosen if len(named) < len(paths) else []), *named]


def _once(findings: Iterable[Finding]) -> list[Finding]:
    return list({finding.render(): finding for finding in findings}.values())


def _values(program: Program | None) -> dict[str, int]:
    """Count the values a program rests on, by kind."""
    counts = dict.fromkeys(KINDS, 0)
    if program is not None:
        for origin in program.origins:
            counts[origin.kind if origin.kind in counts else "target"] += 1
    return counts


def _summary(programs: dict[str, Program | None], terminal: Terminal) -> Table:
    say = terminal.say
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("LINT_PLAN"), no_wrap=True)
    for kind in KINDS:
        table.add_column(say.name("kind", kind), justify="right")
    for name, program in programs.items():
        counts = _values(program)
        style = "red" if program is None else ""
        table.add_row(name, *(str(counts[kind]) if program else "-" for kind in KINDS), style=style)
    return table
