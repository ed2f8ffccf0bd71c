"""Bad input of each kind: a stable code, the row as a spreadsheet shows it, the column; the good claims stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.files.findings import InputError
from tests.door.setting import HEADINGS, MEMBERS, found, kept, take

USUAL = "C2,P1,H1,11,2023-04-01,,X1,2023-04-01,1,5,5,1"
GOOD = "C1,P1,H1,21,2023-03-01,2023-03-09,X1,2023-03-02,2,10.5,21.00,1\n"


def bad(**cells: str) -> str:
    """Give a row that is good but for some cells."""
    names = HEADINGS.split(",")
    usual = dict(zip(names, USUAL.split(","), strict=True))
    return ",".join({**usual, **cells}[n] for n in names) + "\n"


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"admission": "2023-02-31"}, "admission", "DATE_IMPOSSIBLE"),
        ({"admission": "2月31日"}, "admission", "DATE_NOT_READ"),
        ({"service_date": "2023年2月30日"}, "service_date", "DATE_IMPOSSIBLE"),
        ({"admission": "0203-02-03"}, "admission", "DATE_OUT_OF_RANGE"),
        ({"admission": "45000"}, "admission", "DATE_NOT_READ"),
        ({"person_id": "4.4E+17"}, "person_id", "ID_ROUNDED"),
        ({"person_id": "3.40303E+17"}, "person_id", "ID_ROUNDED"),
        ({"person_id": ""}, "person_id", "CELL_EMPTY"),
        ({"person_id": "P9"}, "person_id", "UNKNOWN_MEMBER"),
        ({"person_id": "P\x001"}, "person_id", "ID_UNREADABLE"),
        ({"claim_id": "1" * 65}, "claim_id", "ID_TOO_LONG"),
        ({"claim_id": ""}, "claim_id", "CELL_EMPTY"),
        ({"amount": "6.00"}, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),
        ({"amount": "5.02"}, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),
        ({"amount": "-5"}, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),
        ({"quantity": "-1"}, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),
        ({"quantity": "-1", "price": ""}, "quantity", "QUANTITY_AGAINST_AMOUNT"),
        ({"quantity": "-1", "price": "-5"}, "price", "NEGATIVE_PRICE"),
        ({"amount": "abc"}, "amount", "NOT_A_NUMBER"),
        ({"amount": '"5,00"'}, "amount", "NOT_A_NUMBER"),
        ({"amount": '"1.234,50"'}, "amount", "NOT_A_NUMBER"),
        ({"amount": "5元1"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "5 00"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "￥"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "#DIV/0!"}, "amount", "CELL_IS_ERROR"),
        ({"amount": "####"}, "amount", "CELL_IS_ERROR"),
        ({"admission": "#VALUE!"}, "admission", "CELL_IS_ERROR"),
        ({"person_id": "#N/A"}, "person_id", "CELL_IS_ERROR"),
        ({"amount": "1_0"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "nan"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "5.001"}, "amount", "TOO_MANY_DECIMALS"),
        ({"amount": "1.23E+05"}, "amount", "NUMBER_ROUNDED"),
        ({"amount": "1000000000.01"}, "amount", "NUMBER_TOO_LARGE"),
        ({"amount": "9" * 40}, "amount", "NUMBER_TOO_LARGE"),
        ({"amount": "1e999999999"}, "amount", "NUMBER_TOO_LARGE"),
        ({"quantity": "99999999999", "price": "99999999", "amount": ""}, "quantity", "NUMBER_TOO_LARGE"),
        ({"quantity": "999999999", "price": "999999999", "amount": ""}, "amount", "NUMBER_TOO_LARGE"),
        ({"quantity": "", "amount": ""}, "amount", "CELL_EMPTY"),
        ({"item_code": ""}, "item_code", "CELL_EMPTY"),
        ({"discharge": "2023-03-31"}, "discharge", "DATES_REVERSED"),
    ],
)
def test_a_bad_cell_refuses_its_claim_and_no_other(
    tmp_path: Path, cells: dict[str, str], column: str, code: str
) -> None:
    intake = take(tmp_path, GOOD + bad(**cells))
    assert found(intake) == [(3, column, code)]
    assert kept(intake) == ["C1"]
    assert intake.counts.claims_kept == 1
    assert intake.counts.rows_refused == 1


def test_rates_and_counts_are_never_negative(tmp_path: Path) -> None:
    headings = "claim_id,person_id,date,class,amount,upfront_rate,days"
    endings = ("-0.1,1", "10%,-1", "1.1,1", "0.1,1")
    rows = "".join(f"C{i},P1,2023-03-01,B,5,{ending}\n" for i, ending in enumerate(endings))
    intake = take(tmp_path, rows, headings=headings)
    assert found(intake) == [
        (2, "upfront_rate", "NEGATIVE_NUMBER"),
        (3, "days", "NEGATIVE_NUMBER"),
        (4, "upfront_rate", "NUMBER_TOO_LARGE"),
    ]
    assert intake.batch.lines.upfront_ppm is not None and intake.batch.lines.upfront_ppm.tolist() == [100_000]


def test_every_row_of_a_refused_claim_is_listed(tmp_path: Path) -> None:
    rows = bad(line_id="1") + GOOD + bad(line_id="2", amount="7") + bad(line_id="3")
    intake = take(tmp_path, rows)
    assert found(intake) == [
        (2, "", "CLAIM_REFUSED"),
        (4, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY"),
        (5, "", "CLAIM_REFUSED"),
    ]
    assert {row["claim_id"] for row in intake.rejected().to_pylist()} == {"C2"}
    assert kept(intake) == ["C1"]
    assert intake.counts.claims_refused == 1


def test_messages_say_what_to_do_in_both_languages_and_mask_persons(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + bad(person_id="340302199001011234") + bad(claim_id="C3", amount="6"))
    english, chinese = intake.rejected("en").to_pylist(), intake.rejected("zh").to_pylist()
    assert english[0]["value"] == "340*****34"
    assert english[1]["value"] == "6.00 ≠ 5.00"
    assert all(row["reason"] and row["what_to_do"] for row in english + chinese)
    assert english[1]["reason"] == "the amount differs from price x quantity by more than 0.01 yuan"
    assert chinese[1]["reason"] == "金额与单价 × 数量相差超过 0.01 元"


def test_the_same_id_for_two_visits_is_refused(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + bad() + bad(person_id="P2", line_id="2") + bad(admission="2023-04-02", line_id="3"))
    assert (4, "person_id", "CLAIM_CONTRADICTS_ITSELF") in found(intake)
    assert (5, "admission", "CLAIM_CONTRADICTS_ITSELF") in found(intake)
    assert kept(intake) == ["C1"]
    row = next(r for r in intake.rejected().to_pylist() if r["column"] == "admission")
    assert row["value"] == "2023-04-02"


def test_a_cell_left_empty_on_later_lines_is_no_contradiction(tmp_path: Path) -> None:
    intake = take(tmp_path, bad() + bad(person_id="", facility_code="", visit="", admission="", line_id="2"))
    assert found(intake) == []
    assert len(intake.batch.lines) == 2


def test_duplicate_line_ids_are_refused_within_a_claim_only(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + bad() + bad() + bad(claim_id="C3"))
    assert found(intake) == [(3, "", "CLAIM_REFUSED"), (4, "line_id", "DUPLICATE_LINE")]
    assert kept(intake) == ["C1", "C3"]


def test_amounts_may_differ_by_one_fen_and_may_be_left_out(tmp_path: Path) -> None:
    rows = bad(quantity="3", price="0.333", amount="1.01") + bad(quantity="3", price="0.335", amount="", line_id="2")
    intake = take(tmp_path, rows)
    assert found(intake) == []
    assert intake.batch.lines.amount_fen.tolist() == [101, 101]  # 1.005 is rounded half-up


def test_refunds_are_negative_in_quantity_and_amount(tmp_path: Path) -> None:
    intake = take(tmp_path, bad(quantity="2", amount="10") + bad(quantity="-1", amount="-5", line_id="2"))
    assert found(intake) == []
    assert intake.batch.lines.amount_fen.tolist() == [1000, -500]


def test_a_row_with_a_wrong_number_of_cells_refuses_the_claim_it_names(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + bad() + "C2,P1,H1\n" + bad(claim_id="C3"))
    assert found(intake) == [(3, "", "CLAIM_REFUSED"), (4, "", "WRONG_NUMBER_OF_CELLS")]
    assert intake.rejected().to_pylist()[1]["value"] == "3 / 12"
    assert kept(intake) == ["C1", "C3"]


def test_a_broken_row_that_names_no_claim_says_so(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + "x,y\n")
    assert found(intake) == [(3, "", "WRONG_NUMBER_OF_CELLS_UNPLACED")]
    assert kept(intake) == ["C1"]


def test_blank_rows_are_nothing_but_count_as_rows(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + "\n,,,,,,,,,,,\n , ,,,,,,,,,,\n" + bad(amount="6"))
    assert found(intake) == [(6, "amount", "AMOUNT_NOT_PRICE_TIMES_QUANTITY")]
    assert kept(intake) == ["C1"]


def test_unknown_codes_are_content(tmp_path: Path) -> None:
    intake = take(tmp_path, GOOD + bad(item_code="X9", facility_code="H9"))
    assert found(intake) == []
    assert [(w["row"], w["column"], w["value"], w["code"]) for w in intake.warnings().to_pylist()] == [
        (3, "item_code", "X9", "ITEM_NOT_IN_CATALOG"),
        (3, "facility_code", "H9", "FACILITY_NOT_IN_TABLE"),
    ]
    assert intake.counts.warnings == 2
    assert kept(intake) == ["C1", "C2"]


@pytest.mark.parametrize("missing", ["claim_id", "person_id", "admission", "amount", "item_code"])
def test_missing_columns_are_named_with_their_other_names(tmp_path: Path, missing: str) -> None:
    dropped = {missing, "service_date"} if missing == "admission" else {missing}
    dropped |= {"price"} if missing == "amount" else set()
    dropped |= {"discharge"} if missing == "admission" else set()
    headings = ",".join(name for name in HEADINGS.split(",") if name not in dropped)
    with pytest.raises(InputError) as error:
        take(tmp_path, ",".join("1" for _ in headings.split(",")) + "\n", headings=headings)
    assert [(f.code, f.column) for f in error.value.findings] == [("COLUMN_MISSING", missing)]
    assert "add it, or give it one of its names" in error.value.findings[0].help()


def test_missing_columns_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        take(tmp_path, "1,2\n", headings="visit,amount", members="name\nx\n")
    names = {(f.path, f.column) for f in error.value.findings}
    assert names >= {("claims.csv", "claim_id"), ("claims.csv", "person_id"), ("members.csv", "person_id")}


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        take(tmp_path, "", headings="就诊ID,就诊编号,person_id,amount,item_code,date")
    assert [f.code for f in error.value.findings] == ["COLUMN_TWICE"]


def test_a_bad_member_row_refuses_the_claims_of_that_person_only(tmp_path: Path) -> None:
    members = MEMBERS + "P2,390,340300,2023-02-30,,1,15,1,1990-01-01,\n"
    intake = take(tmp_path, GOOD + bad(person_id="P2"), members=members)
    assert found(intake) == [(3, "person_id", "MEMBER_REFUSED"), (5, "valid_from", "DATE_IMPOSSIBLE")]
    assert kept(intake) == ["C1"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("P1,390,340300,2023-05-01,2023-04-01,1,15,1,1990-01-01,", "SPAN_REVERSED"),
        ("P1,390,340300,2023-01-01,,1,15,x,1990-01-01,", "WORD_NOT_KNOWN"),
        ("P1,390,340300,2023-01-01,,9,15,1,1990-01-01,", "WORD_NOT_KNOWN"),
        ("P1,390,340300,2023-01-01,,1,15,1,1990-01-01,poor@yesterday", "MARKS_NOT_READ"),
        ("P1,390,340300,2023-01-01,,1,15,1,1990-01-01,suspended", "MARKS_NOT_READ"),
        ("P1,390", "WRONG_NUMBER_OF_CELLS_UNPLACED"),
        (",390,340300,2023-01-01,,1,15,1,1990-01-01,", "CELL_EMPTY"),
    ],
)
def test_bad_member_rows_are_refused(tmp_path: Path, row: str, code: str) -> None:
    intake = take(tmp_path, bad(person_id="P2"), members=MEMBERS + row + "\n")
    assert [(r["file"], r["row"], r["code"]) for r in intake.rejected().to_pylist()] == [("members.csv", 5, code)]
    assert kept(intake) == ["C2"]


def test_every_row_without_a_claim_id_is_listed(tmp_path: Path) -> None:
    rows = GOOD + "".join(bad(claim_id="", line_id=str(i)) for i in range(3))
    rows += "".join(bad(claim_id="1.2E+19", line_id=str(i)) for i in range(2))
    assert found(take(tmp_path, rows)) == [
        (3, "claim_id", "CELL_EMPTY"),
        (4, "claim_id", "CELL_EMPTY"),
        (5, "claim_id", "CELL_EMPTY"),
        (6, "claim_id", "ID_ROUNDED"),
        (7, "claim_id", "CLAIM_REFUSED"),
    ]
