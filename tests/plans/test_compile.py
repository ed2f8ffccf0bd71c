"""What tables a document compiles to."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from adjudicator.catalog import days
from adjudicator.columns import MISSING, PPM
from adjudicator.rulebook import Formula, Key, KeyKind, Layer, Program, State, Table

from .small import CASES, HEAD, LAYER, amount, check, layer, plan, rate


def compiled(text: str) -> Program:
    checked = check(text)
    assert checked.program is not None, [finding.render() for finding in checked.findings]
    return checked.program


def only_layer(text: str) -> Layer:
    (found,) = compiled(text).layers
    return found


def rate_of(text: str) -> Table:
    bands = only_layer(plan(rate(text), cases="")).bands
    assert bands is not None
    return bands.slices[0].rates[0]


def amount_of(text: str, *parts: str) -> Formula:
    return only_layer(plan(amount(text), *parts, cases="")).deductibles[0].amount


def code(key: Key, value: Any) -> int:
    """Find a code as the kernel does."""
    if key.kind is KeyKind.FLAG:
        return int(value)
    if key.kind is KeyKind.CATEGORY:
        if value is None:
            return len(key.domain) + 1
        return key.domain.index(value) if value in key.domain else len(key.domain)
    return int(np.searchsorted(key.edges, MISSING if value is None else value, "right"))


def cell(table: Table, **attributes: Any) -> tuple[int, State]:
    """Look a value up by attributes; marks are given as source_name."""
    index = 0
    for key in table.keys:
        name = f"{key.source}_{key.domain[0]}" if key.kind is KeyKind.FLAG else key.source.replace(".", "_")
        value = attributes[name] if key.kind is not KeyKind.FLAG else attributes.get(name, False)
        index = index * key.size + code(key, value)
    return int(table.values[index]), State(table.states[index])


def test_scalar_has_no_keys_and_an_origin() -> None:
    program = compiled(plan())
    assert program.layers[0].bands is not None
    table = program.layers[0].bands.slices[0].rates[0]
    assert (table.keys, table.values.tolist()) == ((), [500_000])
    origin = program.origins[table.origins[0]]
    assert (origin.path, origin.source, origin.grade, origin.kind) == ("layers.basic.bands.1.rate", "S1", "B", "exact")
    assert origin.line == 14


def test_by_covers_other_and_missing_only_with_else() -> None:
    table = rate_of("{by: level, tertiary: 50%, secondary: 60%}\n")
    assert cell(table, level="tertiary") == (500_000, State.EXACT)
    assert cell(table, level="primary") == (0, State.UNKNOWN)
    assert cell(table, level=None) == (0, State.MISSING)
    table = rate_of("{by: level, tertiary: 50%, else: 60%}\n")
    assert cell(table, level="primary") == cell(table, level=None) == (600_000, State.EXACT)


def test_first_row_that_fits_wins() -> None:
    table = rate_of(
        """\
        - {when: {level: tertiary, group: retired}, is: 70%}
        - {when: {level: tertiary}, is: 50%}
        - {is: 60%}
        """
    )
    assert cell(table, level="tertiary", group="retired")[0] == 700_000
    assert cell(table, level="tertiary", group="student")[0] == 500_000
    assert cell(table, level="primary", group="retired")[0] == 600_000


def test_missing_number_holds_even_where_else_stands() -> None:
    table = rate_of('{by: age, ">= 70": 80%, else: 60%}\n')
    assert cell(table, age=70) == (800_000, State.EXACT)
    assert cell(table, age=69) == (600_000, State.EXACT)
    assert cell(table, age=None) == (0, State.MISSING)


def test_missing_number_holds_only_where_it_decides() -> None:
    table = rate_of(
        """\
        start: {by: level, tertiary: 50%, else: 60%}
        adjust:
          - {when: {level: tertiary, age: ">= 70"}, points: 5}
        """
    )
    assert cell(table, level="tertiary", age=None)[1] is State.MISSING
    assert cell(table, level="primary", age=None) == (600_000, State.EXACT)


@pytest.mark.parametrize(
    ("test", "inside", "outside"),
    [
        ('">= 70"', [70, 71], [69]),
        ('"> 70"', [71], [70]),
        ('"< 70"', [69, 0], [70]),
        ('"<= 70"', [70], [71]),
        ('"= 70"', [70], [69, 71]),
        ("70", [70], [69, 71]),
        ('"60..69"', [60, 69], [59, 70]),
    ],
)
def test_comparisons(test: str, inside: list[int], outside: list[int]) -> None:
    table = rate_of(f"[{{when: {{age: {test}}}, is: 80%}}, {{is: 60%}}]\n")
    assert {cell(table, age=age)[0] for age in inside} == {800_000}
    assert {cell(table, age=age)[0] for age in outside} == {600_000}


def test_logic_of_conditions() -> None:
    table = rate_of(
        """\
        - {when: {any: [{level: tertiary}, {group: retired}], none: [{sex: female}]}, is: 80%}
        - {when: {level: {not: [tertiary, secondary]}}, is: 70%}
        - {is: 60%}
        """
    )
    for level, group, sex in product(["tertiary", "secondary", "primary", None], ["retired", None], ["male", "female"]):
        first = (level == "tertiary" or group == "retired") and sex != "female"
        expected = 800_000 if first else 700_000 if level in ("primary", None) else 600_000
        assert cell(table, level=level, group=group, sex=sex) == (expected, State.EXACT)


def test_marks_are_flags_of_their_attribute() -> None:
    table = rate_of("[{when: {status: [poor, orphan]}, is: 80%}, {is: 60%}]\n")
    assert [(key.kind, key.source, key.domain) for key in table.keys] == [
        (KeyKind.FLAG, "status", ("poor",)),
        (KeyKind.FLAG, "status", ("orphan",)),
    ]
    assert cell(table, status_orphan=True)[0] == 800_000
    assert cell(table)[0] == 600_000


def test_adjustments_are_folded_in_order() -> None:
    table = rate_of(
        """\
        start: {by: level, tertiary: 80%, else: not stated}
        adjust:
          - {points: 5}
          - {when: {group: retired}, person_share: 0.7}
          - {when: {level: primary}, set: 99%}
        at_most: 88%
        """
    )
    assert cell(table, level="tertiary", group="student") == (850_000, State.EXACT)
    assert cell(table, level="tertiary", group="retired") == (880_000, State.EXACT)  # 89.5 % bounded
    assert cell(table, level="primary", group="retired") == (880_000, State.EXACT)
    assert cell(table, level="secondary", group="retired") == (0, State.NOT_STATED)


def test_points_for_each_year_of_age() -> None:
    table = rate_of("{start: 40%, adjust: [{points: {of: age, each: 0.2}}]}\n")
    assert [cell(table, age=age)[0] for age in (0, 1, 70, 150)] == [400_000, 402_000, 540_000, 700_000]
    assert cell(table, age=None)[1] is State.MISSING


def test_amounts_are_rounded_once_half_away_from_zero() -> None:
    assert cell(amount_of("{start: 0.03, adjust: [{times: 0.5}, {times: 3}]}\n").fixed)[0] == 5  # 4.5, not 2 x 3
    falling = amount_of("{fixed: 1, plus: [{rate: {start: -0.03, adjust: [{times: 0.5}]}, of: days}]}\n")
    assert cell(falling.terms[0].rate)[0] == -2 * 1_000_000  # -1.5 fen a day


def test_since_uses_the_benefit_date_and_valid() -> None:
    table = amount_of("{since: {2022-01-01: 7, 2023-07-01: 8}}\n").fixed
    assert [key.source for key in table.keys] == ["date"]
    assert cell(table, date=days("2023-06-30"))[0] == 700
    assert cell(table, date=days("2023-07-01"))[0] == 800


def test_multiple_of_a_dated_index() -> None:
    table = amount_of("{times: 6, index: wage}\n", "indexes:\n  wage: {2023-01-01: 100.05, 2023-07-01: 200}\n").fixed
    assert cell(table, date=days("2023-02-01"))[0] == 60_030
    assert cell(table, date=days("2023-12-31"))[0] == 120_000


def test_states_of_values() -> None:
    table = amount_of(
        """\
        by: level
        tertiary: {assumed: 700, why: silent}
        secondary: absent
        primary: {range: [1, 2]}
        township: {not_stated: unreadable}
        """
    ).fixed
    found = {level: cell(table, level=level)[1] for level in ("tertiary", "secondary", "primary", "township")}
    assert list(found.values()) == [State.ASSUMED, State.ABSENT, State.TARGET, State.NOT_STATED]


def test_formula_in_a_table() -> None:
    formula = amount_of(
        """\
        by: level
        tertiary: {fixed: 300, plus: [{rate: 5%, of: total, above: 1000}, {rate: 50, of: days}], at_most: 900}
        else: 200
        """
    )
    assert cell(formula.fixed, level="tertiary")[0] == 30_000
    first, second = formula.terms
    assert (first.amount, second.amount) == ("total", "days")
    assert first.above is not None and formula.at_most is not None
    assert cell(first.rate, level="tertiary")[0] == 50_000
    assert cell(first.rate, level="primary") == (0, State.EXACT)
    assert int(first.above.values[0]) == 100_000
    assert cell(second.rate, level="tertiary")[0] == 5_000 * PPM
    assert cell(formula.at_most, level="primary")[1] is State.ABSENT


def test_combinations_that_when_excludes_need_no_value() -> None:
    text = layer(
        "bands:\n  - rate: {by: level, tertiary: 50%}\n", when='{visit: inpatient, level: tertiary, age: ">= 18"}'
    )
    other = "  - layer: top\n    fund: top\n    when: {level: secondary}\n    bands: [{rate: 10%}]\n"
    found = compiled(plan(text + other, cases="")).layers[0]
    assert found.bands is not None and found.when is not None
    assert found.bands.slices[0].rates[0].keys == ()  # only tertiary gets here
    assert {key.source for key in found.when.keys} == {"visit", "level", "age"}


def test_words_of_the_document_are_asked_for() -> None:
    text = layer("bands:\n  - rate: {by: level, tertiary: 50%}\n")
    other = "  - layer: top\n    fund: top\n    when: {level: secondary}\n    bands: [{rate: 10%}]\n"
    (finding,) = check(plan(text + other, cases="")).findings.errors
    assert finding.fields["examples"] == "level: secondary"


def test_counters_and_nth() -> None:
    counter = "counters:\n  admissions: {per: year, unit: count, adds: [one]}\n"
    table = amount_of('{by: nth, "1": 1300, else: 650}\n', counter).fixed
    (key,) = table.keys
    assert (key.kind, key.source) == (KeyKind.COUNTER, "admissions")
    assert (cell(table, admissions=0)[0], cell(table, admissions=1)[0]) == (130_000, 65_000)


def test_amounts_in_conditions_are_yuan() -> None:
    found = only_layer(plan(layer("bands: [{rate: 50%}]\n", when='{total: ">= 500"}'), cases=""))
    assert found.when is not None
    (key,) = found.when.keys
    assert (key.kind, key.source, key.edges.tolist()) == (KeyKind.AMOUNT, "total", [MISSING + 1, 50_000])


def test_atoms_are_the_distinct_combinations_of_the_sets_used() -> None:
    items = "items:\n  herbal: {mark: tcm}\n  dear: {item_price: '>= 1000'}\n  a: {class: A}\n"
    groups = layer(
        """\
        groups: [{group: herbal, items: herbal}, {group: rest, items: other}]
        bands: [{rate: {by: item_group, herbal: 70%, rest: 60%}}]
        """
    )
    limits = "lines:\n  category_limits: [{name: dear, items: dear, amount: 500}]\n"
    program = compiled(plan(items, groups, limits, cases=""))
    assert program.lines.atoms == 4  # herbal or not, dear or not; class A is not used
    assert {key.source for key in program.lines.atom.keys} == {"mark:tcm", "item_price"}
    herbal, rest = program.layers[0].groups
    assert set(herbal.atoms or ()) | set(rest.atoms or ()) == set(range(4))
    assert not set(herbal.atoms or ()) & set(rest.atoms or ())
    bands = program.layers[0].bands
    assert bands is not None
    assert [table.values.tolist() for table in bands.slices[0].rates] == [[700_000], [600_000]]
    assert [key.edges.tolist() for key in program.lines.atom.keys if key.kind is KeyKind.NUMBER] == [
        [MISSING + 1, 1_000_000_000]
    ]


def test_upfront_of_the_item_is_minus_one() -> None:
    lines = "lines:\n  upfront: {by: class, A: 0%, else: item}\n"
    table = compiled(plan(lines, LAYER)).lines.upfront
    assert table is not None
    assert cell(table, **{"class": "A"})[0] == 0
    assert cell(table, **{"class": "B"})[0] == -1


def test_head_of_the_program() -> None:
    conventions = "conventions: {year_by: settlement, year_start: '07-01', status_at: admission}\n"
    program = compiled(plan(LAYER, head=HEAD + conventions))
    assert (program.name, program.scheme, program.place) == ("test.plan", "resident_basic", "340300")
    assert (program.valid_from, program.valid_until) == (days("2023-01-01"), days("2024-01-01"))
    assert (program.year_by, program.year_start, program.status_at) == ("settlement", (7, 1), "admission")
    assert program.defaults["zone"] == "local"
    assert len(program.digest) == 64
    assert program.digest != compiled(plan(LAYER)).digest


def test_bands_with_everything() -> None:
    counters = "counters:\n  spent: {per: year, adds: [basic.banded]}\n"
    text = layer(
        """\
        bands:
          from: deductible
          running: spent
          whole: no
          slices: [{to: 1000, rate: 50%}, {from: 1000, to: 2000, rate: 60%}]
          above: 0%
        """
    )
    bands = only_layer(plan(text, counters, cases="")).bands
    assert bands is not None
    assert (bands.from_deductible, bands.running, bands.whole) == (True, "spent", False)
    assert [part.to and int(part.to.fixed.values[0]) for part in bands.slices] == [100_000, 200_000, None]
    assert int(bands.slices[2].rates[0].values[0]) == 0


def test_cases_with_lines_use_marks_groups_and_ceilings() -> None:
    items = "items:\n  herbal: {mark: tcm}\n"
    groups = layer(
        """\
        groups: [{group: herbal, items: herbal}, {group: rest, items: other}]
        bands: [{rate: {by: item_group, herbal: 70%, rest: 60%}}]
        """
    )
    cases = """\
