"""Plans shown to people, and what differs between two of them."""

from __future__ import annotations

from catalogs.plans import Library, assumptions, diff, open_values, show
from catalogs.plans.complete import CompletePlan
from catalogs.plans.findings import Findings

from .small import HEAD, LAYER, layer, plan, rate

RICH = layer(
    """\
    base: {total: 1, self_funded: -1, upfront: 50%}
    deductible:
      - {name: admission, amount: {by: level, tertiary: 700, else: {assumed: 500, why: silent, alternatives: [400]}}}
    bands:
      slices:
        - to: {fixed: 100, plus: [{rate: 5%, of: total, above: 1000}], at_most: 900}
          rate: {start: 50%, adjust: [{when: {age: "60..69"}, points: 2}, {points: {of: age, each: 0.1}}]}
      above: not stated
    limits:
      - {name: cap, amount: {times: 6, index: wage}, counter: spent}
    """
)
COUNTERS = "counters:\n  spent: {per: year, adds: [basic.paid], counts_if: {level: {not: tertiary}}}\n"
INDEXES = "indexes:\n  wage: {2023-01-01: 30000, 2023-07-01: 31000}\n"


def completed(text: str) -> CompletePlan:
    library = Library(shipped=False)
    document = library.add_text(text, "test.yaml")
    assert document is not None and not library.findings.errors
    findings = Findings()
    found = library.complete(document.id, findings)
    assert found is not None and not findings.errors
    return found


def test_show_names_every_value_with_its_source() -> None:
    text = show(completed(plan(INDEXES, RICH, COUNTERS, cases="")))
    for words in (
        "1. basic [basic]  fund: pool",
        "when: visit: inpatient",
        "base: total - self_funded + 50% x upfront",
        "level: tertiary  700                   [S1 B]",
        "else             500 assumed (or 400)  [own (silent)]",
        "100 + 5% x max(0, total - 1000), at most 900",
        "age 60..69  points 2",
        "points 0.1 for each age",
        "slice above: not stated  [S1 B]",
        "limit cap (less spent): 6 x wage  [S1 B]",
        "spent (year) + basic.paid where level: not tertiary",
        "Assumed (1)",
    ):
        assert words in text, f"{words}\n{text}"


def test_show_speaks_chinese() -> None:
    text = show(completed(plan(LAYER)), "zh")
    assert "测试" in text and "基金: pool" in text


def test_dated_values_are_shown_as_dates() -> None:
    dated = layer("bands: [{rate: 50%}]\nlimits: [{name: cap, amount: {since: {2023-01-01: 5, 2023-07-01: 6}}}]\n")
    text = show(completed(plan(dated)))
    assert "from 2023-01-01  5" in text and "from 2023-07-01  6" in text


def test_assumed_and_open_values_are_counted() -> None:
    found = completed(plan(INDEXES, RICH, COUNTERS, cases=""))
    assert [cell.written for cell in assumptions(found)] == ["500"]
    assert [cell.written for cell in open_values(found)] == ["not stated"]


def test_diff_gives_paths_texts_and_sources() -> None:
    old = completed(plan(rate("{by: level, tertiary: 50%, else: 60%}\n")))
    head = HEAD.replace("source: S1\n", "  S2: {title: B, grade: A}\nsource: S1\n")
    new = completed(plan(rate("{by: level, tertiary: {value: 55%, source: S2}, primary: 65%, else: 60%}\n"), head=head))
    found = {change.path: (change.old and change.old.text, change.new and change.new.text) for change in diff(old, new)}
    assert found == {
        "layers.basic.bands.1.rate.tertiary": ("50%", None),
        "layers.basic.bands.1.rate.tertiary.value": (None, "55%"),
        "layers.basic.bands.1.rate.primary": (None, "65%"),
    }
    sources = {change.path: change.new.source for change in diff(old, new) if change.new}
    assert sources["layers.basic.bands.1.rate.tertiary.value"] == "S2"
    assert diff(old, old) == []


def test_conventions_reach_the_origins() -> None:
    from .small import check

    head = HEAD + "conventions: {year_by: {assumed: settlement, why: silent}}\n"
    checked = check(plan(LAYER, head=head))
    assert checked.program is not None
    assert [(o.path, o.kind, o.why) for o in checked.program.origins if o.path.startswith("conventions")] == [
        ("conventions.year_by", "assumed", "silent")
    ]
