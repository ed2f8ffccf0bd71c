"""Errors of the kernel's callers. Content of a claim never raises: it gets a reason in the result."""

from __future__ import annotations


class AdjudicatorError(Exception):
    """Root of all errors raised by the three storeys."""


class ShapeError(AdjudicatorError):
    """Columns of a batch or of accounts do not fit together."""


class RulebookError(AdjudicatorError):
    """A rulebook does not fit the batch or contradicts itself."""
