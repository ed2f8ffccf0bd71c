"""Plan documents as plain dictionaries of text: reading, inheriting, composing (sections 2 and 10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML

Node = dict[str, Any]

CONVENTIONS: Node = {
    "rounding": {"at": "claim", "mode": "half_up", "to": "0.01"},
    "order_by": "settlement",
    "year_by": "discharge",
    "year_start": "01-01",
    "status_at": "settlement",
    "new_year": "whole",
}


@dataclass
class Plan:
    """Everything that decides a claim, with inherited and composed parts in their places."""

    name: str
    valid: Node = field(default_factory=dict)
    excluded: Node | None = None
    layers: list[Node] = field(default_factory=list)
    counters: dict[str, Node] = field(default_factory=dict)
    items: dict[str, Node] = field(default_factory=dict)
    lines: Node = field(default_factory=dict)
    conventions: Node = field(default_factory=dict)
    indexes: dict[str, Node] = field(default_factory=dict)
    attributes: dict[str, Node] = field(default_factory=dict)
    amounts: list[str] = field(default_factory=list)


@lru_cache(maxsize=256)
def read(text: str) -> Node:
    """Read a document; every scalar stays text. One written as JSON with text only is read as that, which is faster."""
    node = json.loads(text) if text.startswith("{") else YAML(typ="base", pure=True).load(text)
    assert isinstance(node, dict)
    return node


def names_in(part: Any) -> set[str]:
    """Give every key and every text of a part of a document."""
    if isinstance(part, dict):
        return set(part).union(*(names_in(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(names_in(each) for each in part))
    return {str(part)}


def library(texts: list[str]) -> dict[str, Node]:
    """Read documents and file them under their ids."""
    documents = [read(text) for text in texts]
    return {identity(document): document for document in documents}


def identity(document: Mapping[str, Any]) -> str:
    """Give the id of a document of any kind."""
    return str(next(document[kind] for kind in ("plan", "overlay", "base") if kind in document))


def plan_of(name: str, documents: Mapping[str, Node]) -> Plan:
    """Put a plan together: what it inherits, what it is composed of, then its own parts."""
    plan, accounts = Plan(name), list[Node]()
    for document in _parts(name, documents):
        if "excluded" in document:
            plan.excluded = (
                {"any": [*plan.excluded["any"], document["excluded"]]}
                if plan.excluded
                else {"any": [document["excluded"]]}
            )
        plan.lines = document.get("lines", plan.lines)
        layers, ending = _accounts_last(document.get("layers", []))
        plan.layers += layers
        accounts += ending
        plan.amounts += document.get("amounts", [])
        for merged in ("counters", "items", "conventions", "indexes", "attributes"):
            stated = {
                key: _stated(node) if merged == "conventions" else node
                for key, node in document.get(merged, {}).items()
            }
            if merged == "counters":
                stated = {name: _added_to(plan.counters.get(name, {}), rule) for name, rule in stated.items()}
            getattr(plan, merged).update(_without_source(stated))
    plan.layers += accounts
    plan.valid = _valid(name, documents)
    plan.conventions = {**CONVENTIONS, **plan.conventions}
    return plan


def _added_to(below: Node, rule: Any) -> Any:
    """Give a counter with what a document on top of it also adds; any other entry as it stands."""
    if not isinstance(rule, dict) or "also_adds" not in rule:
        return rule
    return {**below, "adds": {**_weights(below["adds"]), **_weights(rule["also_adds"])}}


def _weights(form: Any) -> Node:
    """Give a linear form as amounts with weights."""
    return _without_source(form if isinstance(form, dict) else dict.fromkeys(form, "1"))


def _valid(name: str, documents: Mapping[str, Node]) -> Node:
    """Give the time in which all parts are valid; an illustrative composition may state its own."""
    document = documents[name]
    parts = [part["valid"] for part in _parts(name, documents) if "valid" in part]
    if "valid" in document and "illustrative" in document.get("compose", {}):
        parts = [document["valid"]]
    ends = [part["until"] for part in parts if "until" in part]
    return {"from": max(part["from"] for part in parts), **({"until": min(ends)} if ends else {})}


def _accounts_last(layers: list[Node]) -> tuple[list[Node], list[Node]]:
    """Set the account layers apart with which a part ends: they come after everything put on top of it."""
    end = len(layers)
    while end and layers[end - 1]["fund"] == "personal_account":
        end -= 1
    return layers[:end], layers[end:]


def _parts(name: str, documents: Mapping[str, Node]) -> list[Node]:
    """Give the documents a plan is made of, from the most general to itself."""
    document = documents[name]
    parts: list[Node] = []
    if "inherits" in document and document["inherits"] in documents:
        parts += _parts(document["inherits"], documents)
    if "compose" in document:
        for part in (document["compose"]["plan"], *document["compose"].get("overlays", [])):
            parts += _parts(part, documents)
    return [*parts, document]


def _stated(node: Any) -> Any:
    """Give what a convention says: the value itself, or one stated or assumed with its why."""
    if isinstance(node, dict):
        return node.get("value", node.get("assumed", node))
    return node


def _without_source(node: Node) -> Node:
    return {key: value for key, value in node.items() if key != "source"}
