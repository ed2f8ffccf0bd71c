"""The shipped plan documents: the set is complete, clean, sourced, and right about its own worked cases."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from adjudicator.reasons import ClaimStatus
from adjudicator.rulebook import State
from catalogs.plans.cases import run_cases
from catalogs.plans.document import PlanDocument
from catalogs.plans.findings import Findings
from catalogs.plans.grammar import GRADES
from catalogs.plans.library import SHIPPED, Library
from catalogs.plans.lint import lint_plan
from catalogs.plans.nodes import Fields, Text
from catalogs.plans.values import Cell
from tests.documents.plans_page import PAGE, cells, page
from tests.documents.slow_cases import differences
from tests.oracle.document import library as oracle_library

PLANS = {
    "cn.fujian.taining.residents.2008",
    "cn.neimenggu.ordos.employees.2009",
    "cn.neimenggu.ordos.employees.2010",
    "cn.neimenggu.ordos.employees.2011",
    "cn.neimenggu.ordos.residents.2009",
    "cn.neimenggu.ordos.residents.2010",
    "cn.neimenggu.ordos.residents.2011",
    "cn.shanxi.yangquan.residents.2018",
    "cn.shanxi.taiyuan.residents.2023",
    "cn.anhui.bengbu.residents.2023",
    "cn.beijing.employees.2023",
    "cn.sichuan.chengdu.employees.2020",
    "cn.zhejiang.hangzhou.employees.2020",
    "cn.zhejiang.hangzhou.residents.2020",
    "cn.guangdong.guangzhou.employees",
    "cn.jiangsu.suzhou.students.2024",
    "cn.yunnan.dali.residents.2023",
    "cn.tianjin.residents.2022",
    "cn.illustrative.bengbu.catastrophic.assistance",
    "cn.illustrative.chengdu.civil_servant",
    "cn.illustrative.dali.dual_channel",
}
OVERLAYS = {
    "cn.jiangsu.suqian.assistance.2024",
    "cn.xinjiang.yutian.catastrophic.2021",
    "cn.anhui.civil_servant",
    "cn.hunan.dual_channel.2026",
}
KNOWN_WARNINGS = {
    # 35 % against 60 % at home: more than the national 20 points
    "cn.shanxi.taiyuan.residents.2023": {"BOUND_RATE_DROP"},
}
HELD = sorted(name for name in PLANS if ".ordos." in name or ".yangquan." in name)


@cache
def shipped() -> Library:
    """Read the shipped documents once."""
    return Library()


def document_of(name: str) -> PlanDocument:
    """Give a shipped document."""
    return shipped().documents[name]


def test_the_set_is_complete() -> None:
    """Every document that is promised is there, and nothing else."""
    by_kind = {
        kind: {d.id for d in shipped().documents.values() if d.kind == kind} for kind in ("plan", "overlay", "base")
    }
    assert by_kind == {"plan": PLANS, "overlay": OVERLAYS, "base": {"cn.national"}}
    assert len(list(SHIPPED.rglob("*.yaml"))) == len(shipped().documents)


def test_reading_finds_nothing_wrong() -> None:
    """No document has an error when it is read."""
    assert [finding.render("en") for finding in shipped().findings] == []


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_compiles(name: str) -> None:
    """Every plan compiles without an error and keeps its place and scheme."""
    program = shipped().compile(name)
    assert program.name == name
    assert program.layers


@pytest.mark.parametrize("name", sorted(PLANS))
def test_lint_finds_only_what_is_known(name: str) -> None:
    """No plan has an error; the few warnings are known and right."""
    findings = list(lint_plan(shipped(), name))
    assert [finding.render("en") for finding in findings if finding.severity == "error"] == []
    assert {finding.code for finding in findings} == KNOWN_WARNINGS.get(name, set())


@pytest.mark.parametrize("name", sorted(PLANS))
def test_worked_cases_hold(name: str) -> None:
    """Every case of a plan is met to the fen, and there are some."""
    findings = Findings()
    plan = shipped().complete(name, findings)
    assert plan is not None
    results = run_cases(plan, shipped().compile(name), findings)
    assert [finding.render("en") for finding in findings] == []
    cases = document_of(name).cases
    assert cases is not None
    assert len(results) == len(cases.items) >= 3
    assert all(result.passed for result in results)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_worked_cases_hold_in_the_oracle(name: str) -> None:
    """The oracle, which reads the document on its own, finds the same."""
    documents = oracle_library([path.read_text("utf-8") for path in SHIPPED.rglob("*.yaml")])
    wrong = {case["name"]: found for case in documents[name]["cases"] if (found := differences(name, documents, case))}
    assert wrong == {}


def test_a_wrong_expectation_is_noticed() -> None:
    """A case that expects another amount fails in both readers."""
    name = "cn.fujian.taining.residents.2008"
    text = Path(document_of(name).file).read_text("utf-8")
    assert "paid.basic: 5000," in text
    wrong = text.replace("paid.basic: 5000,", "paid.basic: 5000.01,")
    library = Library()
    library.add_text(wrong, document_of(name).file)
    findings = Findings()
    plan = library.complete(name, findings)
    assert plan is not None
    results = run_cases(plan, library.compile(name, run_cases=False), findings)
    assert [result.name for result in results if not result.passed] == ["tertiary stay"]
    documents = oracle_library([wrong])
    assert [case["name"] for case in documents[name]["cases"] if differences(name, documents, case)] == [
        "tertiary stay"
    ]


@pytest.mark.parametrize("name", sorted(PLANS | OVERLAYS | {"cn.national"}))
def test_every_value_has_a_source_that_resolves(name: str) -> None:
    """Each value names a cited source with a grade; what the author chose says why."""
    document = document_of(name)
    for cell in cells(document):
        if cell.origin.kind == "assumed":
            assert cell.origin.why, cell.origin.path
        chosen = cell.origin.kind == "assumed" or cell.state is State.NOT_STATED
        if chosen and cell.origin.source == "own":
            continue
        assert cell.origin.source in document.sources, cell.origin.path
    for source in document.sources.values():
        assert source.grade in GRADES
        assert source.title
        assert source.address


def test_every_cited_source_is_used_or_named() -> None:
    """A source that nothing rests on is not cited."""
    for document in shipped().documents.values():
        text = document.text.split("\nsource", 2)[-1]
        for key in document.sources:
            assert key in text, f"{document.id}: {key}"


@pytest.mark.parametrize("name", HELD)
def test_plans_of_goals_pay_nothing(name: str) -> None:
    """Whatever a plan of goals or without benefits covers is held: no claim of its own cases is settled."""
    program = shipped().compile(name)
    findings = Findings()
    plan = shipped().complete(name, findings)
    assert plan is not None
    results = run_cases(plan, program, findings)
    assert {result.found["status"] for result in results} <= {"held", "not_payable"}
    assert any(result.found["status"] == ClaimStatus.HELD.name.lower() for result in results)
    assert {result.found["paid_total"] for result in results} == {"0.00"}
    paying = [cell for cell in cells(document_of(name).layers) if cell.state in (State.EXACT, State.ASSUMED)]
    assert paying == []


def test_overlays_are_shown_on_a_plan() -> None:
    """Each overlay is part of a composed plan that says it is illustrative."""
    composed = [d.compose for d in shipped().documents.values() if d.compose is not None]
    assert {overlay for compose in composed for overlay in compose.overlays} == OVERLAYS
    assert all(compose.illustrative for compose in composed)


def test_accounts_of_a_composition_come_last() -> None:
    """The civil servants' subsidy is worked out before the account pays."""
    layers = [layer.name for layer in shipped().compile("cn.illustrative.chengdu.civil_servant").layers]
    assert layers[-3:] == ["civil_servant_in_scope", "civil_servant_out_of_scope", "account"]


