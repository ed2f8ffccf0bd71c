"""Nodes: a YAML document as text, sequences and mappings, each with its line and column.

Scalars stay text: YAML's own typing turns `no` into a truth value and `012345` into a number, and the schema knows
better. What a reader of the document could overlook is refused: duplicate keys, anchors and aliases, tags, a second
document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from catalogs.plans.findings import Findings, Place

DEEPEST = 60
"""Levels of nesting that a document may have."""

LONGEST = 4_000_000
"""Characters that a document may have."""

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, some fifteen times as fast as the one in Python, where the package was built with it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar. `quoted` tells `"1"` from `1`; a value left out is an empty unquoted text."""

    place: Place
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, in the order written; keys are distinct."""

    place: Place
    entries: tuple[tuple[Text, Node], ...]

    def get(self, name: str) -> Node | None:
        """Give the node under a key, None where there is none."""
        return next((node for key, node in self.entries if key.text == name), None)


Node = Text | Items | Fields


def read_nodes(text: str, file: str, findings: Findings) -> Fields | None:
    """Parse one document. What cannot be read is added to `findings`; None when there is no mapping to go on with."""
    findings.add_text(file, text)
    start = Place(file, 1, 1)
    if len(text) > LONGEST:
        findings.add("DOCUMENT_TOO_LARGE", start, length=len(text), longest=LONGEST)
        return None
    try:
        node = _Builder(file, findings).document(yaml.parse(text, Loader=PARSER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else start
        findings.add("YAML_SYNTAX", place, problem=" ".join(str(error.problem or error.context).split()))
        return None
    except (yaml.YAMLError, ValueError) as error:
        findings.add("YAML_SYNTAX", start, problem=" ".join(str(error).split()))
        return None
    if not isinstance(node, Fields):
        findings.add("DOCUMENT_NOT_MAPPING", node.place if node else start)
        return None
    return node


def plain(node: Node) -> Any:
    """Give a node as text, lists and dictionaries."""
    match node:
        case Text():
            return node.text
        case Items():
            return [plain(item) for item in node.items]
        case Fields():
            return {key.text: plain(value) for key, value in node.entries}


class _Builder:
    """Builds nodes from the events of the YAML parser."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.file, self.findings = file, findings

    def document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.findings.add("SECOND_DOCUMENT", self._place(event))
                    return root
            elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
                root = self._node(event, events, 0)
        return root

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = self._place(event)
        if depth > DEEPEST:
            raise ValueError(f"line {place.line}: nested deeper than {DEEPEST} levels")
        if isinstance(event, AliasEvent):
            self.findings.add("YAML_ALIAS", place, name=event.anchor)
            return Text(place, "")
        if event.anchor is not None:
            self.findings.add("YAML_ANCHOR", place, name=event.anchor)
        if event.tag is not None and event.tag != "!":
            self.findings.add("YAML_TAG", place, tag=str(event.tag))
        if isinstance(event, ScalarEvent):
            return Text(place, event.value, event.style in ("'", '"', "|", ">"))
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Items(place, tuple(items))
        return self._mapping(place, events, depth)

    def _mapping(self, place: Place, events: Iterator[Any], depth: int) -> Fields:
        entries: dict[str, tuple[Text, Node]] = {}
        while not isinstance(inner := next(events), MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Text):
                self.findings.add("KEY_NOT_TEXT", key.place)
            elif key.text in entries:
                self.findings.add("DUPLICATE_KEY", key.place, key=key.text, line=entries[key.text][0].place.line)
            else:
                entries[key.text] = (key, value)
        return Fields(place, tuple(entries.values()))
