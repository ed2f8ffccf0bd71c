"""Every value of the shipped documents is selected by a worked case: a figure that no case touches proves nothing."""

from __future__ import annotations

import re

import numpy as np

from adjudicator.columns import Int64
from adjudicator.engine import settle
from adjudicator.rulebook import Rulebook
from catalogs.plans.case_batch import batch_of
from catalogs.plans.case_claims import CaseReader
from catalogs.plans.findings import Findings
from catalogs.plans.library import Library

WEIGHT = re.compile(
    r"conventions\..*|counters\..*|layers\.\w+(\.at_least)?\.base\..*|layers\.\w+(\.base)?|lines\.upfront"
)
"""Conventions hold for all cases; weights and upfront shares have no origin among what the kernel lets see."""

OUT_OF_REACH = re.compile(r"layers\.large_amount\.bands\.1\.rate")
"""Above a cap that is itself only a goal."""


def selected(library: Library, name: str) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Give (source, path) of the values that a plan's own cases select, and of all that it has."""
    findings = Findings()
    plan, program = library.complete(name, findings), library.compile(name)
    assert plan is not None
    document = plan.documents[-1]
    assert document.cases is not None
    reader = CaseReader(plan, document.file, findings)
    cases = [case for case in map(reader.read, document.cases.items) if case is not None]
    prepared = batch_of(cases, program)
    numbers: set[int] = set()

    def take(what: str, rows: Int64, values: Int64) -> None:
        if what.startswith("origin."):
            numbers.update(np.unique(values).tolist())

    settle(prepared.batch, Rulebook((program,), prepared.catalog), prepared.accounts, observe=take)
    every = {(origin.source, origin.path) for origin in program.origins}
    return {(program.origins[n].source, program.origins[n].path) for n in numbers if n >= 0}, every


def test_every_value_is_selected_by_a_case() -> None:
    """The cases of a document, or of a composition it is part of, reach each of its values."""
    library = Library()
    reached: dict[str, set[str]] = {}
    wanted: dict[str, set[str]] = {}
    for document in library.documents.values():
        if document.kind != "plan":
            continue
        found, every = selected(library, document.id)
        compose = document.compose
        homes = [document.id] if compose is None else list(compose.overlays)
        key = " + ".join(homes)
        layers = {layer.name for home in homes for layer in library.documents[home].layers}
        for paths, into in ((found, reached), (every, wanted)):
            own = {path for _, path in paths if path.split(".")[1] in layers or (compose is None)}
            into.setdefault(key, set()).update(own)
    open_values = {
        key: sorted(
            path
            for path in paths - reached[key]
            if not WEIGHT.fullmatch(path) and not (".ordos." in key and OUT_OF_REACH.fullmatch(path))
        )
        for key, paths in wanted.items()
    }
    assert {key: paths for key, paths in open_values.items() if paths} == {}
    assert sum(len(paths) for paths in reached.values()) > 300
