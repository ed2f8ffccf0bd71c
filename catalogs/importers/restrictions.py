"""Restriction text (限定支付范围) -> conditions where it is certain; what is not stays text and pends the line.

The grammar, from the outside in:

    text      = [限][:] sentence {。 sentence}          later sentences add conditions, or stay text
              | head 1. item {2. item}                  the head binds all items; a condition of the items holds only
                                                        as wide as the widest of them
    sentence  = alternative {； alternative}
    alternative = segment {， segment}                  segments bind together

A segment is matched as a whole against the patterns below; an age or sex is looked for in the whole alternative.
**Law of this room:** a condition may be wider than the text, never narrower: a line that the text allows is never
refused. Whatever of the text is not expressed keeps the text, so that the institution's answer decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from catalogs.importers.ages import find_ages, find_sex, without_brackets

LEVELS_FROM = {"三级": ("tertiary",), "二级": ("secondary", "tertiary"), "一级": ("primary", "secondary", "tertiary")}

SCHEMES_NAMED = {"工伤": ("work_injury",), "生育": ("maternity", "employee_basic")}
"""Maternity insurance is run together with that of employees in most places; whether a claim of the latter is for
maternity the scheme does not tell, so the text stays."""

STAYS = ("inpatient", "day_surgery", "family_bed", "maternity", "accident")
"""Kinds of visit that can be a stay (住院); only what is certainly none is refused."""

EMERGENCY_OR_STAYS = ("emergency", *STAYS)

BILLED_UNITS = "支瓶盒袋贴套"
"""Units a drug is billed in. A bound in tablets or grams is not a bound on the quantity of a line."""

_LEVEL = re.compile(r"限?(三级|二级|一级)(及(?:\1)?以上|以上)?(?:定点)?(?:医疗机构|医院)(?P<rest>.*)")
_OTHER_LEVEL = re.compile(r"^(?:或|和|及|、|与)|(?:或|和|及|、).{0,12}(?:医院|机构|科室|门诊部)")
_STAY = re.compile(
    r"(?P<rest>.*?)(?P<emergency>急诊(?:或|和|及|、))?住院(?:患者|病人)?(?:使用)?(?:方予支付|方可支付|时支付)?"
)
_STAY_FIRST = re.compile(r"限?住院(?:或|和|及|、)急诊(?:患者)?(?:使用)?")
_NOT_A_STAY = re.compile(r"(?:非|需要?|不需|无需|再|出|未|门诊或|门诊和|门诊及|门诊、)$")
_SCHEME = re.compile(r"限?(工伤|生育)(?:保险)?(?:基金)?(?:支付|使用)?")
_SECOND_LINE = re.compile(r"(?P<rest>(?:(?![一三四五]线|二线).)*?)的?二线(?:用药|治疗|药物)")
_DAYS = re.compile(
    r"(?:且|并|并且)?(?:单次住院|每次住院|每次就诊|单次就诊|连续|累计)?(?:用药|使用|支付|最多支付|最多使用)?"
    r"(?:时间|天数|疗程)?(?:最多支付|最多|不超过|不得超过|最长不超过)(\d+)[天日]"
)
_QUANTITY = re.compile(
    rf"(?:且|并)?(?:单次住院|每次住院|每次就诊|单次就诊|每次)(?:最多支付|支付不超过)(\d+)[{BILLED_UNITS}]"
)
_CUT = re.compile(r"[，。；]?(?:并|应|需)?(?:应|需)?(?:同时)?(?:符合|满足)(?:以下|下列)(?:全部|所有)?条件")
_STARTS = re.compile(r"限|支付|需|单次|每次|最多")
_FILLER = re.compile(r"限|患者|病人|使用|支付|用药|时|的|方予|方可|[，。；:：,.;\s]")
_ARM_WORDS = re.compile(r"(?:患者|者|保险|工伤|生育|[天日])(?:或|和|及|以及|、)|，或|或者")


@dataclass(frozen=True, slots=True)
class Condition:
    """What of a restriction became checkable. Empty words and None bind nothing.

    `text` is the whole restriction when something of it is not expressed, else empty. `kinds` names what was
    understood: level, sex, age, visit, scheme, days, quantity, second_line.
    """

    levels: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    age_from: int | None = None
    age_until: int | None = None
    visits: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    max_days: int | None = None
    max_quantity: int | None = None
    second_line: bool = False
    text: str = ""
    kinds: frozenset[str] = field(default_factory=frozenset)

    @property
    def outcome(self) -> str:
        """Give 'none' (no restriction), 'conditions', 'mixed' or 'text'."""
        if self.text:
            return "mixed" if self.kinds else "text"
        return "conditions" if self.kinds else "none"


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition and whether something of its text is left."""

    condition: Condition
    rest: bool


