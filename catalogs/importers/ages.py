"""Ages and sexes of the patients that a restriction names: `成人`, `12岁及以上青少年`, `2-6周岁儿童`, `绝经后女性`.

Everything here errs to one side: a bound is given only when no patient outside of it can be meant. Where a text joins
patients with others (`儿童或吞咽困难患者`) or excludes some, there is no bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ADULT_YEARS = 18
"""First age of an adult (成人). A child (儿童) is certainly younger; whether by 14 or by 18 the text leaves open."""

_AGE = re.compile(
    r"""(?:年龄)?(?:
        (?:≥|大于等于|不小于)(?P<at_least>\d+)周?岁
      | (?:大于|超过|>|＞)(?P<above>\d+)周?岁
      | (?P<low>\d+)周?岁?(?:-|~|～|至|到)(?P<strict>[<＜]?)(?P<high>\d+)周?岁(?:及?以下)?
      | (?P<up>\d+)周?岁(?:及|和|或)?(?:(?P=up)周?岁)?以上
      | (?:未满|不满|小于|<|＜)(?P<below>\d+)周?岁
      | (?:≤)(?P<at_most>\d+)周?岁
      | (?P<down>\d+)周?岁(?:及|和|或)?(?:(?P=down)周?岁)?以下
    )的?""",
    re.VERBOSE,
)
_NOUNS = re.compile(r"成年人|成年|成人|儿童和青少年|青少年|儿童|小儿|患儿|婴幼儿|新生儿")
_UNCLEAR_AGE = re.compile(r"\d+(?:月|日|天|周)龄|\d+个月")
_JOINT = re.compile(r"\s*(?:和|及|与|、|或|以及|及其)\s*")
_JOINS_BEFORE = re.compile(r"(?:和|及|与|、|或|以及)$")
_ARMS = re.compile(r"(?:患者|者|[天日])(?:或|和|及|以及|、|，或|，以及|及其)|，或|或者|；")
_EXCLUDES = re.compile(r"除外|不含|不包括|以外|非成|尚未|禁用|慎用|不宜|不适用于")
_SEX = re.compile(r"女性|妇女|孕妇|产妇|孕产妇|男性")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Ages:
    """Whole years, `start` inclusive, `end` exclusive; None is open. `exact`: the text says no more than this."""

    start: int | None
    end: int | None
    exact: bool = True

    def hull(self, other: Ages) -> Ages:
        """Give the smallest range that holds both; exact when the two leave no hole."""
        low = None if self.start is None or other.start is None else min(self.start, other.start)
        high = None if self.end is None or other.end is None else max(self.end, other.end)
        return Ages(low, high, self.exact and other.exact and self._touches(other))

    def _touches(self, other: Ages) -> bool:
        lower, upper = sorted((self, other), key=lambda a: -1 if a.start is None else a.start)
        return lower.end is None or (upper.start or 0) <= lower.end

    def within(self, other: Ages) -> Ages:
        """Give what both hold: `6岁及以上` and `儿童` together."""
        low = max((a for a in (self.start, other.start) if a is not None), default=None)
        high = min((a for a in (self.end, other.end) if a is not None), default=None)
        return Ages(low, high, self.exact and other.exact)


@dataclass(frozen=True, slots=True)
class Found:
    """Ages and where in the clause they stand."""

    ages: Ages
    start: int
    end: int


def find_ages(clause: str) -> tuple[Ages, list[Found]] | None:
    """Give the bound on age that a clause certainly sets, with the places, or None.

    A clause with several groups of patients is bounded by their hull, when every arm of the clause names its group.
    """
    bare = without_brackets(clause)
    if _EXCLUDES.search(bare) or _UNCLEAR_AGE.search(bare):
        return None
    groups = _groups(bare)
    if not groups or any(_joined_to_others(bare, group) for group in groups):
        return None
    if len(groups) < len(_ARMS.findall(bare)) + 1:
        return None
    ages = groups[0].ages
    for group in groups[1:]:
        ages = ages.hull(group.ages)
    if ages.start is None and ages.end is None:
        return None
    return ages, groups


def find_sex(clause: str) -> str | None:
    """Give the one sex that all patients of a clause certainly have, or None."""
    bare = without_brackets(clause)
    found = list(_SEX.finditer(bare))
    sexes = {"male" if match[0] == "男性" else "female" for match in found}
    if len(sexes) != 1 or _ARMS.search(bare) or _EXCLUDES.search(bare):
        return None
    if any(_JOINS_BEFORE.search(bare[: m.start()]) or _JOINT.match(bare, m.end()) for m in found):
        return None
    return sexes.pop()


def without_brackets(text: str) -> str:
    """Blank out bracketed parts, keeping positions."""
    while (shorter := _BRACKETS.sub(lambda m: " " * len(m[0]), text)) != text:
        text = shorter
    return text


def _groups(bare: str) -> list[Found]:
    """Find phrases such as `12岁及以上青少年` and join enumerations such as `成人和6岁及以上儿童`."""
    phrases = _phrases(bare)
    groups: list[Found] = []
    for phrase in phrases:
        last = groups[-1] if groups else None
        if last and (joint := _JOINT.match(bare, last.end)) and joint.end() == phrase.start:
            groups[-1] = Found(last.ages.hull(phrase.ages), last.start, phrase.end)
        else:
            groups.append(phrase)
    return groups


def _phrases(bare: str) -> list[Found]:
    found: list[Found] = []
    position = 0
    while position < len(bare):
        age, noun = _AGE.match(bare, position), _NOUNS.match(bare, position)
        if age:
            ages, end = _range(age), age.end()
            if after := _NOUNS.match(bare, end):
                ages, end = ages.within(_of_noun(after[0])), after.end()
            found.append(Found(ages, position, end))
        elif noun:
            end = noun.end()
            found.append(Found(_of_noun(noun[0]), position, end))
        else:
            end = position + 1
        position = end
    return found


def _of_noun(noun: str) -> Ages:
    if noun in ("成人", "成年", "成年人"):
        return Ages(ADULT_YEARS, None)
    if noun in ("青少年", "儿童和青少年"):
        return Ages(None, None, exact=False)
    return Ages(None, ADULT_YEARS, exact=False)


def _range(match: re.Match[str]) -> Ages:
    """Turn an age phrase into a range. 以上 and 以下 include the number itself, as in law."""
    group = {name: int(text) for name, text in match.groupdict().items() if text and name != "strict"}
    if "low" in group:
        strict = bool(match["strict"])
        return Ages(group["low"], group["high"] + (0 if strict else 1))
    for name in ("at_least", "up", "above"):
        if name in group:
            return Ages(group[name], None, exact=name != "above")
    for name, shift in (("below", 0), ("at_most", 1), ("down", 1)):
        if name in group:
            return Ages(None, group[name] + shift)
    raise AssertionError(match[0])


def _joined_to_others(bare: str, group: Found) -> bool:
    """Say whether a group is joined to something that is no group by age: `儿童或吞咽困难患者`.

    What is joined after the word 患者 is an arm of its own, and counted as such.
    """
    before = _JOINS_BEFORE.search(bare[: group.start])
    if before and not any(arm.end() == group.start for arm in _ARMS.finditer(bare)):
        return True
    return _JOINT.match(bare, group.end) is not None