def test_national_bounds_are_dated_and_scoped() -> None:
    """Waiting on a switch at most 6 months; out-of-area cuts of at most 10 and 20 points, long-term residents none."""
    base = document_of("cn.national")
    written = {}
    for bound in base.bounds:
        assert isinstance(bound.at_most, Cell)
        written[bound.name] = (bound.check, bound.value, bound.at_most.written)
    assert written == {
        "waiting_on_switch": ("waiting", "switch", "6"),
        "out_of_area_referred": ("rate_drop", "referred", "10"),
        "out_of_area_emergency": ("rate_drop", "emergency", "10"),
        "out_of_area_filed": ("rate_drop", "filed", "20"),
        "out_of_area_unfiled": ("rate_drop", "unfiled", "20"),
        "out_of_area_long_term": ("rate_drop", "long_term", "0"),
    }
    assert all(bound.start > 0 for bound in base.bounds)


def test_national_conventions_are_assumed_with_their_why() -> None:
    """No convention of the base poses as a sourced rule."""
    root = document_of("cn.national").root
    assert root is not None
    conventions = root.get("conventions")
    assert isinstance(conventions, Fields)
    assert len(conventions.entries) == 7
    for _, node in conventions.entries:
        assert isinstance(node, Fields)
        assert node.get("assumed") is not None
        why = node.get("why")
        assert isinstance(why, Text)
        assert why.text


def test_the_page_of_plans_is_up_to_date() -> None:
    """docs/plans.md says what the documents say."""
    assert PAGE.read_text("utf-8") == page(Library())