def parse_restriction(text: str) -> Condition:
    """Give the conditions a normalised restriction certainly sets, and the text where it says more.

    A text that does not begin as a restriction (an indication, a note) is text alone.
    """
    text = text.strip()
    if not text:
        return Condition()
    if not _STARTS.match(text):
        return Condition(text=text)
    body = re.sub(r"^限?[:：]|^限(?=\d[.、])", "", text)
    head, items = _numbered(body)
    if items:
        part = _together([_sentence(head), _either([_item(item) for item in items])])
        part = replace(part, rest=True)
    else:
        kept, *cut = _CUT.split(body, maxsplit=1)
        first, *later = [s for s in kept.split("。") if s]
        part = _together([_sentence(first), *(_later(s) for s in later)])
        part = replace(part, rest=part.rest or bool(cut))
    return replace(part.condition, text=text if part.rest or not part.condition.kinds else "")


def _numbered(body: str) -> tuple[str, list[str]]:
    """Split `head 1.a；2.b` into head and items; no items when there is no list. `2.2-6周岁` is item 2."""
    marks: list[tuple[int, int]] = []
    position, number = 0, 1
    while mark := re.compile(rf"(?:^|[:：;；。，,\s]|(?<=[)）])){number}[.、]\s*").search(body, position):
        marks.append((mark.start(), mark.end()))
        position, number = mark.end(), number + 1
    if len(marks) < 2:
        return body, []
    ends = [start for start, _ in marks[1:]] + [len(body)]
    return body[: marks[0][0]], [body[start:end] for (_, start), end in zip(marks, ends, strict=True)]


def _item(item: str) -> _Part:
    """Read the first sentence of an item; more of it can only narrow."""
    kept = _CUT.split(item, maxsplit=1)[0]
    return _sentence(next((s for s in kept.split("。") if s), ""))


def _sentence(sentence: str) -> _Part:
    alternatives = [a for a in sentence.split("；") if a]
    return _either([_alternative(a) for a in alternatives]) if alternatives else _Part(Condition(), False)


def _later(sentence: str) -> _Part:
    """Read a sentence after the first: it narrows only when it is as a whole one of the bounds."""
    for pattern in (_DAYS, _QUANTITY):
        if pattern.fullmatch(sentence):
            return _alternative(sentence)
    return _Part(Condition(), True)


def _alternative(alternative: str) -> _Part:
    """Read what binds together: the segments between commas, then ages and sex over the whole."""
    arms = bool(_ARM_WORDS.search(without_brackets(alternative)))
    parts = [_segment(segment, arms) for segment in alternative.split("，") if segment]
    part = _together(parts)
    patients = _patients(alternative)
    merged = _together([_Part(part.condition, False), patients])
    left = any(p.rest for p in parts) and not _only_patients(alternative, patients)
    return _Part(merged.condition, left or (patients.rest and "age" in patients.condition.kinds))


def _segment(segment: str, arms: bool) -> _Part:
    """Match one segment as a whole. With several arms (`A患者或B患者`) a segment may bind one of them only."""
    if match := _DAYS.fullmatch(segment):
        return _Part(_of("days", max_days=int(match[1])) if not arms else Condition(), arms)
    if match := _QUANTITY.fullmatch(segment):
        return _Part(_of("quantity", max_quantity=int(match[1])) if not arms else Condition(), arms)
    if match := _SCHEME.fullmatch(segment):
        schemes = SCHEMES_NAMED[match[1]]
        return _Part(_of("scheme", schemes=schemes), len(schemes) > 1)
    if _STAY_FIRST.fullmatch(segment):
        return _Part(_of("visit", visits=EMERGENCY_OR_STAYS), False)
    if not arms:
        for read in (_level, _stay, _second_line):
            if part := read(segment):
                return part
    return _Part(Condition(), bool(_FILLER.sub("", segment)))


def _level(segment: str) -> _Part | None:
    match = _LEVEL.fullmatch(segment)
    if match is None or _OTHER_LEVEL.search(match["rest"]) or (match[1] != "三级" and not match[2]):
        return None
    levels = _Part(_of("level", levels=LEVELS_FROM[match[1]]), False)
    more = next((part for read in (_stay, _second_line) if (part := read(match["rest"]))), None)
    return _together([levels, more or _Part(Condition(), bool(_FILLER.sub("", match["rest"])))])


