"""Bounds of counters: the largest figure of a plan, for those that nothing can take above it."""

from __future__ import annotations

import pytest

from api.ledger.verify.limits import bounds_of
from api.rules import load_rules
from tests.service.office import rules_of


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("race", {"deductible_used": 1_000, "ward_paid": 1_000}),
        ("household", {"household_paid": 80_000}),
        ("undo-forbid", {"deductible_used": 100_000, "pool_paid": 200_000}),
        ("beijing", {"outpatient_deductible": 180_000}),
    ],
)
def test_caps_and_deductibles_bound_their_counters(plan: str, expected: dict[str, int]) -> None:
    (program,) = rules_of(plan)[0].programs
    assert bounds_of(program) == expected


def test_a_figure_that_is_not_stated_bounds_nothing() -> None:
    """The annual cap of these plans is a target, or its document does not give it."""
    programs = {program.name: program for program in load_rules().programs}
    for name in ("cn.neimenggu.ordos.employees.2009", "cn.shanxi.yangquan.residents.2018"):
        assert "pool_paid" in {rule.name for rule in programs[name].counters}
        assert bounds_of(programs[name]) == {}
