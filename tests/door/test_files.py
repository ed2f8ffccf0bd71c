"""Files of every kind give the same batch, with the row numbers a spreadsheet shows."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import xlsxwriter

from adjudicator.catalog import days
from adjudicator.columns import MISSING
from api.door.columns import batch_from_tables
from api.door.documents import batch_from_files
from api.door.intake import Intake
from api.files.delimited import open_delimited
from api.files.findings import InputError
from api.files.opening import open_source
from api.files.stream import LONGEST_RECORD
from tests.door.setting import HEADINGS, MEMBERS, SETTING, found, kept, take

CHINESE = (
    "就诊ID,人员编号,医药机构编号,医疗类别,入院日期,出院日期,医保目录编码,费用发生时间,"
    "数量,单价（元）,明细项目费用总额,明细号"
)
NATIONAL = (
    "mdtrt_id,psn_no,fixmedins_code,med_type,begntime,endtime,med_list_codg,fee_ocur_time,cnt,pric,det_item_fee_sumamt,"
    "feedetl_sn"
)
ROWS = """C1,P1,H1,21,2023-03-01,2023-03-09,X1,2023-03-02,2,10.5,21.00,1
C1,P1,H1,21,2023-03-01,2023-03-09,X2,2023-03-02,1,1000.55,1000.55,2
C2,P2,H1,普通门诊,2023/3/4,,X2,2023-03-04,1,5,5,1
"""


def check(intake: Intake) -> None:
    """See that the batch is that of ROWS."""
    batch = intake.batch
    assert found(intake) == []
    assert kept(intake) == ["C1", "C2"]
    assert batch.lines.amount_fen.tolist() == [2100, 100_055, 500]
    assert batch.lines.first.tolist() == [0, 2, 3]
    assert batch.lines.quantity_e4 is not None and batch.lines.quantity_e4.tolist() == [20_000, 10_000, 10_000]
    assert batch.lines.price_e6 is not None and batch.lines.price_e6.tolist() == [10_500_000, 1_000_550_000, 5_000_000]
    assert batch.lines.item.tolist() == [0, 1, 1]
    assert batch.admission.tolist() == [days("2023-03-01"), days("2023-03-04")]
    assert batch.discharge.tolist() == [days("2023-03-09"), days("2023-03-04")]
    visit = batch.attributes["visit"]
    assert visit.decode() == ["inpatient", "outpatient"]  # type: ignore[union-attr]
    assert intake.line_ids is not None and intake.line_ids.to_pylist() == ["1", "2", "1"]


@pytest.mark.parametrize("headings", [HEADINGS, CHINESE, NATIONAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_in_every_encoding_and_with_every_line_end(tmp_path: Path, headings: str, encoding: str, end: str) -> None:
    text = f"{headings}\n{ROWS}".replace("\n", end)
    intake = take(tmp_path, text.encode(encoding))
    check(intake)
    assert intake.claim_rows.tolist() == [2, 4]
    assert intake.line_rows.tolist() == [2, 3, 4]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    check(take(tmp_path, f"{HEADINGS}\n{ROWS}".replace(",", delimiter).encode()))


def test_titles_above_the_headings_mixed_line_ends_quotes_and_separators(tmp_path: Path) -> None:
    rows = ROWS.replace("\n", "\r\n", 1).replace("1000.55,2", '"1,000.55",2').replace("C2", '"C2"')
    intake = take(tmp_path, f'2023年医疗费用明细,,,\n"制表人:\n张三",,\n{CHINESE}\n{rows}'.encode("gb18030"))
    check(intake)
    assert intake.claim_rows.tolist() == [4, 6]
    assert intake.encodings["claims.csv"] == "gb18030"


def test_cells_may_hold_line_breaks(tmp_path: Path) -> None:
    headings = HEADINGS + ",note"
    rows = "".join(f'{row},"a\nb\n\nc ""d"""\n' for row in ROWS.splitlines())
    intake = take(tmp_path, rows, headings=headings)
    check(intake)
    assert intake.line_rows.tolist() == [2, 3, 4]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    more = "".join(f"D{i},P1,H1,11,2023-03-04,,X2,2023-03-04,1,5,5,1\n" for i in range(1000))
    intake = take(tmp_path, ROWS + 'C3,P1,"H1,11,2023-03-04,,X2,2023-03-04,1,5,5,1\n' + more)
    assert found(intake) == [(5, "", "CELL_TOO_LARGE_UNPLACED")]
    assert len(kept(intake)) == 1002


