"""The grammar and the reference say the same, and the shipped documents are in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalogs.plans import PlanError, load_library, load_plan
from catalogs.plans.grammar import AMOUNTS_OF_CLAIM, AMOUNTS_OF_LAYER, ATTRIBUTES, CONVENTIONS, SCHEMES, SHAPES
from catalogs.plans.library import SHIPPED, Library
from catalogs.plans.lint import lint_plan

from .small import CASES, check, lint, plan

REFERENCE = (Path(__file__).parents[2] / "docs" / "plan-language.md").read_text(encoding="utf-8")
SECTIONS = {
    int(number): text
    for number, text in re.findall(r"^## (\d+)\. [^\n]*\n(.*?)(?=^## \d+\. |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
}


def table_names(section: int, column: int = 0) -> list[str]:
    """Give the names in backticks of a column of the section's tables."""
    rows = [line.split("|")[1:-1] for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [name for row in rows if len(row) > column for name in re.findall(r"`([^`]+)`", row[column])]


def test_top_level_keys_are_those_of_the_reference() -> None:
    assert set(table_names(2)) == set(SHAPES["document"].keys)


def test_layer_keys_are_those_of_the_reference() -> None:
    described = set(table_names(6, 1))
    beside = {"layer", "title", "fund", "requires_visit", "allocate", "borne_by", "beyond_bill", "rounding", "charges"}
    assert described - beside <= set(SHAPES["layer"].keys)
    assert set(SHAPES["layer"].keys) - beside <= described | {"groups"}
    for key in beside:
        assert f"`{key}" in REFERENCE or f"{key}:" in REFERENCE, key


def test_counter_keys_are_those_of_the_reference() -> None:
    assert set(table_names(8)) == set(SHAPES["counter"].keys)


def test_conventions_are_those_of_the_reference() -> None:
    assert set(table_names(10)) == set(SHAPES["conventions"].keys) == {*CONVENTIONS, "rounding", "year_start"}


def test_attributes_are_those_of_the_reference() -> None:
    listed = [
        name
        for line in SECTIONS[4].splitlines()
        if re.match(r"\| (person|facility|visit)? *\|", line)
        for name in re.findall(r"`([^`]+)`", line.split("|")[2])
    ]
    assert set(listed) == set(ATTRIBUTES)


def test_words_of_attributes_are_those_of_the_reference() -> None:
    for name, rule in ATTRIBUTES.items():
        row = next(line for line in SECTIONS[4].splitlines() if re.match(rf"\|[^|]*\| .*`{name}`", line))
        for word in rule.words:
            assert re.search(rf"\b{word}\b", row), (name, word)


def test_amounts_are_those_of_the_reference() -> None:
    named = set(table_names(5))
    assert {name for name in named if "." not in name and name != "amounts:"} == set(AMOUNTS_OF_CLAIM)
    assert {name.removeprefix("LAYER.") for name in named if name.startswith("LAYER.")} == set(AMOUNTS_OF_LAYER)


def test_schemes_are_those_of_the_reference() -> None:
    assert all(f"`{scheme}`" in SECTIONS[2] for scheme in SCHEMES)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_each_key_is_in_the_section_of_its_shape(name: str) -> None:
    shape = SHAPES[name]
    for key in shape.keys:
        assert re.search(rf"(?<![\w]){re.escape(key)}(?![\w])", SECTIONS[shape.section]), (name, key)


def test_the_small_plan_of_the_reference_compiles() -> None:
    text = re.search(r"```yaml\n(plan: cn\.example.*?)```", REFERENCE, re.DOTALL)
    assert text is not None
    library = Library(shipped=True)
    library.replace(text[1], "example.yaml")
    checked = library.check("cn.example.residents")
    assert checked.program is not None, [finding.render() for finding in checked.findings]
    assert len(checked.cases) == 1
    assert list(lint_plan(library, "cn.example.residents")) == []


SHIPPED_PLANS = sorted(document.id for document in load_library().documents.values() if document.kind == "plan")


@pytest.mark.parametrize("plan_id", SHIPPED_PLANS)
def test_shipped_plan_compiles_and_its_cases_hold(plan_id: str) -> None:
    library = load_library()
    checked = library.check(plan_id)
    assert checked.program is not None, [finding.render() for finding in checked.findings]
    assert checked.cases
    assert [finding.render() for finding in lint_plan(library, plan_id) if finding.severity == "error"] == []


def test_shipped_documents_have_no_findings_when_read() -> None:
    assert SHIPPED.is_dir()
    assert [finding.render() for finding in load_library().findings] == []


def test_a_plan_with_a_failing_case_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(plan(cases=CASES.replace("500", "499")), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        load_plan("test.plan", [tmp_path])
    assert [finding.code for finding in raised.value.findings] == ["CASE_FAILED"]
    assert load_plan("test.plan", [tmp_path], run_cases=False).name == "test.plan"


def test_unknown_plan_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(PlanError, match="did you mean"):
        load_library().compile("cn.national.residents")


def test_scalars_stay_text() -> None:
    assert check(plan(head=plan().split("layers:")[0].replace("340300", "012345"))).program is not None
    assert lint("plan: no\n")[0].code != "YAML_SYNTAX"
