"""What differs between two plans: values and conditions by path, old and new, with their sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalogs.plans.complete import CompletePlan
from catalogs.plans.findings import Place
from catalogs.plans.nodes import Fields, Node, Text

NAMES = ("layer", "group", "name", "plan", "overlay", "base")
"""Keys that tell an item of a list from its neighbours."""

NOT_COMPARED = ("cases", "sources", "unknown", "conflicts", "title")


@dataclass(frozen=True, slots=True)
class Entry:
    """One scalar of a document. `source` is the key in force at its place."""

    text: str
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `old` or `new` is None where only one of the plans has such a value."""

    path: str
    old: Entry | None
    new: Entry | None


def diff(old: CompletePlan, new: CompletePlan) -> list[Change]:
    """Give the differences of two plans, in the order of the documents (old ones first)."""
    before, after = (_entries(plan) for plan in (old, new))
    changes = []
    for path in dict.fromkeys((*before, *after)):
        one, other = before.get(path), after.get(path)
        if one is None or other is None or one.text != other.text:
            changes.append(Change(path, one, other))
    return changes


def _entries(plan: CompletePlan) -> dict[str, Entry]:
    """Give every scalar of a plan and its parts by path; later documents override."""
    found: dict[str, Entry] = {}
    for document in plan.documents:
        assert document.root is not None
        root = tuple(entry for entry in document.root.entries if entry[0].text not in NOT_COMPARED)
        found |= dict(_walk(Fields(document.root.place, root), "", ""))
    return found


def _walk(node: Node, path: str, source: str) -> Iterator[tuple[str, Entry]]:
    if isinstance(node, Text):
        yield path, Entry(node.text, source, node.place)
    elif isinstance(node, Fields):
        stated = node.get("source")
        inside = stated.text if isinstance(stated, Text) else source
        for key, value in node.entries:
            if key.text != "source":
                yield from _walk(value, f"{path}.{key.text}" if path else key.text, inside)
    else:
        seen: dict[str, int] = {}
        for item in node.items:
            name = _name(item)
            seen[name] = seen.get(name, 0) + 1
            label = name if name and seen[name] == 1 else f"{name}{seen[name]}" if name else str(seen[name])
            yield from _walk(item, f"{path}.{label}", source)


def _name(item: Node) -> str:
    """Give what tells an item of a list from the others: its name, or the condition of a row."""
    if isinstance(item, Fields):
        for key in NAMES:
            node = item.get(key)
            if isinstance(node, Text):
                return node.text
        when = item.get("when")
        if when is not None:
            return "[" + ", ".join(f"{path.lstrip('.')}: {entry.text}" for path, entry in _walk(when, "", "")) + "]"
    return ""