@pytest.mark.parametrize("place", [0, 3, 11])
def test_a_huge_cell_costs_one_row(tmp_path: Path, place: int) -> None:
    cells = ["C1", "P1", "H1", "11", "2023-03-04", "", "X2", "2023-03-04", "1", "5", "5", "3"]
    cells[place] = "A" * (3 * LONGEST_RECORD)
    after = "C4,P1,H1,11,2023-03-04,,X2,2023-03-04,1,5,5,1\n"
    intake = take(tmp_path, ROWS + ",".join(cells) + "\n" + after)
    codes = [(row, code) for row, _, code in found(intake) if row == 5]
    assert len(codes) == 1 and codes[0][1].startswith("CELL_TOO_LARGE")
    assert "C4" in kept(intake) and "C2" in kept(intake)


def test_memory_stays_bounded_on_a_cell_of_a_gigabyte(tmp_path: Path) -> None:
    """The same walk at 96 MB: the reader never holds more than some blocks of it."""
    import tracemalloc

    path = tmp_path / "claims.csv"
    with path.open("wb") as file:
        file.write(f"{HEADINGS}\nC1,P1,H1,11,2023-03-04,,".encode())
        for _ in range(96):
            file.write(b"A" * (1 << 20))
        file.write(f",2023-03-04,1,5,5,1\n{ROWS.splitlines()[2]}\n".encode())
    tracemalloc.start()
    source = open_delimited(path, ("claim", "line"))
    rows = sum(len(block.rows) for block in source.open())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 1
    assert [(b.row, b.code) for b in source.broken] == [(2, "CELL_TOO_LARGE")]
    assert peak < 64 << 20


