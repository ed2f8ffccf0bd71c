"""Lints a document: everything that can be found without running its worked cases."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from catalogs.findings import Finding
from catalogs.plans.bounds import check_bounds
from catalogs.plans.case_claims import CaseReader
from catalogs.plans.cliffs import check_cliffs
from catalogs.plans.findings import Findings
from catalogs.plans.library import Checked, Library, read_text
from catalogs.plans.slips import check_slips


def lint(path_or_text: Path | str, folders: Iterable[Path | str] = ()) -> list[Finding]:
    """Give all findings of one document, in order of their places.

    A text with a line break is a document itself, anything else a path. Documents that it inherits or composes are
    taken from the shipped ones and from `folders`. Findings of those others are given too, where they matter.
    """
    library = Library(folders)
    is_text = isinstance(path_or_text, str) and "\n" in path_or_text
    file = "<text>" if is_text else str(path_or_text)
    text = str(path_or_text) if is_text else read_text(path_or_text, library.findings)
    if text is None:
        return [finding for finding in library.findings if finding.path == file]
    return lint_document(library, text, file)


def lint_document(library: Library, text: str, file: str) -> list[Finding]:
    """Lint a document that takes the place of the library's document of the same id."""
    document = library.replace(text, file)
    own = [finding for finding in library.findings if finding.path == file]
    if document is None or document.kind != "plan" or any(finding.severity == "error" for finding in own):
        return own
    return list(lint_plan(library, document.id))


def lint_plan(library: Library, plan_id: str, checked: Checked | None = None) -> Findings:
    """Lint a plan of a library: read, compile, bounds of its base, cliffs, and whether its cases can be read.

    `checked`: what `library.check` gave for it, where that is known already.
    """
    checked = checked or library.check(plan_id, run_cases=False)
    findings = checked.findings
    if checked.program is None or checked.plan is None:
        return findings
    check_bounds(checked.plan, checked.program, findings)
    check_cliffs(checked.plan, checked.program, findings)
    check_slips(checked.plan, checked.program, findings)
    document = checked.plan.documents[-1]
    reader = CaseReader(checked.plan, document.file, findings)
    for node in document.cases.items if document.cases is not None else ():
        reader.read(node)
    if document.cases is None:
        findings.add("NO_CASES", document.place)
    return findings
