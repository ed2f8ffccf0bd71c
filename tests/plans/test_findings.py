"""Each finding has a document that triggers it, and a message that fits."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from catalogs.plans import lint as lint_file

from .small import CASES, HEAD, LAYER, amount, check, codes, layer, lint, plan, rate

MESSAGES = tomllib.loads(
    (Path(__file__).parents[2] / "catalogs" / "messages" / "plan.toml").read_text(encoding="utf-8")
)

BASE = "base: test.base\nsources:\n  S1: {title: A, grade: A}\nsource: S1\n"
OVERLAY = (
    "overlay: test.overlay\nsources:\n  S1: {title: A, grade: A}\nsource: S1\n"
    "layers:\n  - {layer: top, fund: top, base: [basic.left], bands: [{rate: 50%}]}\n"
)
COMPOSED = (
    "plan: test.composed\ntitle: {en: T, zh: 试}\nscheme: resident_basic\ncompose: {plan: test.plan, overlays: "
    "[test.overlay]}\nsources:\n  S1: {title: A, grade: A}\nsource: S1\n" + CASES
)
GROUPS = "items:\n  herbal: {mark: tcm}\n  drugs: {kind: drug}\n"
COUNTER = "counters:\n  stays: {per: year, unit: count, adds: [one]}\n  spent: {per: year, adds: [basic.paid]}\n"
SECOND = "  - {layer: top, fund: top, requires_visit: no, bands: [{rate: 50%}]}\n"
FILED = rate(
    """\
    - {when: {filing: [none]}, is: 80%}
    - {when: {filing: filed}, is: 60%}
    """
)
BOUND = (
    "bounds:\n  - {name: out, check: rate_drop, attribute: filing, against: [none], value: filed, at_most: 10, "
    "from: 2020-01-01}\n  - {name: switch, check: waiting, join: switch, at_most: 6, from: 2020-01-01}\n"
)

TRIGGERS: dict[str, str] = {
    "YAML_SYNTAX": "plan: [a",
    "DOCUMENT_NOT_MAPPING": "- a\n- b\n",
    "SECOND_DOCUMENT": plan() + "---\nplan: b\n",
    "YAML_ALIAS": plan(rate("*x\n")),
    "YAML_ANCHOR": plan(rate("&x 50%\n")),
    "YAML_TAG": plan(rate("!!float 0.5\n")),
    "KEY_NOT_TEXT": plan() + "[a, b]: c\n",
    "DUPLICATE_KEY": plan() + "scheme: resident_basic\n",
    "KIND_NOT_ONE": plan() + "base: b\n",
    "NOT_A_MAPPING": plan(head=HEAD.replace("{en: Test, zh: 测试}", "Test")),
    "NOT_A_LIST": plan("layers: {layer: basic}\n"),
    "NOT_A_SCALAR": plan(head=HEAD.replace('place: "340300"', "place: [a]")),
    "EMPTY_VALUE": plan(rate("''\n")),
    "COMMA_NOT_QUOTED": plan(head=HEAD.replace("en: Test", "en: Test, of a comma")),
    "UNKNOWN_KEY": plan(layer("bandz: [{rate: 50%}]\n")),
    "KEY_MISSING": plan(layer("deductible: [{name: a}]\nbands: [{rate: 50%}]\n")),
    "UNKNOWN_VALUE_FORM": plan(rate("{valeu: 50%}\n")),
    "BAD_NAME": plan(layer("deductible: [{name: '1st', amount: 5}]\nbands: [{rate: 50%}]\n")),
    "BAD_DATE": plan(head=HEAD.replace("2023-01-01", "2023-02-31")),
    "BAD_NUMBER": plan(layer("flat: [{name: a, amount: 5, number: days, less: 1.5}]\n")),
    "BAD_VALUE": plan(rate("half\n")),
    "BAD_AREA": plan(head=HEAD.replace("340300", "3403")),
    "BAD_RANGE": plan(rate("{range: [45%]}\n")),
    "RANGE_REVERSED": plan(rate("{range: [75%, 45%]}\n")),
    "BAD_COMPARISON": plan(rate("[{when: {age: old}, is: 50%}, {is: 60%}]\n")),
    "BAD_TEST": plan(rate("[{when: {age: {over: 60}}, is: 50%}, {is: 60%}]\n")),
    "BAD_ROUNDING": plan(layer("rounding: {to: 0}\nbands: [{rate: 50%}]\n")),
    "PERCENT_MISPLACED": plan(amount("50%\n")),
    "RATE_BARE": plan(rate("60\n")),
    "AMOUNT_DECIMALS": plan(amount("1.005\n")),
    "AMOUNT_TOO_LARGE": plan(amount("99999999999\n")),
    "UNKNOWN_WORD": plan(rate("{by: level, tertairy: 50%, else: 60%}\n")),
    "DATES_NOT_RISING": plan(amount("{since: {2023-06-01: 5, 2023-01-01: 4}}\n")),
    "RESERVED_NAME": plan(LAYER.replace("layer: basic", "layer: total"), cases=""),
    "DUPLICATE_NAME": plan(layer("limits: [{name: a, amount: 5}, {name: a, amount: 6}]\nbands: [{rate: 50%}]\n")),
    "UNKNOWN_SOURCE": plan(rate("{value: 50%, source: S9}\n")),
    "VALUE_WITHOUT_SOURCE": plan(head=HEAD.replace("source: S1\n", "")),
    "OWN_NOT_ASSUMED": plan(rate("{value: 50%, source: own}\n")),
    "SOURCE_UNUSED": plan(head=HEAD.replace("source: S1\n", "  S2: {title: B, grade: A}\nsource: S1\n")),
    "UNKNOWN_SUBJECT": plan(rate("[{when: {levl: tertiary}, is: 50%}, {is: 60%}]\n")),
    "UNKNOWN_AMOUNT": plan(layer("base: [in_scop]\nbands: [{rate: 50%}]\n")),
    "UNKNOWN_COUNTER": plan(layer("limits: [{name: cap, amount: 5, counter: spnt}]\nbands: [{rate: 50%}]\n"), COUNTER),
    "NTH_WITHOUT_ADMISSIONS": plan(rate('{by: nth, "1": 50%, else: 60%}\n')),
    "BANDS_NOT_SLICES": plan(layer("bands: 60%\n")),
    "UNKNOWN_NUMBER": plan(layer("flat: [{name: a, amount: 5, number: dayz}]\n")),
    "UNKNOWN_HOLDER": plan(LAYER, "counters:\n  a: {per: year, holder: family, adds: [basic.paid]}\n"),
    "UNKNOWN_ITEMS": plan(GROUPS, layer("groups: [{group: a, items: herbl}]\nbands: [{rate: 50%}]\n")),
    "UNKNOWN_GROUP": plan(GROUPS, layer("groups: [{group: a, items: herbal}]\nborne_by: [b]\nbands: [{rate: 50%}]\n")),
    "UNKNOWN_INDEX": plan(amount("{times: 6, index: wage}\n")),
    "UNKNOWN_LAYER": plan(cases=CASES + "    given: {base: 5}\n"),
    "UNKNOWN_DOCUMENT": plan(head=HEAD + "inherits: cn.nowhere\n"),
    "ATTRIBUTE_KIND": plan("attributes:\n  a: {of: visit, number: yes, id: yes}\n", LAYER),
    "ADJUSTMENT_NOT_ONE": plan(rate("{start: 50%, adjust: [{points: 5, times: 2}]}\n")),
    "ADJUSTMENT_WRONG_UNIT": plan(rate("{start: 50%, adjust: [{add: 5}]}\n")),
    "FORMULA_MISPLACED": plan(rate("{fixed: 5, plus: [{rate: 5%, of: total}]}\n")),
    "FORMULA_ADJUSTED": plan(amount("{start: {fixed: 5, plus: [{rate: 5%, of: total}]}, adjust: [{times: 0.5}]}\n")),
    "INDEX_NOT_AMOUNT": plan("indexes:\n  wage: {2023-01-01: 5}\n", rate("{times: 6, index: wage}\n")),
    "RATE_NOT_EXACT": plan(rate("33.33333%\n")),
    "RATE_ABOVE_ONE": plan(rate("{start: 90%, adjust: [{points: 20}]}\n")),
    "RATE_BELOW_ZERO": plan(rate("{start: 10%, adjust: [{points: -20}]}\n")),
    "AMOUNT_BELOW_ZERO": plan(amount("-700\n")),
    "CELL_NOT_FILLED": plan(rate('[{when: {age: ">= 60"}, is: 50%}]\n')),
    "DATE_HOLE": plan(amount("{since: {2023-06-01: 5}}\n")),
    "UNREACHABLE_ROW": plan(rate("[{is: 50%}, {when: {level: tertiary}, is: 60%}]\n")),
    "TABLE_TOO_LARGE": plan(
        rate(
            """\
            start: 10%
            adjust:
              - {points: {of: age, each: 0.1}}
              - {points: {of: days, each: 0.1}}
              - {points: {of: units, each: 0.1}}
            at_most: 100%
            """
        )
    ),
    "NO_LAYERS": plan("layers: []\n", cases=""),
    "LAYER_PAYS_NOTHING": plan(layer("base: [in_scope]\n")),
    "READ_TOO_EARLY": plan(layer("base: [basic.paid]\nbands: [{rate: 50%}]\n")),
    "AMOUNT_NOT_KNOWN_YET": plan('excluded: {total: ">= 5"}\n', LAYER),
    "BANDS_NOT_CLOSED": plan(layer("bands: [{to: 100, rate: 50%}]\n")),
    "ABOVE_AFTER_OPEN": plan(layer("bands: {slices: [{rate: 50%}], above: 0%}\n")),
    "SLICE_AFTER_OPEN": plan(layer("bands: [{rate: 50%}, {rate: 60%}]\n")),
    "EDGES_NOT_RISING": plan(layer("bands: [{to: 100, rate: 50%}, {to: 90, rate: 60%}, {rate: 70%}]\n")),
    "BAND_GAP": plan(layer("bands: [{to: 100, rate: 50%}, {from: 200, rate: 60%}]\n")),
    "BAND_OVERLAP": plan(layer("bands: [{to: 100, rate: 50%}, {from: 90, rate: 60%}]\n")),
    "CREDIT_WITHOUT_PHASE": plan(layer("bands: [{rate: 50%, credit: 90%}]\n")),
    "PHASE_WITHOUT_CREDIT": plan(
        layer("bands: {phase: {counter: spent, reaches: 50}, slices: [{rate: 50%}]}\n"), COUNTER
    ),
    "ALLOCATION_WITHOUT_BANDS": plan(layer("allocate: lowest_rate_first\nflat: [{name: a, amount: 5}]\n")),
    "BEARERS_DIFFER": plan(
        GROUPS,
        layer(
            """\
            groups: [{group: a, items: herbal}, {group: b, items: other}]
            deductible: [{name: x, amount: 5, borne_by: [a]}, {name: y, amount: 5, borne_by: [b]}]
            bands: [{rate: 50%}]
            """
        ),
    ),
    "CHARGES_TWICE": plan(layer("charges: [in_scope, in_scope]\nbands: [{rate: 50%}]\n")),
    "GROUPS_OVERLAP": plan(
        GROUPS, layer("groups: [{group: a, items: herbal}, {group: b, items: drugs}]\nbands: [{rate: 50%}]\n")
    ),
    "GROUPS_COUNT_TWICE": plan(
        GROUPS,
        layer(
            """\
            base: [remaining]
            groups: [{group: a, items: herbal}, {group: b, items: other}]
            bands: [{rate: 50%}]
            """
        ),
    ),
    "OF_WITHOUT_SHARE": plan(layer("limits: [{name: a, of: left, amount: 5}]\nbands: [{rate: 50%}]\n")),
    "CLIFF": plan(
        layer(
            """\
            bands:
              whole: yes
              slices: [{to: 1000, rate: 80%}, {rate: 50%}]
            """
        )
    ),
    "ADDS_AND_SETS": plan(LAYER, "counters:\n  a: {per: year, adds: [basic.paid], sets: [basic.paid]}\n"),
    "COUNTER_UNIT": plan(LAYER, "counters:\n  a: {per: year, unit: count, adds: [basic.paid]}\n"),
    "COUNT_AS_MONEY": plan(layer("limits: [{name: cap, amount: 5, counter: stays}]\nbands: [{rate: 50%}]\n"), COUNTER),
    "COUNTER_UNUSED": plan(LAYER, COUNTER),
    "BASE_TAKEN_TWICE": plan(LAYER + SECOND),
    "COUNTER_NOT_FED": plan(
        layer("deductible: [{name: a, amount: 5, counter: spent}]\nbands: [{rate: 50%}]\n"), COUNTER
    ),
    "EVERY_VISIT_PAYABLE": plan(LAYER + SECOND.replace("requires_visit: no", "base: [basic.left]")),
    "ITEMS_UNUSED": plan(GROUPS, LAYER),
    "AMOUNT_UNUSED": plan("amounts: [third_party]\n", LAYER),
    "INDEX_UNUSED": plan("indexes:\n  wage: {2023-01-01: 5}\n", LAYER),
    "ATTRIBUTE_UNUSED": plan("attributes:\n  a: {of: visit, number: yes}\n", LAYER),
    "COMPOSED_CIRCLE": COMPOSED.replace("plan: test.plan, overlays: [test.overlay]", "plan: test.composed"),
    "WRONG_KIND": COMPOSED.replace("plan: test.plan, overlays", "plan: test.overlay, overlays"),
    "LAYER_TWICE": COMPOSED + LAYER,
    "COMPOSED_CONFLICT": COMPOSED + "counters:\n  total_paid: {per: month, adds: [basic.paid]}\n",
    "COUNTER_NOT_BELOW": COMPOSED + "counters:\n  pool_paid: {also_adds: [top.paid]}\n",
    "COMPOSED_NEVER_VALID": COMPOSED + "valid: {from: 2030-01-01}\n",
    "BOUNDS_OUTSIDE_BASE": plan() + BOUND,
    "BOUND_RATE_DROP": plan(FILED, head=HEAD + "inherits: test.base\n"),
    "BOUND_WAITING": plan(LAYER, head=HEAD + "inherits: test.base\ncoverage: {waiting: 12}\n"),
    "NEW_YEAR_SPLIT": plan(LAYER, head=HEAD + "conventions: {new_year: split}\n"),
    "NEW_YEAR_BY_SETTLEMENT": plan(LAYER, head=HEAD + "conventions: {new_year: split, year_by: settlement}\n"),
    "NO_CASES": plan(cases=""),
    "CASE_TOTAL": plan(cases=CASES.replace("in_scope: 1000", "in_scope: 1000, self_funded: 5, total: 900")),
    "CASE_WITHOUT_AMOUNT": plan(cases=CASES.replace(", in_scope: 1000", "")),
}

OTHERS = (
    plan("counters:\n  total_paid: {per: year, adds: [basic.paid]}\n", LAYER),
    OVERLAY,
    BASE + BOUND,
)


@pytest.mark.parametrize("code", sorted(TRIGGERS))
def test_finding_is_triggered(code: str) -> None:
    found = lint(TRIGGERS[code], *OTHERS)
    assert code in codes(found), [finding.render() for finding in found]
    for finding in found:
        assert finding.line > 0
        for language in ("en", "zh"):
            rendered = finding.render(language)  # type: ignore[arg-type]
            assert finding.code in rendered and "{" not in finding.message(language).replace("{not", "")  # type: ignore[arg-type]


def test_document_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogs.plans.nodes.LONGEST", 10)
    assert codes(lint(plan())) == ["DOCUMENT_TOO_LARGE"]


def test_document_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes(plan().encode("gb18030"))
    (finding,) = [finding for finding in lint_file(tmp_path / "gbk.yaml") if finding.path.endswith("gbk.yaml")]
    assert (finding.code, finding.line) == ("DOCUMENT_NOT_UTF8", 2)


def test_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_text(plan(), encoding="utf-8-sig")
    assert lint_file(tmp_path / "bom.yaml") == []


@pytest.mark.parametrize("seed", range(4))
def test_no_mangled_document_makes_the_linter_fail(seed: int) -> None:
    """Texts with lines lost, moved or filled with other values get findings, never an exception."""
    choose = random.Random(seed)
    values = ["absent", "60", "[a]", "{}", "[]", "''", "nth", "item", "{by: level, tertiary: 5}", "null", "'5..1'"]
    values += ["{start: 5, adjust: [{times: 2}]}", "{fixed: 5, plus: [{rate: 5%, of: total}]}", "{times: 2, index: q}"]
    for text in list(TRIGGERS.values()):
        lines = text.split("\n")
        for _ in range(2):
            place = choose.randrange(len(lines))
            if choose.random() < 0.3 and len(lines) > 2:
                del lines[place]
            elif ": " in lines[place]:
                lines[place] = lines[place].split(": ")[0] + ": " + choose.choice(values)
        for finding in lint("\n".join(lines), *OTHERS):
            assert finding.render("zh")


def test_id_twice() -> None:
    checked = check(plan(), plan())
    assert "ID_TWICE" in codes(checked.findings)


def test_case_failed() -> None:
    checked = check(plan(cases=CASES.replace("500", "501")))
    (failed,) = [finding for finding in checked.findings if finding.severity == "error"]
    assert failed.message() == "one: paid.basic should be 501, but is 500.00"
    assert checked.program is None
    assert not checked.cases[0].passed


@pytest.mark.parametrize(
    ("was", "written"),
    [
        ("bands", "base: [in_scope], bands"),  # said on purpose
        ("bands", "when: {visit: outpatient}, bands"),  # never the same claim
        ("bands", "groups: [{group: a, items: herbal, base: [remaining]}], bands"),
        ("bands: [{rate: 50%}]", "flat: [{name: a, amount: 5}], beyond_bill: yes"),  # pays nothing of its base
        ("requires_visit: no", "requires_visit: yes, base: [basic.left]"),
        ("requires_visit: no", 'when: {basic.left: "> 0"}, base: [basic.left]'),  # only where the first layer did
    ],
)
def test_layers_that_mean_what_they_say_are_no_slips(was: str, written: str) -> None:
    assert lint_codes(LAYER + SECOND.replace(was, written), GROUPS) <= {"ITEMS_UNUSED"}


@pytest.mark.parametrize("adds", ["basic.deductible", "basic.base", "in_scope", "total"])
def test_counters_that_hold_a_deductible_are_no_slips(adds: str) -> None:
    borne = layer("deductible: [{name: a, amount: 0, counter: borne}]\nbands: [{rate: 50%}]\n")
    assert lint_codes(borne, f"counters:\n  borne: {{per: year, adds: [{adds}]}}\n") == set()


@pytest.mark.parametrize(
    ("adds", "found"), [("basic.paid", set()), ("paid", set()), ("basic.left", {"COUNTER_NOT_FED"})]
)
def test_counters_that_hold_a_payment_are_no_slips(adds: str, found: set[str]) -> None:
    capped = layer("bands: [{rate: 50%}]\nlimits: [{name: a, amount: 9000, counter: had}]\n")
    assert lint_codes(capped, f"counters:\n  had: {{per: year, adds: [{adds}]}}\n") == found


def lint_codes(*parts: str) -> set[str]:
    """Lint a plan of these parts; the codes alone."""
    return set(codes(lint(plan(*parts))))


def test_a_failed_case_says_why_the_claim_was_not_settled() -> None:
    held = check(plan(rate("not stated\n")))
    assert [finding.message() for finding in held.findings if finding.severity == "error"] == [
        "one: paid.basic should be 500, but is 0.00 (status: held, reason: NOT_STATED)"
    ]


@pytest.mark.parametrize("name", ["total", "paid", "in_scope", "one"])
@pytest.mark.parametrize(
    "of", ["attributes: {%s: {of: visit, number: yes}}", "amounts: [%s]", "items: {%s: {kind: drug}}"]
)
def test_nothing_is_named_like_an_amount_of_a_claim(of: str, name: str) -> None:
    assert "RESERVED_NAME" in codes(lint(plan(of % name + "\n", LAYER)))


@pytest.mark.parametrize("of", ["attributes: {basic.paid: {of: visit, number: yes}}\n", "amounts: [basic.paid]\n"])
def test_nothing_is_named_like_an_amount_of_a_layer(of: str) -> None:
    assert "RESERVED_NAME" in codes(lint(plan(of, LAYER)))


def test_without_a_near_name_there_is_no_advice() -> None:
    (finding,) = lint(plan(layer("limits: [{name: cap, amount: 5, counter: spent}]\nbands: [{rate: 50%}]\n")))
    assert (finding.code, finding.help(), finding.help("zh")) == ("UNKNOWN_COUNTER", "", "")


def test_case_unknown_amount() -> None:
    assert "CASE_UNKNOWN_AMOUNT" in codes(check(plan(cases=CASES.replace("paid.basic", "paid.basik"))).findings)


def test_a_case_over_new_year_of_a_plan_that_splits() -> None:
    dates = "in_scope: 1000, dates: {admission: 2023-03-30, discharge: 2023-04-02, settlement: 2023-04-02}"
    cases = CASES.replace("in_scope: 1000", dates)
    for begin, split in (("01-01", False), ("04-01", True)):
        head = HEAD + f'conventions: {{new_year: split, year_start: "{begin}"}}\n'
        assert ("CASE_OVER_NEW_YEAR" in codes(check(plan(head=head, cases=cases)).findings)) == split


def test_a_plan_that_splits_and_reads_the_part_has_no_findings() -> None:
    whole = LAYER.replace("rate: 50%", "rate: {by: stay_part, later: 50%, else: 50%}")
    assert lint(plan(whole, head=HEAD + "conventions: {new_year: split}\n")) == []


def test_each_code_is_triggered() -> None:
    apart = {
        "DOCUMENT_NOT_UTF8",
        "DOCUMENT_TOO_LARGE",
        "ID_TWICE",
        "CASE_FAILED",
        "CASE_UNKNOWN_AMOUNT",
        "CASE_OVER_NEW_YEAR",
    }
    assert set(TRIGGERS) | apart == set(MESSAGES)


def test_small_plan_has_no_findings() -> None:
    assert lint(plan()) == []


def test_all_findings_come_at_once_in_order() -> None:
    found = lint(plan(layer("bandz: 5\nlimits: [{nam: a, amount: 60%}]\nbands: [{rate: 60}]\n")))
    assert codes(found) == ["UNKNOWN_KEY", "KEY_MISSING", "UNKNOWN_KEY", "PERCENT_MISPLACED", "RATE_BARE"]
    assert [finding.line for finding in found] == [13, 14, 14, 14, 15]


def test_rendering_shows_place_line_and_help() -> None:
    (finding,) = lint(plan(rate("{by: level, tertairy: 50%, else: 60%}\n")))
    assert finding.render() == (
        "test.yaml:15:23 UNKNOWN_WORD tertairy is not known here\n"
        "    {by: level, tertairy: 50%, else: 60%}\n"
        "    help: did you mean tertiary?"
    )
    assert finding.render("zh").endswith("帮助: 是否想写 tertiary？")


def test_bound_is_a_warning_in_an_old_sourced_plan_and_an_error_in_a_new_one() -> None:
    old = TRIGGERS["BOUND_RATE_DROP"]
    new = old.replace("from: 2023-01-01, until: 2024-01-01", "from: 2025-01-01")
    assert [f.severity for f in lint(old, *OTHERS)] == ["warning"]
    assert [f.severity for f in lint(new, *OTHERS)] == ["error"]