cases:
  - name: lines
    claim:
      visit: inpatient
      lines:
        - {class: A, marks: [tcm], amount: 100}
        - {class: B, amount: 100, upfront: 10%, quantity: 2, price: 50, ceiling: 40}
        - {class: C, amount: 7}
    expect:
      {paid.basic.herbal: 70, paid.basic.rest: 43.20, over_limit: 20, upfront: 8, self_funded: 7, person: 93.80}
"""
    checked = check(plan(items, groups, cases=cases))
    assert checked.program is not None, [finding.render() for finding in checked.findings]


def test_prior_claims_openings_and_given_payments() -> None:
    text = layer("bands: [{rate: 50%}]\nlimits: [{name: cap, amount: 1000, counter: spent}]\n")
    counters = "counters:\n  spent: {per: year, adds: [basic.paid]}\n"
    cases = """\
cases:
  - name: opening
    claim: {visit: inpatient, in_scope: 1000}
    opening: {spent: 700}
    expect: {paid.basic: 300, basic.cut: 200, counter.spent: 1000, remaining_in_scope: 700}
  - name: prior
    claim: {visit: inpatient, in_scope: 1000}
    prior: [{visit: inpatient, in_scope: 1400}]
    expect: {paid.basic: 300}
  - name: given
    claim: {visit: inpatient, in_scope: 1000}
    given: {basic: 123.45}
    expect: {paid.basic: 123.45, fund.pool: 123.45, paid_total: 123.45}
  - name: not payable
    claim: {visit: outpatient, in_scope: 1000}
    expect: {paid.basic: 0, person: 1000, status: not_payable, reason: VISIT_NOT_COVERED}