def test_bytes_of_no_encoding_are_refused_where_they_stand(tmp_path: Path) -> None:
    rows = f"{CHINESE}\n{ROWS}".encode() + b"C3,P1\xff\xfe,H1,11,2023-03-04,,X2,2023-03-04,1,5,5,1\n"
    intake = take(tmp_path, rows)
    assert found(intake) == [(5, "人员编号", "ID_UNREADABLE")]
    assert kept(intake) == ["C1", "C2"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b" \n\n", "FILE_EMPTY"),
        (b"\x00" * 5000, "FILE_OF_OTHER_KIND"),
        (b"%PDF-1.7 ...", "FILE_OF_OTHER_KIND"),
        (b'[{"claim_id": 1}]', "FILE_OF_OTHER_KIND"),
        (b'{\r\n  "claim_id": 1\r\n}\r\n', "FILE_OF_OTHER_KIND"),
        (b"PK\x03\x04 no workbook", "FILE_NOT_READ"),
        (b"PAR1 no parquet PAR1", "FILE_NOT_READ"),
    ],
)
def test_other_files_are_refused_whole(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(InputError) as error:
        take(tmp_path, content)
    assert [f.code for f in error.value.findings] == [code]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        open_source(tmp_path / "none.csv", ("claim",))
    assert error.value.findings[0].code == "FILE_NOT_OPENED"


def test_headings_in_an_encoding_nobody_reads_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        take(tmp_path, b"\xff\xff\xff,\x81\xff\n1,2\n")
    assert {f.code for f in error.value.findings} == {"COLUMN_MISSING", "ENCODING_UNKNOWN"}


def records() -> list[dict[str, str]]:
    names = HEADINGS.split(",")
    return [dict(zip(names, row.split(","), strict=True)) for row in ROWS.splitlines()]


def test_json_lines(tmp_path: Path) -> None:
    text = "".join(json.dumps(record) + "\n" for record in records())
    check(take(tmp_path, text.encode(), name="claims.jsonl"))


def test_json_lines_with_numbers_nested_lines_and_broken_rows(tmp_path: Path) -> None:
    first, _, third = records()
    of_claim = HEADINGS.split(",")[:6]
    nested = {n: first[n] for n in of_claim} | {
        "lines": [
            {n: v for n, v in first.items() if n not in of_claim},
            {
                "item_code": "X2",
                "service_date": "2023-03-02",
                "quantity": 1,
                "price": 1000.55,
                "amount": 1000.55,
                "line_id": 2,
            },
        ]
    }
    single = {n: third[n] for n in of_claim} | {"lines": [{n: v for n, v in third.items() if n not in of_claim}]}
    text = f'{json.dumps(nested)}\n{{"claim_id": "C9", oops\n\n{json.dumps(single)}\n'
    intake = take(tmp_path, text.encode(), name="claims.jsonl")
    assert found(intake) == [(2, "", "JSON_NOT_READ_UNPLACED")]
    assert intake.line_rows.tolist() == [1, 1, 4]
    assert intake.batch.lines.amount_fen.tolist() == [2100, 100_055, 500]


def test_long_numbers_of_json_keep_their_digits(tmp_path: Path) -> None:
    record = records()[2] | {"claim_id": 123456789012345678901234, "amount": 5}
    del record["visit"]
    intake = take(tmp_path, (json.dumps(record) + "\n").encode(), name="claims.jsonl")
    assert kept(intake) == ["123456789012345678901234"]


def test_parquet_and_tables_of_typed_columns(tmp_path: Path) -> None:
    strings = {name: [record[name] or None for record in records()] for name in HEADINGS.split(",")}
    table = pa.table(
        {
            **strings,
            "claim_id": pa.array(strings["claim_id"]).dictionary_encode(),
            "admission": pa.array([datetime.date(2023, 3, 1), datetime.date(2023, 3, 1), datetime.date(2023, 3, 4)]),
            "service_date": pa.array([datetime.datetime(2023, 3, 2, 8), None, None], pa.timestamp("us")),
            "amount": pa.array([decimal.Decimal(x) for x in ("21.00", "1000.55", "5.00")], pa.decimal128(18, 4)),
            "price": pa.array([10.5, 1000.55, 5.0]),
            "quantity": pa.array([2, 1, 1], pa.int32()),
            "line_id": pa.array([1, 2, 1], pa.int64()),
        }
    )
    parquet.write_table(table, tmp_path / "claims.parquet")
    (tmp_path / "members.csv").write_text(MEMBERS)
    check(batch_from_files(tmp_path / "claims.parquet", None, tmp_path / "members.csv", SETTING))
    intake = batch_from_tables(table, None, None, SETTING.programs, SETTING.index)
    assert intake.line_rows.tolist() == [1, 2, 3]
    assert intake.batch.lines.amount_fen.tolist() == [2100, 100_055, 500]


def test_binary_fractions_of_tables_are_exact(tmp_path: Path) -> None:
    amounts = [0.1 + 0.2, 12345678901.23 / 100, 1e8, 123456.78]
    table = pa.table(
        {
            "claim_id": list("abcd"),
            "person_id": ["P1"] * 4,
            "date": ["20230304"] * 4,
            "class": ["A"] * 4,
            "amount": amounts,
        }
    )
    intake = batch_from_tables(table, None, None, SETTING.programs)
    assert found(intake) == [(2, "amount", "TOO_MANY_DECIMALS")]
    assert intake.batch.lines.amount_fen.tolist() == [30, 10_000_000_000, 12_345_678]


def test_two_tables(tmp_path: Path) -> None:
    claims = pa.table({"claim_id": ["a", "b", "b", "c"], "person_id": ["P1"] * 4, "date": ["2023-03-04"] * 4})
    lines = pa.table({"claim_id": ["b", "a", "a", "x"], "class": ["A", "C", "乙", "A"], "amount": [1, 2, 3, 4]})
    intake = batch_from_tables(claims, lines, None, SETTING.programs)
    refused = [(r["file"], r["row"], r["code"]) for r in intake.rejected().to_pylist()]
    assert refused == [
        ("claims", 2, "CLAIM_REFUSED"),
        ("claims", 3, "DUPLICATE_CLAIM"),
        ("claims", 4, "CLAIM_WITHOUT_LINES"),
        ("lines", 1, "CLAIM_REFUSED"),
        ("lines", 4, "LINE_WITHOUT_CLAIM"),
    ]
    assert kept(intake) == ["a"]
    assert intake.batch.lines.class_code is not None
    assert intake.batch.lines.class_code.tolist() == [2, 1]
    assert intake.line_rows.tolist() == [2, 3]


def test_bucket_totals_are_a_door_of_their_own(tmp_path: Path) -> None:
    claims = pa.table(
        {
            "claim_id": ["a", "b", "c"],
            "person_id": ["P1"] * 3,
            "date": ["2023-03-04"] * 3,
            "total": ["100", "100.00", "100"],
            "政策范围内": ["80", "80", "70"],
            "upfront": ["5", "", "20"],
            "self_funded": ["", "30", "10"],
        }
    )
    intake = batch_from_tables(claims, None, None, SETTING.programs)
    assert found(intake) == [(2, "total", "BUCKETS_DO_NOT_ADD_UP")]
    assert intake.batch.given_buckets is not None and intake.batch.bucketed is not None
    assert intake.batch.given_buckets.tolist() == [[8000, 500, 0, 1500], [7000, 2000, 0, 1000]]
    assert intake.batch.bucketed.tolist() == [1, 1]
    assert len(intake.batch.lines) == 0


def test_payments_already_made_and_columns_nobody_asked_for(tmp_path: Path) -> None:
    headings = "claim_id,person_id,date,class,amount,paid.basic,备注"
    intake = take(tmp_path, "C1,P1,2023-03-04,A,5,1.50,x\nC2,P1,2023-03-04,A,5,,x\n", headings=headings)
    assert intake.batch.given_paid["basic"].tolist() == [150, MISSING]
    assert intake.ignored == {"claims.csv": ("备注",), "members.csv": ()}


@pytest.mark.parametrize("rows", ["", "\n", "\n\n,,\n"])
def test_a_file_without_rows_is_an_empty_batch(tmp_path: Path, rows: str) -> None:
    intake = take(tmp_path, rows)
    assert (len(intake.batch), intake.counts.claims_read, intake.rejected().num_rows) == (0, 0, rows.count(",,"))
    empty = {name: pa.array([], pa.string()) for name in HEADINGS.split(",")}
    assert len(batch_from_tables(pa.table(empty), None, None, SETTING.programs).batch) == 0


def test_members_without_rows(tmp_path: Path) -> None:
    intake = take(tmp_path, ROWS, members=MEMBERS.splitlines()[0] + "\n")
    assert {code for _, _, code in found(intake)} == {"UNKNOWN_MEMBER", "CLAIM_REFUSED"}


def test_a_file_that_is_misread_as_a_whole_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        take(tmp_path, ROWS + "x\n" * 100_001)
    assert [(f.code, f.line) for f in error.value.findings] == [("TOO_MANY_BROKEN_ROWS", 100_005)]


def write_workbook(path: Path, person: object) -> None:
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("说明").write(0, 0, "no claims here")
    sheet = book.add_worksheet("明细")
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write(0, 0, "2023年明细")
    sheet.write_row(2, 1, CHINESE.split(","))
    for number, record in enumerate(records(), 3):
        cells: list[object] = list(record.values())
        cells[1] = person if number == 5 else cells[1]
        cells[8:11] = [float(str(cell)) for cell in cells[8:11]]
        cells[11] = int(str(cells[11]))
        sheet.write_row(number, 1, cells)
        sheet.write_datetime(number, 5, datetime.datetime(2023, 3, 4 if number == 5 else 1), date)
    sheet.write(5, 8, 44989)  # 2023-03-04 without a format
    book.close()


def test_workbooks(tmp_path: Path) -> None:
    write_workbook(tmp_path / "claims.xlsx", "P2")
    (tmp_path / "members.csv").write_text(MEMBERS)
    intake = batch_from_files(tmp_path / "claims.xlsx", None, tmp_path / "members.csv", SETTING)
    check(intake)
    assert intake.claim_rows.tolist() == [4, 6]
    assert intake.batch.lines.service_date.tolist() == [days("2023-03-02")] * 2 + [days("2023-03-04")]


def test_a_formula_that_fails_refuses_its_claim(tmp_path: Path) -> None:
    headings = ["claim_id", "person_id", "date", "class", "quantity", "price", "amount", "filing"]
    with xlsxwriter.Workbook(tmp_path / "claims.xlsx") as book:
        sheet = book.add_worksheet("R&D <明细>")
        sheet.write_row(1, 2, headings)
        for row in range(2, 32_000):  # more than a block
            sheet.write_row(row, 2, (f"C{row}", "P1", "2023-03-01", "A", 1, 5, 5, "none"))
        for row, column, shown in ((2, 8, "#DIV/0!"), (20_000, 9, "#N/A"), (31_999, 5, "#REF!")):
            sheet.write_formula(row, column, "=NA()", None, shown)
    (tmp_path / "members.csv").write_text(MEMBERS)
    intake = batch_from_files(tmp_path / "claims.xlsx", None, tmp_path / "members.csv", SETTING)
    assert [(r["row"], r["column"], r["value"], r["code"]) for r in intake.rejected().to_pylist()] == [
        (3, "amount", "#DIV/0!", "CELL_IS_ERROR"),
        (20_001, "filing", "#N/A", "CELL_IS_ERROR"),
        (32_000, "class", "#REF!", "CELL_IS_ERROR"),
    ]
    assert intake.counts.claims_kept == 31_995


def test_a_sheet_that_was_not_read_is_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "claims.xlsx") as book:
        for name in ("三月", "四月", "说明"):
            sheet = book.add_worksheet(name)
            if name == "说明":
                sheet.write(0, 0, "金额以元计")
                continue
            sheet.write_row(0, 0, CHINESE.split(","))
            for number, record in enumerate(records(), 1):
                sheet.write_row(number, 0, list(record.values()))
    (tmp_path / "members.csv").write_text(MEMBERS)
    intake = batch_from_files(tmp_path / "claims.xlsx", None, tmp_path / "members.csv", SETTING)
    (told,) = intake.warnings().to_pylist()
    assert (told["code"], told["value"], "三月" in told["reason"]) == ("SHEET_NOT_READ", "四月", True)


