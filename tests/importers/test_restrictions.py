"""The grammar of restrictions, both ways: what becomes a condition, and what looks alike and must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.importers.restrictions import EMERGENCY_OR_STAYS, STAYS, Condition, parse_restriction

ABOVE_PRIMARY = ("secondary", "tertiary")

WHOLE: dict[str, dict[str, object]] = {
    "限二级及以上医疗机构。": {"levels": ABOVE_PRIMARY},
    "限二级以上医院使用": {"levels": ABOVE_PRIMARY},
    "限三级医疗机构": {"levels": ("tertiary",)},
    "限工伤保险。": {"schemes": ("work_injury",)},
    "限住院患者。": {"visits": STAYS},
    "限住院使用": {"visits": STAYS},
    "限急诊或住院患者。": {"visits": EMERGENCY_OR_STAYS},
    "限二线用药。": {"second_line": True},
    "支付不超过14天。": {"max_days": 14},
    "限二级及以上医疗机构，单次住院最多支付14天。": {"levels": ABOVE_PRIMARY, "max_days": 14},
    "限二级及以上医疗机构住院患者。": {"levels": ABOVE_PRIMARY, "visits": STAYS},
    "限住院患者，单次住院最多支付3支。": {"visits": STAYS, "max_quantity": 3},
    "限18岁及以上患者。": {"age_from": 18},
    "限成人。": {"age_from": 18},
    "限3-12岁患者。": {"age_from": 3, "age_until": 13},
    "限12周岁以下患者": {"age_until": 13},
    "限未满14周岁患者": {"age_until": 14},
    "限女性。": {"sexes": ("female",)},
}
"""The text says no more than these conditions: nothing pends."""

MIXED: dict[str, dict[str, object]] = {
    "限生育保险。": {"schemes": ("maternity", "employee_basic")},
    "限二级及以上医疗机构甲病患者，单次住院最多支付14天。": {"levels": ABOVE_PRIMARY, "max_days": 14},
    "限甲病急性期住院患者，支付不超过14天。": {"visits": STAYS, "max_days": 14},
    "限甲病患者；限乙病患者。支付不超过14天。": {"max_days": 14},
    "需经筛查，且不能经饮食补充的住院患者方予支付。": {"visits": STAYS},
    "限甲病患者的二线用药。": {"second_line": True},
    "限成人甲病。": {"age_from": 18},
    "限甲病或乙病的成人患者。": {"age_from": 18},
    "限儿童。": {"age_until": 18},
    "限13岁和13岁以上甲病患者。": {"age_from": 13},
    "限≥1周岁儿童及成人甲病患者。": {"age_from": 1},
    "限成人和6岁及以上儿童患者的甲病。": {"age_from": 6},
    "限成人和12至<18岁青少年的甲病。": {"age_from": 12},
    "限6-17岁儿童和青少年的甲病。": {"age_from": 6, "age_until": 18},
    "限成人(≥18周岁)甲病患者。": {"age_from": 18},
    "限绝经后女性甲病。": {"sexes": ("female",)},
    "限：1.成人甲病；2.2-6周岁儿童乙病。": {"age_from": 2},
    "限：1.1岁至14岁儿童甲病；2.2岁至14岁儿童乙病。": {"age_from": 1, "age_until": 15},
    "限：1.12岁及以上甲病患者；2.成人乙病患者。": {"age_from": 12},
    "限成人以下感染方予支付：1.甲病；2.乙病。": {"age_from": 18},
    "限成人甲病患者，并满足以下条件：1.需三级医院医师处方；2.事前审查。": {"age_from": 18},
    "限成人甲病患者，或成人乙病患者。": {"age_from": 18},
}
"""Certain parts become conditions, and the text pends."""

TEXT = (
    "限甲病患者。",
    "益气养血。用于成人虚证。",  # an indication, not a restriction
    "限首次处方时需由二级及以上医疗机构专科医师开具处方。",
    "需三级综合医院眼科或二级及以上眼科专科医院医师处方。",
    "限二级及以上医疗机构或专科门诊部。",
    "限二级医疗机构或社区医院。",
    "限一级医院。",  # only this level, or from it on: not said
    "限降低需要住院的心绞痛的风险。",
    "限非住院患者。",
    "限出院患者。",
    "限门诊或住院患者。",
    "限甲病患者或生育保险。",
    "限甲病二线治疗；乙病三线治疗。",
    "限既往经过二线及以上化疗的甲病患者。",
    "限甲病患者的一线或二线治疗。",
    "限甲病，支付不超过12个月。",
    "限禁食5天以上患者。",
    "限发病12小时内使用。",
    "限最后一次治疗结束后60天内进展的甲病患者。",
    "果糖总量每日不超过50g。",
    "每眼累计最多支付9支，第1年度最多支付5支。",
    "最多支付8个疗程。",
    "限单次住院最多支付20片。",  # tablets are not what a line counts
    "限儿童或吞咽困难患者。",
    "限吞咽困难或儿童患者。",
    "限儿童及吞咽困难患者。",
    "限成人患者或妊娠期甲病患者。",
    "限3月龄及以上的甲病患者。",
    "限16日龄及以上患者。",
    "限成人、青少年和≥2岁儿童的甲病。",  # adolescents: no first age stated
    "限甲病患者，儿童除外。",
    "限绝经后女性或男性甲病患者。",
    "限1.甲病患者；2.成人乙病患者。",
    "限甲病患者，或乙病患者，支付不超过14天。",  # the days may bind the second alone
    "限甲型血友病；成人乙型血友病限出血时使用。",
    "尚未确定本品在0-6岁儿童中的安全性。",
)
"""Looks alike and is not certain: stays text alone."""


def conditions(found: Condition) -> dict[str, object]:
    empty = Condition()
    names = set(Condition.__dataclass_fields__) - {"text", "kinds"}
    return {name: getattr(found, name) for name in names if getattr(found, name) != getattr(empty, name)}


@pytest.mark.parametrize("text", WHOLE)
def test_a_certain_restriction_becomes_conditions_alone(text: str) -> None:
    found = parse_restriction(text)
    assert conditions(found) == WHOLE[text]
    assert (found.text, found.outcome) == ("", "conditions")


@pytest.mark.parametrize("text", MIXED)
def test_the_certain_part_becomes_conditions_and_the_text_pends(text: str) -> None:
    found = parse_restriction(text)
    assert conditions(found) == MIXED[text]
    assert (found.text, found.outcome) == (text, "mixed")


@pytest.mark.parametrize("text", TEXT)
def test_a_near_miss_stays_text(text: str) -> None:
    found = parse_restriction(text)
    assert conditions(found) == {}
    assert (found.text, found.outcome) == (text, "text")


def test_no_text_is_no_restriction() -> None:
    assert parse_restriction(" ") == Condition()
    assert Condition().outcome == "none"


@given(st.sampled_from([*WHOLE, *MIXED]), st.sampled_from(["乙病患者", "需审批使用", "限丙病"]))
def test_an_alternative_that_says_nothing_lifts_every_condition(text: str, other: str) -> None:
    """`A；B` allows what B allows, whatever A asks: a condition kept would refuse lines that are allowed."""
    body = text.removeprefix("限").removeprefix("：").rstrip("。")
    if "；" in body or "。" in body or "1." in body:
        return
    assert conditions(parse_restriction(f"限{body}；{other}。")) == {}


@given(
    st.text(alphabet="限成人儿童岁12以上及或和患者；，。：:1.2-住院二级医疗机构的天支付不超过女性()（）", max_size=40)
)
def test_any_text_is_read_and_what_is_not_understood_is_kept(text: str) -> None:
    found = parse_restriction(text)
    assert found.text in ("", text.strip())
    assert found.text or found.kinds or not text.strip()
    assert bool(conditions(found)) == bool(found.kinds)
    if found.age_from is not None and found.age_until is not None:
        assert found.age_from < found.age_until or found.text
