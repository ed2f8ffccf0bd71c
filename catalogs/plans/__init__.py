"""Plan documents: from YAML text to the compiled `adjudicator.rulebook.Program`."""

from catalogs.findings import Finding
from catalogs.plans.cases import CaseResult, Difference
from catalogs.plans.findings import PlanError
from catalogs.plans.library import Checked, Library, load_library, load_plan
from catalogs.plans.lint import lint

__all__ = [
    "CaseResult",
    "Checked",
    "Difference",
    "Finding",
    "Library",
    "PlanError",
    "lint",
    "load_library",
    "load_plan",
]
