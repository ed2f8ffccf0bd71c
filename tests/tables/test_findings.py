"""Every mistake is found, with its file, row and column, and all of them at once."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from catalogs import findings as shared
from catalogs.findings import texts
from catalogs.tables import CatalogError, load
from tests.tables.conftest import ITEM_COLUMNS, Checker

ROOT = Path(__file__).parents[2]
GOOD = "CN,D1,One,drug,,B,,,10%,,,,2020-01-01,,own"
SCHEDULES = "id,scheme,visit,price_from,price_until,rate\n"
CEILINGS = "id,level,price\n"
RESTRICTIONS = "id,levels,sexes,age_from,age_until,visits,schemes,diagnoses,max_days,max_quantity,second_line,text\n"
FACILITIES = "code,name,place,level,facility_kind,agreement_from,agreement_until,agreement_visits,source\n"
SOURCES = "key,title,address,grade\n"
USUAL = "place,kind,class,upfront,schedule,valid_from,valid_until,source\n"

# ruff: noqa: E501 (one case a line)
CASES: list[tuple[str, Mapping[str, str | bytes], str]] = [
    ("CATALOG_WRONG_DATE", {"items": "CN,D1,One,drug,,B,,,10%,,,,2020-02-31,,own"}, "items.csv:2:valid_from"),
    ("CATALOG_WRONG_DATE", {"items": "CN,D1,One,drug,,B,,,10%,,,,2020/1/1,,own"}, "items.csv:2:valid_from"),
    ("CATALOG_WRONG_DATE", {"items": "CN,D1,One,drug,,B,,,10%,,,,2020-01-01,二月,own"}, "items.csv:2:valid_until"),
    ("CATALOG_DATES_REVERSED", {"items": "CN,D1,One,drug,,B,,,10%,,,,2020-01-01,2020-01-01,own"}, "items.csv:2:valid_until"),
    ("CATALOG_RATE_OVER_ONE", {"items": "CN,D1,One,drug,,B,,,10,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_RATE_OVER_ONE", {"items": "CN,D1,One,drug,,B,,,120%,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_WRONG_RATE", {"items": "CN,D1,One,drug,,B,,,ten,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_WRONG_RATE", {"items": "CN,D1,One,drug,,B,,,-5%,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_WRONG_RATE", {"items": "CN,D1,One,drug,,B,,,0.1234567,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_UNKNOWN_WORD", {"items": "CN,D1,One,drug,,D,,,,,,,2020-01-01,,own"}, "items.csv:2:class"),
    ("CATALOG_UNKNOWN_WORD", {"items": "CN,D1,One,drugs,,A,,,,,,,2020-01-01,,own"}, "items.csv:2:kind"),
    ("CATALOG_WRONG_WORD", {"items": "CN,D1,One,drug,,A,,TCM!,,,,,2020-01-01,,own"}, "items.csv:2:marks"),
    ("CATALOG_NEW_WORD", {"items": "CN,D1,One,drug,,A,,dual_chanel,,,,,2020-01-01,,own"}, "items.csv:2:marks"),
    ("CATALOG_MISSING_SOURCE", {"items": "CN,D1,One,drug,,A,,,,,,,2020-01-01,,"}, "items.csv:2:source"),
    ("CATALOG_MISSING_CELL", {"items": "CN,,One,drug,,A,,,,,,,2020-01-01,,own"}, "items.csv:2:code"),
    ("CATALOG_WRONG_PLACE", {"items": "安徽,D1,One,drug,,A,,,,,,,2020-01-01,,own"}, "items.csv:2:place"),
    ("CATALOG_WRONG_CODE", {"items": "CN,D 1,One,drug,,A,,,,,,,2020-01-01,,own"}, "items.csv:2:code"),
    ("CATALOG_CODE_AS_NUMBER", {"items": "CN,1.1E+08,One,drug,,A,,,,,,,2020-01-01,,own"}, "items.csv:2:code"),
    ("CATALOG_WRONG_WORD", {"items": "CN,D1,One,drug,,A,,*,,,,,2020-01-01,,own"}, "items.csv:2:marks"),
    ("CATALOG_WRONG_WORD", {"items": "CN,D1,One,drug,,A,,tcm -,,,,,2020-01-01,,own"}, "items.csv:2:marks"),
    ("CATALOG_WRONG_WORD", {"restrictions": f"{RESTRICTIONS}R1,*,,,,,,,,,,\n"}, "restrictions.csv:2:levels"),
    ("CATALOG_WRONG_WORD", {"ceilings": f"{CEILINGS}C1,-,40\n"}, "ceilings.csv:2:level"),
    (
        "CATALOG_TOO_MANY_WORDS",
        {"items": f"CN,D1,One,drug,,A,,{' '.join(f'mark{i}' for i in range(63))},,,,,2020-01-01,,own"},
        "items:marks",
    ),
    ("CATALOG_UNKNOWN_REFERENCE", {"items": "CN,D1,One,drug,,A,,,,,,,2020-01-01,,NRDL"}, "items.csv:2:source"),
    ("CATALOG_UNKNOWN_REFERENCE", {"items": "CN,D1,One,drug,,B,,,,S1,,,2020-01-01,,own"}, "items.csv:2:schedule"),
    ("CATALOG_UNKNOWN_REFERENCE", {"items": "CN,D1,One,drug,,A,,,,,12.3456789,,2020-01-01,,own"}, "items.csv:2:ceiling"),
    ("CATALOG_UNKNOWN_REFERENCE", {"items": "CN,D1,One,drug,,A,,,,,,R9,2020-01-01,,own"}, "items.csv:2:restriction"),
    ("CATALOG_DUPLICATE_VERSION", {"items": f"{GOOD}\n{GOOD}"}, "items.csv:3:valid_from"),
    (
        "CATALOG_OVERLAP",
        {"items.a.csv": f"{ITEM_COLUMNS}\n{GOOD}\n", "items.b.csv": f"{ITEM_COLUMNS}\n{GOOD.replace('2020-01-01', '2021-01-01')}\n"},
        "items.b.csv:2:valid_from",
    ),
    (
        "CATALOG_GAP",
        {"items": "CN,D1,One,drug,,A,,,,,,,2020-01-01,2021-01-01,own\nCN,D1,One,drug,,A,,,,,,,2021-02-01,,own"},
        "items.csv:3:valid_from",
    ),
    ("CATALOG_NOTHING_TO_INHERIT", {"items": "340000,D1,One,drug,,,,,,,,,2020-01-01,,own"}, "items.csv:2:class"),
    (
        "CATALOG_NOTHING_TO_INHERIT",
        {"items": "CN,D1,One,drug,,A,,,,,,,2020-01-01,2021-01-01,own\n340000,D1,,,,,,,,,9,,2020-06-01,,own"},
        "items.csv:3:name",
    ),
    ("CATALOG_NO_UPFRONT", {"items": "CN,D1,One,drug,,B,,,,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    (
        "CATALOG_TWO_RATES",
        {"items": "CN,D1,One,drug,,B,,,10%,S1,,,2020-01-01,,own", "schedules": f"{SCHEDULES}S1,,,,,10%\n"},
        "items.csv:2:schedule",
    ),
    ("CATALOG_CLASS_A_UPFRONT", {"items": "CN,D1,One,drug,,A,,,10%,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_CLASS_C_UPFRONT", {"items": "CN,D1,One,drug,,C,,,10%,,,,2020-01-01,,own"}, "items.csv:2:upfront"),
    ("CATALOG_SCHEDULE_GAP", {"schedules": f"{SCHEDULES}S1,,,,100,5%\nS1,,,200,,10%\n"}, "schedules.csv:2:price_from"),
    ("CATALOG_SCHEDULE_GAP", {"schedules": f"{SCHEDULES}S1,resident_basic,,,,5%\n"}, "schedules.csv:2:price_from"),
    ("CATALOG_SCHEDULE_UNREACHED", {"schedules": f"{SCHEDULES}S1,,,,,5%\nS1,,,100,,10%\n"}, "schedules.csv:3:id"),
    ("CATALOG_BAND_REVERSED", {"schedules": f"{SCHEDULES}S1,,,,,5%\nS1,,,200,100,10%\n"}, "schedules.csv:3:price_until"),
    ("CATALOG_CEILING_OPEN", {"ceilings": f"{CEILINGS}C1,tertiary,40\n"}, "ceilings.csv:2:id"),
    ("CATALOG_WRONG_PRICE", {"ceilings": f"{CEILINGS}C1,*,40元\n"}, "ceilings.csv:2:price"),
    ("CATALOG_DUPLICATE_ID", {"ceilings": f"{CEILINGS}C1,*,40\nC1,*,41\n"}, "ceilings.csv:3:id"),
    ("CATALOG_DUPLICATE_ID", {"restrictions": f"{RESTRICTIONS}R1,,male,,,,,,,,,\nR1,,female,,,,,,,,,\n"}, "restrictions.csv:3:id"),
    ("CATALOG_DUPLICATE_ID", {"sources": f"{SOURCES}K,Title,,A\nK,Other,,A\n"}, "sources.csv:3:key"),
    ("CATALOG_AGES_REVERSED", {"restrictions": f"{RESTRICTIONS}R1,,,14,6,,,,,,,\n"}, "restrictions.csv:2:age_until"),
    ("CATALOG_WRONG_COUNT", {"restrictions": f"{RESTRICTIONS}R1,,,six,,,,,,,,\n"}, "restrictions.csv:2:age_from"),
    ("CATALOG_WRONG_FLAG", {"restrictions": f"{RESTRICTIONS}R1,,,,,,,,,,maybe,\n"}, "restrictions.csv:2:second_line"),
    ("CATALOG_UNKNOWN_WORD", {"restrictions": f"{RESTRICTIONS}R1,,men,,,,,,,,,\n"}, "restrictions.csv:2:sexes"),
    ("CATALOG_NEW_WORD", {"restrictions": f"{RESTRICTIONS}R1,tertiry,,,,,,,,,,\n"}, "restrictions.csv:2:levels"),
    ("CATALOG_RESTRICTION_EMPTY", {"restrictions": f"{RESTRICTIONS}R1,,,,,,,,,,,\n"}, "restrictions.csv:2:id"),
    (
        "CATALOG_OVERLAP",
        {"facilities": FACILITIES + "H1,A,340300,tertiary,hospital,2020-01-01,2022-01-01,*,own\n"
         "H1,A,340300,tertiary,hospital,2021-01-01,,*,own\n"},
        "facilities.csv:3:agreement_from",
    ),
    ("CATALOG_MISSING_CELL", {"usual_rates": f"{USUAL}CN,drug,B,,,2020-01-01,,own\n"}, "usual_rates.csv:2:upfront"),
    ("CATALOG_DATES_REVERSED", {"usual_rates": f"{USUAL}CN,drug,B,5%,,2020-01-01,2019-01-01,own\n"}, "usual_rates.csv:2:valid_until"),
    ("CATALOG_UNKNOWN_COLUMN", {"sources": "key,titel,title,grade\nK,,T,A\n"}, "sources.csv:1:titel"),
    ("CATALOG_DUPLICATE_COLUMN", {"sources": "key,title,title,grade\nK,T,T,A\n"}, "sources.csv:1:title"),
    ("CATALOG_MISSING_COLUMN", {"sources": "key,title\nK,T\n"}, "sources.csv:1:grade"),
    ("CATALOG_CELL_COUNT", {"sources": f"{SOURCES}K,Title,,A\nL,Title\nM,Title,,A\n"}, "sources.csv:3"),
    ("CATALOG_EMPTY_FILE", {"sources": "\n"}, "sources.csv"),
    ("CATALOG_UNKNOWN_TABLE", {"item.csv": f"{ITEM_COLUMNS}\n"}, "item.csv"),
    ("CATALOG_NOT_UTF8", {"sources": f"{SOURCES}K,title,,A\nL,标题,,A\n".encode("gb18030")}, "sources.csv:3"),
    ("CATALOG_UNREADABLE", {"sources": f'{SOURCES}K,"{"x" * 3_000_000}'}, "sources.csv"),
    ("CATALOG_UNREADABLE", {"sources.parquet": b"PAR1 not"}, "sources.parquet"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "tables", "place"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_each_mistake_is_found_at_its_place(
    checked: Checker, code: str, tables: Mapping[str, str | bytes], place: str
) -> None:
    found = checked(tables).findings
    assert (code, place) in [(finding.code, finding.place) for finding in found]
    for finding in found:
        for language in ("en", "zh"):
            assert re.search(r"[{}]", finding.render(language)) is None
            assert finding.message(language) != finding.code


def test_all_mistakes_at_once(checked: Checker) -> None:
    found = checked({
        "items": "CN,D1,One,drug,,E,,,10,,,,2020-02-31,,\nXX,D2,Two,pill,,A,,,,,,R1,2020-01-01,,own",
        "ceilings": f"{CEILINGS}C1,*,dear\n",
    })  # fmt: skip
    assert not found.passed
    assert found.digest == ""
    assert sorted(f.place for f in found.findings) == [
        "ceilings.csv:2:price", "items.csv:2:class", "items.csv:2:source", "items.csv:2:upfront",
        "items.csv:2:valid_from", "items.csv:3:kind", "items.csv:3:place", "items.csv:3:restriction",
    ]  # fmt: skip


def test_an_unreadable_date_is_reported_once(checked: Checker) -> None:
    rows = [GOOD.replace("2020-01-01", day) for day in ("soon", "later", "2020-01-01,never,own#")]
    found = checked({"items": "\n".join(row.split("#")[0] for row in rows)}).findings
    assert [f.code for f in found] == ["CATALOG_WRONG_DATE"] * 3


def test_good_tables_have_no_findings(checked: Checker) -> None:
    result = checked({"items": GOOD})
    assert result.findings == ()
    assert result.rows["items"] == 1


def test_lines_are_counted_through_line_breaks_blank_rows_and_bad_rows(checked: Checker) -> None:
    rows = f'CN,D1,"One\nmore",drug,,A,,,,,,,2020-01-01,,own\n\n,,,,,,,,,,,,,,\nD9\n{GOOD.replace("10%", "11").replace("D1", "D2")}'
    found = checked({"items": rows}).findings
    assert [(f.code, f.place) for f in found] == [
        ("CATALOG_CELL_COUNT", "items.csv:6"),
        ("CATALOG_RATE_OVER_ONE", "items.csv:7:upfront"),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column(checked: Checker) -> None:
    assert checked({"items": b"\xef\xbb\xbf" + f"{ITEM_COLUMNS}\r\n{GOOD}\r\n".encode()}).findings == ()


def test_a_flood_is_cut_and_counted(checked: Checker) -> None:
    rows = "\n".join(f"CN,D{i},One,drug,,Z,,,,,,,2020-01-01,,own" for i in range(1000))
    found = checked({"items": rows}).findings
    assert len(found) == 51
    assert "950" in found[-1].message("en")


def test_load_refuses_with_all_findings(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(f"{ITEM_COLUMNS}\n{GOOD.replace('10%', '11')}\nCN,D2,,drug,,A,,,,,,,,,own\n")
    with pytest.raises(CatalogError, match="CATALOG_RATE_OVER_ONE") as caught:
        load(tmp_path)
    assert {f.code for f in caught.value.findings} == {"CATALOG_RATE_OVER_ONE", "CATALOG_MISSING_CELL"}


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path / "nowhere")
    assert [f.code for f in caught.value.findings] == ["CATALOG_NO_SUCH_FILE"]


def test_other_files_beside_the_tables_are_only_mentioned(checked: Checker) -> None:
    result = checked({"items": GOOD, "counted.csv": "a,b\n"})
    assert result.passed
    assert [(f.code, f.place, f.severity) for f in result.findings] == [
        ("CATALOG_UNKNOWN_TABLE", "counted.csv", "warning")
    ]
    assert not checked({"item.csv": "a,b\n"}).passed


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path)
    assert [f.code for f in caught.value.findings] == ["CATALOG_EMPTY_FOLDER"]


def test_every_code_is_documented_and_used() -> None:
    documented = set(tomllib.loads((ROOT / "catalogs/messages/catalog.toml").read_text(encoding="utf-8")))
    used = set()
    for path in (ROOT / "catalogs/tables").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("CATALOG_"):
                used.add(node.value)
    assert used == documented
    assert {code for code, _, _ in CASES} | {
        "CATALOG_MORE",
        "CATALOG_NO_SUCH_FILE",
        "CATALOG_EMPTY_FOLDER",
    } == documented


def test_every_text_is_in_both_languages() -> None:
    for code, entry in texts().items():
        if code.startswith("CATALOG_"):
            assert set(entry) in ({"en", "zh"}, {"en", "zh", "help_en", "help_zh"}), code
            fields = [set(re.findall(r"{(\w+)}", entry[key])) for key in ("en", "zh")]
            assert fields[0] == fields[1], code


def test_no_code_has_two_texts() -> None:
    rooms = [
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted((Path(shared.__file__).parent / "messages").glob("*.toml"))
    ]
    codes = [code for room in rooms for code in room]
    assert sorted(codes) == sorted(set(codes))
