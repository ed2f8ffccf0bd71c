"""Storey 1: who pays what. Arithmetic on columns; numpy and the standard library only, no file, clock or network."""

from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch, Lines
from adjudicator.catalog import Catalog, Restrictions
from adjudicator.columns import MISSING, Category, Flags, Number
from adjudicator.engine import settle
from adjudicator.errors import AdjudicatorError, RulebookError, ShapeError
from adjudicator.reasons import ClaimReason, ClaimStatus, LineReason
from adjudicator.rulebook import Program, Rulebook
from adjudicator.settlement import LayerResult, Settlement

__all__ = [
    "BUCKETS",
    "MISSING",
    "Accounts",
    "AdjudicatorError",
    "Batch",
    "Catalog",
    "Category",
    "ClaimReason",
    "ClaimStatus",
    "Flags",
    "LayerResult",
    "LineReason",
    "Lines",
    "Number",
    "Program",
    "Restrictions",
    "Rulebook",
    "RulebookError",
    "Settlement",
    "ShapeError",
    "settle",
]
