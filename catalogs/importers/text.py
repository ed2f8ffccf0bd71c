"""Bring published text into one form: radicals, full-width characters, blanks and line breaks.

Lists are often pasted out of PDF files. There a character may be a Kangxi radical (U+2F00..2FDF) that only looks like
the ideograph, digits and brackets may be full-width, and a cell is broken into lines wherever the column was full.
Roman numerals (Ⅱ), units (µ, ²) and Chinese punctuation in sentences (，；：) stay as they are: they carry meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SUPPLEMENT = dict(
    zip(
        "⺁⺟⺠⺮⺼⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "厂母民竹月虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
"""Radicals of the supplement block, which NFKC leaves alone."""

_KEPT_FULL_WIDTH = frozenset("，；：！？")
_BLANKS = re.compile(r"[ \t\r\n\u00a0\u3000]+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9+]")


def normalise(text: str, counts: Counter[str] | None = None) -> str:
    """Give the text with ideographs for radicals, ASCII for full-width characters and no blanks but between words.

    `counts` gains how many characters of each kind were replaced: radicals, full_width, compatibility, line_breaks.
    """
    replaced = "".join(_character(character, counts) for character in text)
    if counts is not None:
        counts["line_breaks"] += replaced.strip().count("\n")
    return _without_blanks(replaced)


def is_radical(character: str) -> bool:
    """Say whether a character is a radical that stands for an ideograph."""
    return "\u2e80" <= character <= "\u2fdf"


def _character(character: str, counts: Counter[str] | None) -> str:
    if character < "\u2e80" or character in _KEPT_FULL_WIDTH:
        return character
    kind, found = "", character
    if is_radical(character):
        kind, found = "radicals", _SUPPLEMENT.get(character) or unicodedata.normalize("NFKC", character)
    elif "\uff01" <= character <= "\uff5e":
        kind, found = "full_width", chr(ord(character) - 0xFEE0)
    elif "\uf900" <= character <= "\ufaff":
        kind, found = "compatibility", unicodedata.normalize("NFKC", character)
    if found != character and counts is not None:
        counts[kind] += 1
    return found


def _without_blanks(text: str) -> str:
    """Drop blanks, except a single one between two words in Latin letters or digits on one line."""
    parts: list[str] = []
    end = 0
    for blank in _BLANKS.finditer(text):
        before, after = text[blank.start() - 1 : blank.start()], text[blank.end() : blank.end() + 1]
        parts.append(text[end : blank.start()])
        end = blank.end()
        if "\n" not in blank[0] and _ASCII_WORD.match(before) and _ASCII_WORD.match(after):
            parts.append(" ")
    parts.append(text[end:])
    return "".join(parts)


def split_outside_brackets(text: str, separators: str) -> list[str]:
    """Split at any of the separators that stands outside of brackets; empty parts are dropped."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth = max(0, depth - 1)
        elif depth == 0 and character in separators:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def balanced(text: str) -> bool:
    """Say whether every bracket is closed."""
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def lost_character(text: str) -> bool:
    """Say whether a character was lost on the way: a replacement mark, or `?` where no question is asked."""
    return "\ufffd" in text or "□" in text or bool(re.search(r"[\u4e00-\u9fff]\?|\?[\u4e00-\u9fff]", text))
