"""Plan documents: from YAML text to the compiled `adjudicator.rulebook.Program`."""

from catalogs.findings import Finding
from catalogs.plans.cases import CaseResult, Difference
from catalogs.plans.diff import Change, diff
from catalogs.plans.findings import PlanError
from catalogs.plans.library import Checked, Library, load_library, load_plan
from catalogs.plans.lint import lint, lint_document, lint_plan
from catalogs.plans.show import assumptions, open_values, show

__all__ = [
    "CaseResult",
    "Change",
    "Checked",
    "Difference",
    "Finding",
    "Library",
    "PlanError",
    "assumptions",
    "diff",
    "lint",
    "lint_document",
    "lint_plan",
    "load_library",
    "load_plan",
    "open_values",
    "show",
]