def test_a_workbook_with_nothing_in_it(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "claims.xlsx") as book:
        book.add_worksheet()
    with pytest.raises(InputError) as error:
        batch_from_files(tmp_path / "claims.xlsx", None, tmp_path / "claims.xlsx", SETTING)
    assert {finding.code for finding in error.value.findings} == {"FILE_EMPTY"}


def test_an_identity_number_that_a_workbook_rounded(tmp_path: Path) -> None:
    write_workbook(tmp_path / "claims.xlsx", 340302199001011234)
    (tmp_path / "members.csv").write_text(MEMBERS)
    intake = batch_from_files(tmp_path / "claims.xlsx", None, tmp_path / "members.csv", SETTING)
    assert [(r["row"], r["column"], r["value"], r["code"]) for r in intake.rejected().to_pylist()] == [
        (6, "人员编号", "3.40E+17", "ID_ROUNDED")
    ]
    assert kept(intake) == ["C1"]


def test_order_of_lines_and_claims_in_the_file_does_not_matter(tmp_path: Path) -> None:
    rows = ROWS.splitlines()
    intake = take(tmp_path, "\n".join([rows[0], rows[2], rows[1]]) + "\n")
    check(intake)
    assert intake.line_rows.tolist() == [2, 4, 3]
    assert np.all(np.diff(intake.batch.lines.first) > 0)


@pytest.mark.parametrize("column", [2, 7, 12])
def test_two_stray_quotes_do_not_hide_the_rows_between_them(tmp_path: Path, column: int) -> None:
    rows = [f"C{i},P1,H1,11,2023-03-04,,X2,2023-03-04,1,5,5,{j},name".split(",") for i in range(5) for j in range(3)]
    rows[4][column] = '"' + rows[4][column]
    rows[9][column] += '"'
    intake = take(tmp_path, "".join(",".join(row) + "\n" for row in rows), headings=HEADINGS + ",note")
    lines = np.diff(intake.batch.lines.first).tolist()
    assert lines == [3] * len(kept(intake))
    assert {"C0", "C2", "C4"} <= set(kept(intake))
    assert "C1" not in kept(intake)
