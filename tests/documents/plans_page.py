"""Writes docs/plans.md from the shipped documents: what of each plan is exact, assumed, not stated, a goal or absent.

Run `python -m tests.documents.plans_page` after a document has changed; a test compares the page with the documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

from adjudicator.rulebook import State
from catalogs.plans.document import PlanDocument
from catalogs.plans.library import SHIPPED, Library
from catalogs.plans.nodes import Fields, Items, Text
from catalogs.plans.values import Cell

PAGE = Path(__file__).parents[2] / "docs" / "plans.md"

KINDS = {
    State.EXACT: "exact",
    State.ASSUMED: "assumed",
    State.NOT_STATED: "not stated",
    State.TARGET: "goal",
    State.ABSENT: "absent",
}

HEAD = """\
# The shipped plans

Written from the documents in `catalogs/documents` (`python -m tests.documents.plans_page`); a test compares the two.
Do not edit by hand.

A claim that meets a value *not stated* or a *goal* is held with that reason, never guessed. *Assumed* values settle,
and every explanation lists them with their why. *Absent*: the benefit has no such thing, or its source knows none and
none is applied. *Exact* values stand in the source named, graded A (agency), B (hospital, university, newspaper), C
(mirror) or D (public code). Where these plans and a place's rules in force differ, the rules in force are right: the
sources are second-hand, and most are of past years. Composed plans marked illustrative put rules of one place on
another place's plan to show layers together; no place has them. Titles of sources describe a page, not quote it.
"""


def page(library: Library) -> str:
    """Give the whole page."""
    shipped = list(library.documents.values())
    plans = [document for document in shipped if document.kind == "plan"]
    parts = [HEAD, "## Overview\n", *_overview(plans), "", "## Overlays and the national base\n"]
    parts += [*_overview([d for d in shipped if d.kind != "plan"]), ""]
    parts += [_section(document) for document in shipped]
    return "\n".join(parts).rstrip() + "\n"


def cells(found: object) -> Iterator[Cell]:
    """Give every value written in a document, in order."""
    if isinstance(found, Cell):
        if found.written:
            yield found
    elif is_dataclass(found) and not isinstance(found, type):
        for field in fields(found):
            if field.name not in ("root", "cases", "sources", "attributes", "place", "origin"):
                yield from cells(getattr(found, field.name))
    elif isinstance(found, Mapping):
        for part in found.values():
            yield from cells(part)
    elif isinstance(found, (tuple, list)):
        for part in found:
            yield from cells(part)


def _overview(documents: list[PlanDocument]) -> Iterator[str]:
    yield "| document | what | in force | exact | assumed | not stated | goal | absent | cases |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for document in documents:
        count = Counter(KINDS[cell.state] for cell in cells(document))
        numbers = " | ".join(str(count[kind]) for kind in KINDS.values())
        cases = len(document.cases.items) if document.cases is not None else 0
        what = document.title["en"]
        yield f"| `{document.id}` | {what} | {_in_force(document)} | {numbers} | {cases} |"


def _in_force(document: PlanDocument) -> str:
    valid = document.root.get("valid") if document.root is not None else None
    if not isinstance(valid, Fields):
        return ""
    start, end = (node.text if isinstance(node := valid.get(key), Text) else "" for key in ("from", "until"))
    return f"{start} until {end}" if end else f"from {start}"


def _section(document: PlanDocument) -> str:
    lines = [f"## {document.title['en']}（{document.title['zh']}）\n"]
    lines.append(f"`{document.id}`, file `{Path(document.file).relative_to(SHIPPED).as_posix()}`.")
    if document.compose is not None:
        made = ", ".join(f"`{name}`" for name in document.compose.overlays)
        lines.append(f"Made of `{document.compose.plan}` and {made}. Illustrative: {document.compose.illustrative}")
    for key, source in document.sources.items():
        address = f" <{source.address}>" if source.address.startswith("http") else f" {source.address}"
        note = f" {source.note}" if source.note else ""
        lines.append(f"- Source {key}, grade {source.grade}: {source.title}.{address}{'.' if note else ''}{note}")
    lines += _conventions(document)
    for state, title in ((State.ASSUMED, "Assumed"), (State.NOT_STATED, "Not stated"), (State.TARGET, "Goals")):
        listed = dict.fromkeys(_described(cell) for cell in cells(document) if cell.state is state)
        if listed:
            lines += ["", f"{title}:", "", *(f"- {text}" for text in listed)]
    absent = dict.fromkeys(cell.origin.path for cell in cells(document) if cell.state is State.ABSENT)
    if absent:
        lines += ["", "Absent: " + ", ".join(f"`{path}`" for path in absent) + "."]
    for title, texts in (("Open", document.unknown), ("Conflicts", document.conflicts)):
        if texts:
            lines += ["", f"{title}:", "", *(f"- {text}" for text in texts)]
    return "\n".join(lines) + "\n"


def _described(cell: Cell) -> str:
    written = f" = {cell.written}" if cell.state is not State.NOT_STATED else ""
    others = f" Alternatives: {', '.join(cell.alternatives)}." if cell.alternatives else ""
    why = f": {cell.origin.why}" if cell.origin.why else ""
    return f"`{cell.origin.path}`{written}{why}{others}"


def _conventions(document: PlanDocument) -> Iterator[str]:
    """Give the conventions of a document that say why they were chosen."""
    node = document.root.get("conventions") if document.root is not None else None
    if not isinstance(node, Fields):
        return
    yield from ("", "Conventions:", "")
    for key, value in node.entries:
        if isinstance(value, Fields):
            parts = {name.text: _plain(part) for name, part in value.entries}
            chosen = f"{parts['assumed']} (assumed)" if "assumed" in parts else parts.get("value", "")
            why = f": {parts['why']}" if "why" in parts else f", source {parts.get('source', '')}"
            yield f"- `{key.text}` = {chosen}{why}"
        else:
            yield f"- `{key.text}` = {_plain(value)}"


def _plain(node: Text | Items | Fields) -> str:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Items):
        return ", ".join(_plain(item) for item in node.items)
    return ", ".join(f"{key.text} {_plain(value)}" for key, value in node.entries)


if __name__ == "__main__":
    PAGE.write_text(page(Library()), "utf-8")