"""
    checked = check(plan(text, counters, cases=cases))
    assert [result.name for result in checked.cases] == ["opening", "prior", "given", "not payable"]
    assert [difference for result in checked.cases for difference in result.differences] == []


def test_composition_keeps_accounts_last_and_merges() -> None:
    account = (
        "  - {layer: account, fund: personal_account, requires_visit: no, base: [remaining], bands: [{rate: 100%}]}\n"
    )
    overlay = (
        "overlay: test.top\nsources:\n  S1: {title: A, grade: A}\nsource: S1\n"
        "layers:\n  - {layer: top, fund: top, base: [basic.left], bands: [{rate: 10%}]}\n"
    )
    composed = (
        "plan: test.composed\ntitle: {en: T, zh: 试}\nscheme: resident_basic\n"
        "compose: {plan: test.plan, overlays: [test.top]}\n"
        "cases:\n  - name: both\n    claim: {visit: inpatient, in_scope: 1000}\n"
        "    expect: {paid.basic: 500, paid.top: 50, paid.account: 450}\n"
    )
    checked = check(composed, plan(LAYER + account), overlay)
    assert checked.program is not None, [finding.render() for finding in checked.findings]
    assert [found.name for found in checked.program.layers] == ["basic", "top", "account"]
    assert [result.passed for result in checked.cases] == [True]


def test_an_overlay_adds_to_a_counter_of_its_base() -> None:
    """What the overlay pays lessens what the base's cap leaves for later claims; the counter stays the base's."""
    capped = layer(
        """\
        bands: [{rate: 50%}]
        limits: [{name: cap, amount: 600, counter: pool_paid}]
        """
    )
    below = plan(capped, "counters:\n  pool_paid: {per: year, adds: [basic.paid]}\n")
    overlay = (
        "overlay: test.top\nsources:\n  S1: {title: A, grade: A}\nsource: S1\n"
        "layers:\n  - {layer: top, fund: top, when: {visit: dual_channel}, bands: [{rate: 40%}]}\n"
        "counters:\n  pool_paid: {also_adds: {top.paid: 0.5}}\n"
    )
    composed = (
        "plan: test.composed\ntitle: {en: T, zh: 试}\nscheme: resident_basic\n"
        "compose: {plan: test.plan, overlays: [test.top]}\n"
        "cases:\n  - name: a drug and then a stay\n"
        "    claim: {visit: inpatient, in_scope: 1000}\n    prior: [{visit: dual_channel, in_scope: 1000}]\n"
        "    expect: {paid.basic: 400, counter.pool_paid: 600}\n"
    )
    checked = check(composed, below, overlay)
    assert [result.differences for result in checked.cases] == [()], [f.render() for f in checked.findings]
    assert checked.program is not None
    assert [rule.name for rule in checked.program.counters] == ["pool_paid"]


@pytest.mark.parametrize(
    ("counter", "code"),
    [
        ("pool_paid: {also_adds: [basic.left]}", "COUNTER_NOT_BELOW"),  # the plan below has none of that name
        ("seen: {also_adds: [basic.left]}", "COUNTER_NOT_BELOW"),  # one that sets
        ("total_paid: {also_adds: [basic.paid]}", "DUPLICATE_NAME"),
        ("total_paid: {also_adds: [basic.left], per: month}", "UNKNOWN_KEY"),
        ("total_paid: {also_adds: [nothing.paid]}", "UNKNOWN_AMOUNT"),
    ],
)
def test_additions_that_cannot_be_are_findings(counter: str, code: str) -> None:
    counters = "counters:\n  total_paid: {per: year, adds: [basic.paid]}\n  seen: {per: year, sets: [basic.paid]}\n"
    composed = (
        "plan: test.composed\ntitle: {en: T, zh: 试}\nscheme: resident_basic\ncompose: {plan: test.plan}\n"
        "sources:\n  S1: {title: A, grade: A}\nsource: S1\n"
        f"counters:\n  {counter}\n" + CASES
    )
    checked = check(composed, plan(LAYER, counters))
    assert checked.program is None
    assert code in [finding.code for finding in checked.findings]


def test_assumed_values_and_their_why_reach_the_origins() -> None:
    program = compiled(plan(rate("{assumed: 60%, why: silent}\n"), cases=CASES.replace("500", "600")))
    assert [(o.kind, o.source, o.why) for o in program.origins if o.path.endswith("rate")] == [
        ("assumed", "own", "silent")
    ]


def test_over_eligible_is_what_limits_leave_below_the_bands() -> None:
    """A cut of what only a guarantee gave is no eligible spending; a person's share paid again takes it back."""
    guaranteed = """\
        bands: [{to: 9000, rate: 60%}, {rate: 80%}]
        at_least: {rate: 45%, base: [total]}
        limits: [{name: cap, amount: 12000}]
        """
    relieved = """\
        bands: [{rate: 50%}]
        limits: [{name: cap, amount: 3000}, {name: bearable, on: person_share, amount: 6000}]
        """
    cases = (
        "cases:\n"
        "  - {name: above the cap, claim: {visit: inpatient, total: 39000, in_scope: 19000},\n"
        "     expect: {paid.basic: 12000, basic.cut: 5550, basic.over_eligible: 1750}}\n"
        "  - {name: guarantee alone, claim: {visit: inpatient, total: 39000, in_scope: 9000},\n"
        "     expect: {paid.basic: 12000, basic.cut: 5550, basic.over_eligible: 0}}\n"
    )
    share = (
        "cases:\n"
        "  - {name: share, claim: {visit: inpatient, in_scope: 10000},\n"
        "     expect: {paid.basic: 4000, basic.cut: 2000, basic.over_eligible: 2000}}\n"
    )
    for text, expected in ((guaranteed, cases), (relieved, share)):
        checked = check(plan(layer(text), cases=expected))
        assert [case.differences for case in checked.cases if not case.passed] == [], checked.cases
        assert checked.cases


