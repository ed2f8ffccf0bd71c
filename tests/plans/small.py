"""Small documents for tests: one plan whose parts a test replaces."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent, indent

from catalogs.findings import Finding
from catalogs.plans.library import Checked, Library
from catalogs.plans.lint import lint_document

HEAD = """\
plan: test.plan
title: {en: Test, zh: 测试}
scheme: resident_basic
place: "340300"
valid: {from: 2023-01-01, until: 2024-01-01}
sources:
  S1: {title: A source, grade: B}
source: S1
"""

LAYER = """\
layers:
  - layer: basic
    fund: pool
    when: {visit: inpatient}
    bands:
      - rate: 50%
"""

CASES = """\
cases:
  - name: one
    claim: {visit: inpatient, level: tertiary, in_scope: 1000}
    expect: {paid.basic: 500}
"""


def plan(*parts: str, head: str = HEAD, cases: str = CASES) -> str:
    """Put a plan together; without parts of its own it has the smallest layer."""
    return head + "".join(dedent(part) for part in parts or (LAYER,)) + cases


def layer(text: str, when: str = "{visit: inpatient}") -> str:
    """Give `layers` with one layer, of which `text` says the rest."""
    head = f"layers:\n  - layer: basic\n    fund: pool\n    when: {when}\n"
    return head + indent(dedent(text), "    ")


def rate(text: str) -> str:
    """Give `layers` with one layer that pays at a rate."""
    return layer("bands:\n  - rate:\n" + indent(dedent(text), "      "))


def amount(text: str) -> str:
    """Give `layers` with one layer that has a deductible."""
    return layer("deductible:\n  - name: d\n    amount:\n" + indent(dedent(text), "      ") + "bands:\n  - rate: 50%\n")


def lint(text: str, *others: str) -> list[Finding]:
    """Lint a text together with other documents; only findings of the text itself are given."""
    library = Library(shipped=False)
    for number, other in enumerate(others):
        library.add_text(other, f"other{number}.yaml")
    return [finding for finding in lint_document(library, text, "test.yaml") if finding.path == "test.yaml"]


def check(text: str, *others: str) -> Checked:
    """Compile a text and run its cases."""
    library = Library(shipped=False)
    for number, other in enumerate(others):
        library.add_text(other, f"other{number}.yaml")
    document = library.add_text(text, "test.yaml")
    assert document is not None
    return library.check(document.id)


def codes(findings: Iterable[Finding]) -> list[str]:
    """Give the codes alone."""
    return [finding.code for finding in findings]
