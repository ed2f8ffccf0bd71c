"""Plan documents: from YAML text to the compiled `adjudicator.rulebook.Program`."""

from catalogs.findings import Finding
from catalogs.plans.findings import PlanError
from catalogs.plans.library import Library, load_library

__all__ = ["Finding", "Library", "PlanError", "load_library"]
