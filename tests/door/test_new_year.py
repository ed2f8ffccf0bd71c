"""Stays over New Year: how the door divides them, and what comes of it from the file to the explanation."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from adjudicator.catalog import days
from adjudicator.columns import Category, Number
from api.commands.explain import explain
from api.door.building import Setting
from api.door.intake import Intake
from api.run import settle_files
from tests.door.setting import found, kept, program, take

BEIJING = Path(__file__).parents[2] / "catalogs" / "documents" / "beijing-employees-2023.yaml"
SPLITTING = Setting((program(splits=True),))
HEADINGS = "claim_id,person_id,visit,admission,discharge,settlement,class,service_date,amount"
STAY = "S,P1,inpatient,2023-12-20 08:00,2024-01-05,2024-01-06,A"
OTHER = "T,P1,inpatient,2023-06-01,2023-06-03,2023-06-03,A,2023-06-02,7"


def divided(folder: Path, *rows: str, headings: str = HEADINGS, setting: Setting = SPLITTING) -> Intake:
    return take(folder, "\n".join(rows), None, headings=headings, setting=setting)


def words(intake: Intake, name: str) -> list[str | None]:
    column = intake.batch.attributes[name]
    assert isinstance(column, Category)
    return column.decode()


def test_a_stay_becomes_one_claim_a_year(tmp_path: Path) -> None:
    rows = (f"{STAY},2024-01-01,5", OTHER, f"{STAY},2023-12-31,3", f"{STAY},2024-01-05,4")
    intake = divided(tmp_path, *rows)
    batch = intake.batch
    assert kept(intake) == ["S#2023", "S#2024", "T"]
    assert [str(np.datetime64(day, "D")) for day in batch.admission.tolist()] == [
        "2023-12-20",
        "2024-01-01",
        "2023-06-01",
    ]
    assert [str(np.datetime64(day, "D")) for day in batch.discharge.tolist()] == [
        "2023-12-31",
        "2024-01-05",
        "2023-06-03",
    ]
    assert batch.settlement.tolist() == [days("2024-01-06")] * 2 + [days("2023-06-03")]
    assert batch.order_time[0] == batch.order_time[1]
    assert batch.order_type is not None and batch.order_type.tolist() == [0, 1, 0]
    assert batch.lines.first.tolist() == [0, 1, 3, 4]
    assert batch.lines.amount_fen.tolist() == [300, 500, 400, 700]
    assert intake.line_rows.tolist() == [4, 2, 5, 3]
    assert intake.claim_rows.tolist() == [2, 2, 3]
    assert words(intake, "stay_part") == ["first", "later", None]
    assert words(intake, "episode") == ["S", "S", None]
    stay_days = batch.attributes["days"]
    assert isinstance(stay_days, Number) and stay_days.values.tolist() == [12, 4, 2]
    assert (intake.counts.claims_read, intake.counts.claims_kept, intake.counts.parts_added) == (2, 2, 1)


def test_lines_of_one_year_keep_the_id_and_cut_the_days(tmp_path: Path) -> None:
    intake = divided(tmp_path, f"{STAY},2023-12-30,5")
    assert kept(intake) == ["S"]
    assert intake.batch.discharge.tolist() == [days("2023-12-31")]
    assert "stay_part" not in intake.batch.attributes
    assert intake.counts.parts_added == 0


def test_an_episode_and_a_long_id_are_kept(tmp_path: Path) -> None:
    stay = STAY.replace("S,", "S" * 64 + ",", 1)
    rows = (f"{stay},2023-12-30,5,e7", f"{stay},2024-01-02,5,e7")
    intake = divided(tmp_path, *rows, headings=f"{HEADINGS},episode")
    assert kept(intake) == ["S" * 64 + "#2023", "S" * 64 + "#2024"]
    assert words(intake, "episode") == ["e7", "e7"]


def test_the_plan_decides_whether_and_when_the_year_begins(tmp_path: Path) -> None:
    rows = (f"{STAY},2023-12-30,5", f"{STAY},2024-01-02,5")
    for plan in (program(), program(splits=True, year_start=(4, 1))):
        intake = divided(tmp_path, *rows, setting=Setting((plan,)))
        assert kept(intake) == ["S"]
        assert intake.batch.order_type is None
        assert intake.batch.discharge.tolist() == [days("2024-01-05")]


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        ("claim_id,person_id,visit,admission,discharge,in_scope", ("S,P1,inpatient,2023-12-20,2024-01-05,900",)),
        (HEADINGS, (f"{STAY},2023-12-30,5", f"{STAY},,5")),
        (f"{HEADINGS},paid.basic", (f"{STAY},2023-12-30,5,1", f"{STAY},2024-01-02,5,1")),
    ],
    ids=["totals", "a line without a day", "a payment"],
)
def test_what_tells_no_year_is_refused(tmp_path: Path, headings: str, rows: tuple[str, ...]) -> None:
    intake = divided(tmp_path, *rows, headings=headings)
    assert kept(intake) == []
    assert found(intake)[0][2] == "STAY_NOT_DIVIDED"
    assert {row["claim_id"] for row in intake.rejected().to_pylist()} == {"S"}
    assert len(found(intake)) == len(rows)


def test_no_part_gets_the_id_of_another_claim(tmp_path: Path) -> None:
    intake = divided(tmp_path, f"{STAY},2023-12-30,5", f"{STAY},2024-01-02,5", OTHER.replace("T,", "S#2024,", 1))
    assert kept(intake) == ["S#2024"]
    assert found(intake)[0][2] == "PART_ID_TAKEN"


def test_a_stay_over_new_year_in_beijing_from_the_file_to_the_explanation(tmp_path: Path) -> None:
    """Settle the stay that the document works out by hand, with a visit and a stay of the new year around it."""
    head = (
        "claim_id,person_id,visit,level,group,age,admission,discharge,settlement,class,upfront_rate,service_date,amount"
    )
    stay = "A17,P1,inpatient,tertiary,retired,66,2023-12-20,2024-01-12,2024-01-12"
    rows = (
        head,
        f"{stay},B,10%,2024-01-03,1000",
        f"{stay},A,,2023-12-21,28000",
        f"{stay},B,10%,2023-12-31,3000",
        f"{stay},A,,2024-01-01,12000",
        "A18,P1,inpatient,tertiary,retired,66,2024-02-18,2024-02-20,2024-02-20,A,,2024-02-18,11300",
    )
    claims, out = tmp_path / "claims.csv", tmp_path / "out"
    claims.write_text("\n".join(rows), encoding="utf-8")
    run = settle_files(claims, plans=[BEIJING], out=out, formats=("csv",))
    with (out / "claims.csv").open(encoding="utf-8-sig") as file:
        settled = {row["claim_id"]: row for row in csv.DictReader(file)}
    assert list(settled) == ["A17#2023", "A17#2024", "A18"]
    amounts = {
        name: [Decimal(row[name]) for row in settled.values()]
        for name in ("in_scope", "paid.employee_pool", "paid.retiree_supplement", "person")
    }
    assert amounts == {  # by hand: see the cases of the document
        "in_scope": [30700, 12900, 11300],
        "paid.employee_pool": [26775, 12234, 9100],
        "paid.retiree_supplement": [Decimal("1312.50"), 333, 450],
        "person": [Decimal("2912.50"), 433, 1750],
    }
    assert [row["stay_part"] for row in settled.values()] == ["first", "later", ""]
    assert run.manifest is not None and run.manifest.counts["parts_added"] == 1

    first, later = explain("A17", out)
    assert (first.claim, later.claim) == ("A17#2023", "A17#2024")
    assert (first.person_fen, later.person_fen) == (291_250, 43_300)
    assert first.difference_fen == later.difference_fen == 0
    assert explain("A17#2024", out) == (later,)
