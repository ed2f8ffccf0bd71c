"""The law of restrictions: a condition may be wider than the text, never narrower.

Texts are made from a known meaning; whoever the meaning allows, the conditions must allow.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.importers.restrictions import Condition, parse_restriction

AGES = range(0, 101)
LEVELS = ("primary", "secondary", "tertiary")
VISITS = ("inpatient", "outpatient", "emergency")


@dataclass(frozen=True)
class Group:
    """A group of patients: its words, and the ages that may be meant by them, read generously."""

    words: str
    ages: frozenset[int]


def ages(start: int = 0, end: int = 101) -> frozenset[int]:
    return frozenset(range(start, end))


GROUPS = [
    Group("", ages()),
    Group("成人", ages(18)),
    Group("成年", ages(18)),
    Group("儿童", ages(0, 18)),
    Group("6岁及以上", ages(6)),
    Group("6岁及以上儿童", ages(6, 18)),
    Group("12岁及以上青少年", ages(12)),
    Group("成人和6岁及以上儿童", ages(6)),
    Group("成人、青少年和≥2岁儿童", ages(2)),
    Group("3-12岁", ages(3, 13)),
    Group("2岁至<18岁", ages(2, 18)),
    Group("13至17岁青少年", ages(13, 18)),
    Group("50岁以上", ages(50)),
    Group("3月龄及以上", ages()),
    Group("未满14周岁", ages(0, 14)),
    Group("儿童或吞咽困难", ages()),
]
DISEASES = ["甲病", "晚期或转移性乙病", "2型丙病(ABC)", "既往经过二线及以上化疗的丁病", "1.5期戊病"]


@dataclass(frozen=True)
class Arm:
    """One alternative: who, where, in which visit."""

    text: str
    ages: frozenset[int]
    levels: frozenset[str]
    visits: frozenset[str]
    days: int | None


@st.composite
def arms(draw: st.DrawFn) -> Arm:
    group, disease = draw(st.sampled_from(GROUPS)), draw(st.sampled_from(DISEASES))
    level, stay = draw(st.booleans()), draw(st.booleans())
    days = draw(st.sampled_from([None, None, 14]))
    last = "住院患者" if stay else "患者"
    order = draw(st.sampled_from([f"{group.words}{disease}{last}", f"{disease}的{group.words}{last}"]))
    text = ("二级及以上医疗机构" if level else "") + order + (f"，支付不超过{days}天" if days else "")
    return Arm(
        text,
        group.ages,
        frozenset(LEVELS[1:] if level else LEVELS),
        frozenset(("inpatient",) if stay else VISITS),
        days,
    )


def allows(condition: Condition, age: int, level: str, visit: str) -> bool:
    return (
        (condition.age_from is None or age >= condition.age_from)
        and (condition.age_until is None or age < condition.age_until)
        and (not condition.levels or level in condition.levels)
        and (not condition.visits or visit in condition.visits)
    )


def joined(texts: list[str], how: str) -> str:
    if how == "numbered":
        return "限：" + "；".join(f"{i}.{text}" for i, text in enumerate(texts, 1)) + "。"
    return "限" + how.join(texts) + "。"


@settings(max_examples=400)
@given(st.lists(arms(), min_size=1, max_size=3), st.sampled_from(["numbered", "；", "或", "，或", "；限"]))
def test_whoever_the_text_allows_the_conditions_allow(chosen: list[Arm], how: str) -> None:
    text = joined([arm.text for arm in chosen], how)
    found = parse_restriction(text)
    for arm in chosen:
        for age in sorted(arm.ages):
            for level in arm.levels:
                for visit in arm.visits:
                    assert allows(found, age, level, visit), (text, age, level, visit, found)
    if found.max_days is not None:
        assert all(arm.days is not None for arm in chosen), text


@settings(max_examples=200)
@given(arms())
def test_a_single_group_is_understood(arm: Arm) -> None:
    """The other way: what stands alone is not lost, or the law could be kept by understanding nothing."""
    found = parse_restriction(f"限{arm.text}。")
    assert ("level" in found.kinds) == (arm.levels != frozenset(LEVELS))
    assert ("visit" in found.kinds) == (arm.visits != frozenset(VISITS))
    assert ("days" in found.kinds) == (arm.days is not None)
    if arm.ages == ages(18):
        assert found.age_from == 18
