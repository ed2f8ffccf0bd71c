"""Dosage forms that the national list writes inside names: `九味羌活丸(颗粒)`, `注射用艾普拉唑钠`, `替戈拉生片`."""

from __future__ import annotations

import re

from catalogs.importers.text import split_outside_brackets

FORMS = (
    "口服常释剂型", "缓释控释剂型", "口服溶液剂", "口服混悬液", "口服溶液", "口服乳", "口服液", "口崩片", "口腔崩解片",
    "口溶膜", "干混悬剂", "混悬滴剂", "混悬液", "混悬剂", "滴剂", "滴丸", "软胶囊", "胶囊", "颗粒", "散", "丸",
    "缓释片", "控释片", "肠溶片", "分散片", "咀嚼片", "泡腾片", "舌下片", "含片", "贴片", "片",
    "缓释注射液", "注射液", "注射剂", "植入剂", "微球", "脂质体", "吸入粉雾剂", "吸入气雾剂", "吸入溶液", "吸入剂",
    "粉雾剂", "气雾剂", "喷雾剂", "喷剂", "滴眼液", "滴眼剂", "滴耳液", "滴鼻液", "眼用凝胶", "眼膏", "凝胶贴膏",
    "凝胶", "乳膏", "软膏", "贴膏", "橡胶膏", "巴布膏", "煎膏", "蜜膏", "膏滋", "膏", "贴剂", "贴", "栓", "洗剂",
    "搽剂", "擦剂", "涂剂", "涂膜", "酊", "酒", "露", "油", "糖浆", "合剂", "茶", "锭", "丹", "胶", "灌肠液", "灌肠剂",
    "含漱液", "溶液", "乳剂", "乳状注射液", "浓缩液", "透析液", "置换液", "冲洗剂", "冲洗液", "膜剂", "涂膜剂", "膜",
    "棒", "糊", "熨剂", "滴耳剂", "膏药", "膏剂", "药水", "浆", "饮", "汤", "霜", "组合包装", "液", "水", "针", "曲",
    "晶", "灸",
)  # fmt: skip
"""Words a name of a form ends in."""

_ENDINGS = sorted(FORMS, key=len, reverse=True)
_LAST_BRACKET = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)$")


def forms_in_name(name: str) -> tuple[str, ...]:
    """Give the forms a normalised name holds, in its order; none when it holds none that is known."""
    found: dict[str, None] = {}
    for part in split_outside_brackets(name, "；、"):
        for form in _forms_of_one(part):
            found.setdefault(form)
    return tuple(found)


def _forms_of_one(name: str) -> list[str]:
    base = name
    bracketed: list[str] = []
    while match := _LAST_BRACKET.search(base):
        bracketed[:0] = [form for part in split_outside_brackets(match[1], "、,，") if (form := _ending(part))]
        base = base[: match.start()].rstrip()
    if base.startswith("注射用"):
        return ["注射用无菌粉末", *bracketed]
    first = _ending(base)
    return [first, *bracketed] if first else []


def _ending(text: str) -> str:
    return next((form for form in _ENDINGS if text.endswith(form)), "")
