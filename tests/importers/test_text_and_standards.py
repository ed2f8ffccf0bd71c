from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.importers.forms import forms_in_name
from catalogs.importers.sheets import cell_text, column_letters
from catalogs.importers.standards import parse_standards
from catalogs.importers.text import is_radical, lost_character, normalise


@pytest.mark.parametrize(
    ("published", "text"),
    [
        ("⼉童", "儿童"),
        ("⻓期", "长期"),  # of the supplement block, which NFKC leaves alone
        ("丙药（重组）", "丙药(重组)"),
        ("１２岁，ＡＢ％", "12岁，AB%"),
        ("糖浆  、  颗粒\n口服", "糖浆、颗粒口服"),
        ("PDGFRA D842V 突变", "PDGFRA D842V突变"),
        ("注射液 ( Ⅱ )", "注射液(Ⅱ)"),  # a Roman numeral keeps its meaning
        ("10µg/支", "10µg/支"),
        ("　限\u00a0成人", "限成人"),
    ],
)
def test_text_is_brought_into_one_form(published: str, text: str) -> None:
    assert normalise(published) == text


def test_replaced_characters_are_counted_by_kind() -> None:
    counts: Counter[str] = Counter()
    normalise("⼉童（１）\n甲", counts)
    assert counts == {"radicals": 1, "full_width": 3, "line_breaks": 1}


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_every_kangxi_radical_becomes_an_ideograph() -> None:
    for code in range(0x2F00, 0x2FD6):
        found = normalise(chr(code))
        assert len(found) == 1 and not is_radical(found)


@pytest.mark.parametrize("text", ["地尔硫?", "氮?斯汀", "\ufffd", "药□"])
def test_lost_characters_are_seen(text: str) -> None:
    assert lost_character(text)
    assert not lost_character("what? 药")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("63.00元(10mg/支)", [("price", "63.00", "支", "10mg/支")]),
        ("275元(5mg/片)", [("price", "275.00", "片", "5mg/片")]),
        ("1.70元(1g/袋)；3.95元(3g/袋)", [("price", "1.70", "袋", "1g/袋"), ("price", "3.95", "袋", "3g/袋")]),
        ("1.70元(1g/袋);3.95元(3g/袋)", [("price", "1.70", "袋", "1g/袋"), ("price", "3.95", "袋", "3g/袋")]),
        ("29.60元(粉体室1.0g；液体室100ml:0.9g)", [("price", "29.60", "", "粉体室1.0g；液体室100ml:0.9g")]),
        ("479.00元/盒(甲片/乙片,每盒30片)", [("price", "479.00", "盒", "甲片/乙片,每盒30片")]),
        ("5.68元(10mg/片(按C22H25FN2O4S计))", [("price", "5.68", "片", "10mg/片(按C22H25FN2O4S计)")]),
        ("4.94元(每片含甲5mg(以甲计)与乙0.8mg)", [("price", "4.94", "片", "每片含甲5mg(以甲计)与乙0.8mg")]),
        ("96. 11元(0.5ml/瓶)", [("price", "96.11", "瓶", "0.5ml/瓶")]),
        ("*", [("confidential", "", "", "")]),
        ("见备注2(每粒含甲)", [("elsewhere", "", "", "每粒含甲")]),
        ("面议", [("unreadable", "", "", "")]),
        ("13.60元", [("unreadable", "", "", "")]),
        ("", []),
    ],
)
def test_payment_standards(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert [(s.kind, s.price, s.unit, s.specification) for s in parse_standards(text)] == expected


def test_a_second_bracket_is_a_note() -> None:
    (found,) = parse_standards("113.53元(60mg/粒)(协议有效期内,免费提供乙片)")
    assert (found.specification, found.note) == ("60mg/粒", "协议有效期内,免费提供乙片")


@given(st.lists(st.tuples(st.integers(0, 99999), st.sampled_from(["10mg/支", "1g；2g/袋", "(按C计)5ml"])), min_size=1))
def test_no_payment_standard_is_lost(prices: list[tuple[int, str]]) -> None:
    text = "；".join(f"{fen // 100}.{fen % 100:02}元({spec})" for fen, spec in prices)
    found = parse_standards(text)
    assert [(s.price, s.specification) for s in found] == [(f"{f // 100}.{f % 100:02}", spec) for f, spec in prices]
    assert "；".join(s.raw for s in found) == text


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("九药丸(颗粒)", ("丸", "颗粒")),
        ("感冒颗粒(片、胶囊)", ("颗粒", "片", "胶囊")),
        ("注射用艾药钠", ("注射用无菌粉末",)),
        ("十药注射液；注射用十药(冻干)", ("注射液", "注射用无菌粉末")),
        ("奥药干混悬剂(Ⅱ)", ("干混悬剂",)),
        ("奥药肠溶片", ("肠溶片",)),
        ("消药丸、消药颗粒(通关藤颗粒)、消药片(通关藤片)", ("丸", "颗粒", "片")),
        ("凝血因子Ⅸ", ()),
    ],
)
def test_forms_in_names(name: str, forms: tuple[str, ...]) -> None:
    assert forms_in_name(name) == forms


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.05, "0.05"), (440301199001011200.0, "4.40301199001011E+17"), (True, "TRUE"), (" a ", "a")],
)
def test_cells_as_text(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_columns_are_named_as_excel_does() -> None:
    assert [column_letters(c) for c in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