def _stay(segment: str) -> _Part | None:
    match = _STAY.fullmatch(segment)
    if match is None or _NOT_A_STAY.search(match["rest"]):
        return None
    visits = EMERGENCY_OR_STAYS if match["emergency"] else STAYS
    return _Part(_of("visit", visits=visits), bool(_FILLER.sub("", match["rest"])))


def _second_line(segment: str) -> _Part | None:
    match = _SECOND_LINE.fullmatch(segment)
    if match is None or re.search(r"[或和及、]$", match["rest"]):
        return None
    return _Part(_of("second_line", second_line=True), bool(_FILLER.sub("", match["rest"])))


def _patients(alternative: str) -> _Part:
    """Give age and sex. `rest`: the ages are a bound only, the text says more."""
    condition, rest = Condition(), False
    if found := find_ages(alternative):
        ages = found[0]
        condition = replace(condition, age_from=ages.start, age_until=ages.end, kinds=condition.kinds | {"age"})
        rest = not ages.exact
    if sex := find_sex(alternative):
        condition = replace(condition, sexes=(sex,), kinds=condition.kinds | {"sex"})
    return _Part(condition, rest)


def _only_patients(alternative: str, patients: _Part) -> bool:
    """Say whether ages and sex are all that an alternative says: `限18岁及以上患者`, `限女性`."""
    bare = without_brackets(alternative)
    if bare != alternative:
        return False
    if "age" in patients.condition.kinds and (found := find_ages(alternative)):
        for place in reversed(found[1]):
            bare = bare[: place.start] + bare[place.end :]
    if "sex" in patients.condition.kinds:
        bare = re.sub("女性|男性", "", bare)
    return not _FILLER.sub("", bare)


def _of(kind: str, **bounds: object) -> Condition:
    return replace(Condition(), kinds=frozenset((kind,)), **bounds)  # type: ignore[arg-type]


def _together(parts: list[_Part]) -> _Part:
    """Join parts that all bind: the narrower bound of each kind."""
    found, rest = Condition(), False
    for part in parts:
        c, rest = part.condition, rest or part.rest
        found = Condition(
            levels=_both(found.levels, c.levels),
            sexes=_both(found.sexes, c.sexes),
            age_from=_narrower(max, found.age_from, c.age_from),
            age_until=_narrower(min, found.age_until, c.age_until),
            visits=_both(found.visits, c.visits),
            schemes=_both(found.schemes, c.schemes),
            max_days=_narrower(min, found.max_days, c.max_days),
            max_quantity=_narrower(min, found.max_quantity, c.max_quantity),
            second_line=found.second_line or c.second_line,
            kinds=found.kinds | c.kinds,
        )
    return _Part(found, rest)


def _either(parts: list[_Part]) -> _Part:
    """Join alternatives: a bound holds only when each sets one, and then the wider. More than one leaves text."""
    if len(parts) == 1:
        return parts[0]
    conditions = [part.condition for part in parts]
    found = Condition(
        levels=_any_of([c.levels for c in conditions]),
        sexes=_any_of([c.sexes for c in conditions]),
        age_from=_wider(min, [c.age_from for c in conditions]),
        age_until=_wider(max, [c.age_until for c in conditions]),
        visits=_any_of([c.visits for c in conditions]),
        schemes=_any_of([c.schemes for c in conditions]),
        max_days=_wider(max, [c.max_days for c in conditions]),
        max_quantity=_wider(max, [c.max_quantity for c in conditions]),
        second_line=all(c.second_line for c in conditions),
    )
    return _Part(replace(found, kinds=_kinds_left(found, conditions)), True)


def _kinds_left(found: Condition, conditions: list[Condition]) -> frozenset[str]:
    still = {
        "level": bool(found.levels),
        "sex": bool(found.sexes),
        "age": found.age_from is not None or found.age_until is not None,
        "visit": bool(found.visits),
        "scheme": bool(found.schemes),
        "days": found.max_days is not None,
        "quantity": found.max_quantity is not None,
        "second_line": found.second_line,
    }
    return frozenset(kind for kind in frozenset().union(*(c.kinds for c in conditions)) if still[kind])


def _both(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    if not a or not b:
        return a or b
    return tuple(word for word in a if word in b) or a


def _any_of(sets: list[tuple[str, ...]]) -> tuple[str, ...]:
    if not all(sets):
        return ()
    return tuple(dict.fromkeys(word for words in sets for word in words))


def _narrower(pick: object, a: int | None, b: int | None) -> int | None:
    values = [value for value in (a, b) if value is not None]
    return pick(values) if values else None  # type: ignore[operator]


def _wider(pick: object, values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return pick(known) if known and len(known) == len(values) else None  # type: ignore[operator]
