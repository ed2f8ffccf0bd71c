"""The reference plan is read from its YAML and nothing knows its words: other names give the same figures."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np

from adjudicator import Category, Rulebook, Settlement, settle
from benchmarks.workload import PLANS, workload
from catalogs.plans import load_library

OTHER_WORDS = {
    "tertiary": "north",
    "secondary": "west",
    "primary": "south",
    "in_service": "red",
    "retired": "blue",
    "resident": "green",
    "pool": "first_purse",
}


def renamed(text: str) -> str:
    for word, other in OTHER_WORDS.items():
        text = re.sub(rf"\b{word}\b", other, text)
    text = text.replace("fund: catastrophic", "fund: second_purse")
    return text.replace("plan: bench.reference", "plan: bench.renamed")


def columns_of(settlement: Settlement) -> dict[str, np.ndarray]:
    found = {f.name: getattr(settlement, f.name) for f in fields(settlement)}
    columns = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    for layer, result in settlement.layers.items():
        columns |= {f"{layer}.{f.name}": getattr(result, f.name) for f in fields(result)}
    return columns


def test_other_names_change_no_figure() -> None:
    work = workload(20_000, persons=800)
    before = settle(work.batch, work.rulebook)
    library = load_library([PLANS])
    library.add_text(renamed((PLANS / "reference.yaml").read_text()), "renamed.yaml")
    program = library.compile("bench.renamed")
    catalog = work.rulebook.catalog
    assert catalog is not None
    rulebook = Rulebook(
        (program,), replace(catalog, levels=tuple(OTHER_WORDS[name] for name in catalog.levels), memo={})
    )
    attributes = {
        name: Category(column.codes, tuple(OTHER_WORDS.get(value, value) for value in column.values))
        for name, column in work.batch.attributes.items()
        if isinstance(column, Category)
    }
    plan = Category(work.batch.plan.codes, (program.name,))
    after = settle(replace(work.batch, plan=plan, attributes=attributes), rulebook)
    assert set(after.funds.values()) == {"first_purse", "second_purse"}
    expected, found = columns_of(before), columns_of(after)
    assert expected.keys() == found.keys() and expected["total"].any()
    for name, values in expected.items():
        assert np.array_equal(values, found[name]), name
    assert [e[1:] for e in before.accounts.entries()] == [e[1:] for e in after.accounts.entries()]
