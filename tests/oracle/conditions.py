"""Conditions, section 4. A comparison with a missing number is undecided (None): it fits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from .scene import Scene

_COMPARISON = re.compile(r"^\s*(>=|<=|>|<|=)\s*(-?[\d.]+)\s*$")
_RANGE = re.compile(r"^\s*(-?[\d.]+?)\s*\.\.\s*(-?[\d.]+)\s*$")


def fits(condition: Mapping[str, Any] | None, scene: Scene) -> bool:
    """Say whether a condition holds; an undecided one does not."""
    return decide(condition, scene) is True


def decide(condition: Mapping[str, Any] | None, scene: Scene) -> bool | None:
    """Decide a condition: all of its entries must hold."""
    return _all(fits_one(name, wanted, scene) for name, wanted in (condition or {}).items() if name != "source")


def fits_one(name: str, wanted: Any, scene: Scene) -> bool | None:
    """Decide one entry: a left side and what it must be."""
    if name == "any":
        return _any(decide(each, scene) for each in wanted)
    if name == "all":
        return _all(decide(each, scene) for each in wanted)
    if name == "none":
        return _not(_any(decide(each, scene) for each in wanted))
    if isinstance(wanted, list):
        return _any(fits_one(name, each, scene) for each in wanted)
    if isinstance(wanted, Mapping):
        return _not(fits_one(name, wanted["not"], scene))
    if scene.is_amount(name):
        return compare(scene.amount_in_yuan(name), str(wanted))
    found = scene.attribute(name)
    if scene.is_number(name):
        return None if found is None else compare(found, str(wanted))
    if isinstance(found, frozenset):
        return str(wanted) in found
    return found == str(wanted)


def compare(found: Any, wanted: str) -> bool:
    """Compare a number with `>= 70`, `60..69` (inclusive) or a plain number."""
    assert isinstance(found, Fraction)
    if match := _COMPARISON.match(wanted):
        bound = Fraction(match[2])
        return {
            ">=": found >= bound,
            "<=": found <= bound,
            ">": found > bound,
            "<": found < bound,
            "=": found == bound,
        }[match[1]]
    if match := _RANGE.match(wanted):
        return Fraction(match[1]) <= found <= Fraction(match[2])
    return found == Fraction(wanted)


def _all(parts: Iterable[bool | None]) -> bool | None:
    seen = list(parts)
    if False in seen:
        return False
    return None if None in seen else True


def _any(parts: Iterable[bool | None]) -> bool | None:
    seen = list(parts)
    if True in seen:
        return True
    return None if None in seen else False


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part


def names_in(condition: Mapping[str, Any]) -> Iterable[str]:
    """Give every left side of a condition."""
    for name, wanted in condition.items():
        if name in ("any", "all", "none"):
            for each in wanted:
                yield from names_in(each)
        elif name != "source":
            yield name
