"""Plan documents: from YAML text to the compiled `adjudicator.rulebook.Program`."""

from catalogs.plans.findings import Finding, PlanError, Severity
from catalogs.plans.library import Library, load_library

__all__ = ["Finding", "Library", "PlanError", "Severity", "load_library"]