def test_days_are_limited_by_a_year() -> None:
    """A counter adds days; a payment of so much a day ends with the days that are left."""
    daily = layer(
        """\
        flat: [{name: allowance, amount: 100, number: days}]
        beyond_bill: yes
        limits:
          - name: days_left
            when: {counter.days_used: "> 0"}
            amount: {fixed: 3000, plus: [{rate: -100, of: counter.days_used}], at_least: 0}
        """
    )
    counters = "counters:\n  days_used: {per: year, unit: count, adds: [days]}\n"
    cases = (
        "cases:\n"
        "  - {name: last days, claim: {visit: inpatient, days: 9, total: 100},\n"
        "     prior: [{visit: inpatient, days: 25, total: 100}], expect: {paid.basic: 500, counter.days_used: 34}}\n"
        "  - {name: no days, claim: {visit: inpatient, total: 100}, expect: {reason: MISSING_VALUE}}\n"
    )
    checked = check(plan(daily, counters, cases=cases))
    assert [case.passed for case in checked.cases] == [True, True], [f.render() for f in checked.findings]
    plain = check(plan(LAYER, counters, cases=CASES.replace("500}", "500, counter.days_used: 0}")))
    assert [case.passed for case in plain.cases] == [True]
    money = check(plan(LAYER, "counters:\n  days_used: {per: year, adds: [days]}\n"))
    assert "COUNTER_UNIT" in [finding.code for finding in money.findings]
