"""Linear forms, section 5: a list of amounts, or amounts with weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .numbers import half_up
from .scene import Scene
from .values import Answer, State, value_of

BUCKETS = ("in_scope", "upfront", "over_limit", "self_funded")


def terms_of(form: Any, scene: Scene, own: Mapping[str, int] | None = None) -> list[tuple[str, int, Answer]]:
    """Give every amount of a form weighted and rounded to the fen, with the weight; `own` stands for the buckets."""
    weights = form if isinstance(form, Mapping) else dict.fromkeys(form, "1")
    found = []
    for name, node in weights.items():
        if name == "source":
            continue
        weight = value_of(node, "factor", scene)
        amount = own[name] if own is not None and name in BUCKETS else scene.amount(name)
        found.append((name, half_up(weight.number * amount) if weight.given else 0, weight))
    return found


def signed_terms(form: Any, scene: Scene) -> list[tuple[str, int]]:
    """Give the weighted amounts of a counter, whose weights are always known."""
    found = []
    for name, amount, weight in terms_of(form, scene):
        assert weight.state in (State.GIVEN, State.ABSENT), f"weight of {name}"
        found.append((name, amount))
    return found
