"""Plan, cover, person, facility and place: what the door works out for each claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adjudicator.catalog import days
from adjudicator.columns import Category, Flags, Number
from adjudicator.reasons import ClaimReason
from adjudicator.rulebook import Key, KeyKind, State, Table
from api.door.building import Setting, zone_of
from api.door.intake import Intake
from api.door.programs import PlanFinder
from tests.door.setting import MEMBERS, SETTING, constant, program, take

HEAD = "claim_id,person_id,facility_code,visit,admission,discharge,settlement,item_code,quantity,price,amount"


def claim(number: int, person: str, day: str, visit: str = "outpatient", facility: str = "H1", until: str = "") -> str:
    return f"C{number},{person},{facility},{visit},{day},{until},,X1,1,5,5\n"


def reasons(intake: Intake) -> list[str]:
    assert intake.batch.reason is not None
    return [ClaimReason(r).name for r in intake.batch.reason.tolist()]


def words(intake: Intake, name: str) -> list[str | None]:
    column = intake.batch.attributes[name]
    assert isinstance(column, Category)
    return column.decode()


def numbers(intake: Intake, name: str) -> list[int]:
    column = intake.batch.attributes[name]
    assert isinstance(column, Number)
    return column.values.tolist()


def marks(intake: Intake) -> list[set[str]]:
    column = intake.batch.attributes["status"]
    assert isinstance(column, Flags)
    return [{v for i, v in enumerate(column.values) if bits >> i & 1} for bits in column.bits.tolist()]


def test_cover_by_day(tmp_path: Path) -> None:
    rows = [
        claim(1, "P1", "2023-12-31"),
        claim(2, "P2", "2023-03-31"),
        claim(3, "P2", "2023-04-01"),
        claim(4, "P3", "2023-03-31"),
        claim(5, "P1", "2022-12-31", facility=""),
    ]
    intake = take(tmp_path, "".join(rows), headings=HEAD)
    assert reasons(intake) == ["NONE", "NONE", "NOT_COVERED", "SUSPENDED", "NOT_COVERED"]
    assert intake.batch.plan.decode() == ["cn.test.residents"] * 5


def test_cover_is_asked_for_the_date_the_plan_names(tmp_path: Path) -> None:
    rows = claim(1, "P2", "2023-03-30", "inpatient", until="2023-04-02")
    by_admission = take(tmp_path, rows, headings=HEAD)
    late = Setting((program(coverage_by="discharge"),), SETTING.index, SETTING.facilities)
    by_discharge = take(tmp_path, rows, headings=HEAD, setting=late)
    assert (reasons(by_admission), reasons(by_discharge)) == (["NONE"], ["NOT_COVERED"])


def test_facilities(tmp_path: Path) -> None:
    rows = [
        claim(1, "P1", "2023-05-01", facility="H1"),
        claim(2, "P1", "2023-05-01", "inpatient", facility="H2", until="2023-05-04"),
        claim(3, "P1", "2023-05-01", facility="H9"),
        claim(4, "P1", "2023-05-01", facility="H3"),
    ]
    late = MEMBERS.replace("2023-12-31,1,15,1", "2024-12-31,1,15,1")
    rows.append(claim(5, "P1", "2024-05-01", facility="H2"))
    intake = take(tmp_path, "".join(rows), headings=HEAD, members=late)
    assert reasons(intake) == ["NONE", "OUT_OF_AGREEMENT", "UNKNOWN_FACILITY", "NONE", "NOT_DESIGNATED"]
    assert words(intake, "level") == ["tertiary", "secondary", None, "township", "secondary"]
    assert words(intake, "zone") == ["local", "out_of_province", None, "in_province", "out_of_province"]
    assert numbers(intake, "days") == [1, 3, 1, 1, 1]
    assert intake.batch.lines.item.tolist() == [0, 10, 0, 20, 10]


@pytest.mark.parametrize(
    ("home", "away", "zone"),
    [
        ("340300", "340321", "local"),
        ("340300", "340300", "local"),
        ("340300", "340100", "in_province"),
        ("340300", "310115", "out_of_province"),
        ("110000", "110105", "local"),
        ("", "110105", ""),
        ("340300", "", ""),
    ],
)
def test_zone(home: str, away: str, zone: str) -> None:
    assert zone_of(home, away) == zone


def test_person_attributes_are_those_of_the_day_of_status(tmp_path: Path) -> None:
    members = (
        "person_id,scheme,place,valid_from,valid_until,psn_type,birth_date,status,household\n"
        "P1,310,340300,2023-01-01,2023-05-01,11,1963-05-02,,F1\n"
        "P1,310,340300,2023-05-01,,12,1963-05-02,poor@2023-05-05..2023-05-10;veteran,F1\n"
    )
    rows = [
        claim(1, "P1", "2023-04-28", "inpatient", until="2023-05-01"),
        claim(2, "P1", "2023-05-05", "inpatient", until="2023-05-10"),
        claim(3, "P1", "2023-05-10", "inpatient", until="2023-05-11"),
    ]
    plan = program(scheme="employee_basic")
    intake = take(tmp_path, "".join(rows), headings=HEAD, members=members, setting=Setting((plan,)))
    assert words(intake, "group") == ["retired"] * 3
    assert numbers(intake, "age") == [59, 60, 60]
    assert marks(intake) == [{"veteran"}, {"poor", "veteran"}, {"veteran"}]
    assert words(intake, "household") == ["F1"] * 3
    by_admission = Setting((program(scheme="employee_basic", status_at="admission"),))
    intake = take(tmp_path, "".join(rows), headings=HEAD, members=members, setting=by_admission)
    assert words(intake, "group") == ["in_service", "retired", "retired"]
    assert numbers(intake, "age") == [59 - 0, 60, 60]


def test_a_person_in_two_schemes(tmp_path: Path) -> None:
    members = (
        "person_id,insutype,valid_from,psn_insu_stas,psn_type\n"
        "P1,390,2023-01-01,1,15\nP1,310,2023-03-01,1,11\nP1,320,2023-01-01,1,11\n"
        "P2,310,2023-01-01,2,11\nP2,390,2023-01-01,1,15\n"
    )
    rows = [
        "C1,P1,2023-02-01,,A,5\n",
        "C2,P1,2023-04-01,,A,5\n",
        "C3,P1,2023-04-01,390,A,5\n",
        "C4,P2,2023-04-01,,A,5\n",
        "C5,P2,2023-04-01,310,A,5\n",
        "C6,P2,2023-04-01,510,A,5\n",
    ]
    plans = Setting((program("residents"), program("employees", scheme="employee_basic")))
    headings = "claim_id,person_id,date,insutype,class,amount"
    intake = take(tmp_path, "".join(rows), headings=headings, members=members, setting=plans)
    assert intake.batch.plan.decode()[:5] == ["residents", "employees", "residents", "residents", "employees"]
    assert reasons(intake) == ["NONE", "NONE", "NONE", "NONE", "SUSPENDED", "NO_PLAN"]
    assert words(intake, "group")[:5] == ["adult", "in_service", "adult", "adult", "in_service"]


def test_plans_are_found_by_place_and_time() -> None:
    old = program("old", valid_until=days("2023-01-01"))
    new = program("new", valid_from=days("2023-01-01"))
    province = program("province", place="340000", scheme="employee_basic")
    other = program("other", place="310000")
    finder = PlanFinder((old, new, province, other))
    day = days("2023-06-01")
    found = [
        finder.find("", "resident_basic", "340300", day),
        finder.find("", "resident_basic", "340321", day),
        finder.find("", "resident_basic", "340300", days("2022-06-01")),
        finder.find("", "resident_basic", "340300", days("2031-06-01")),
        finder.find("", "employee_basic", "340300", day),
        finder.find("", "resident_basic", "", day),
        finder.find("", "resident_basic", "350000", day),
        finder.find("other", "", "", day),
        finder.find("none", "", "", day),
    ]
    assert found == [1, 1, 0, 1, 2, -1, -1, 3, -1]


def test_waiting_runs_from_the_start_of_unbroken_cover(tmp_path: Path) -> None:
    join = Key(KeyKind.CATEGORY, "join", ("late",))
    waiting = Table((join,), np.array([3, 0, 0]), np.zeros(3, np.uint8), np.full(3, -1, np.int32))
    members = (
        "person_id,scheme,valid_from,valid_until,join\n"
        "P1,390,2023-01-15,2023-03-01,late\nP1,390,2023-03-01,,late\n"
        "P2,390,2023-01-15,2023-03-01,late\nP2,390,2023-03-02,,late\n"
        "P3,390,2023-01-15,,window\n"
    )
    rows = [
        claim(1, "P1", "2023-04-14"),
        claim(2, "P1", "2023-04-15"),
        claim(3, "P2", "2023-04-15"),
        claim(4, "P2", "2023-06-02"),
        claim(5, "P3", "2023-01-15"),
    ]
    plan = Setting((program(waiting=waiting),))
    intake = take(tmp_path, "".join(rows), headings=HEAD, members=members, setting=plan)
    assert reasons(intake) == ["WAITING", "NONE", "WAITING", "NONE", "NONE"]
    unknown = Setting((program(waiting=constant(0, State.NOT_STATED)),))
    assert reasons(take(tmp_path, rows[0], headings=HEAD, members=members, setting=unknown)) == ["NOT_STATED"]


def test_claims_are_ordered_as_the_plan_says(tmp_path: Path) -> None:
    headings = "claim_id,person_id,admission,discharge,settlement,class,amount"
    rows = "C1,P1,2023-03-01 08:00,2023-03-02,2023-03-02 10:11:12,A,5\n"
    by_settlement = take(tmp_path, rows, headings=headings)
    early = Setting((program(order_by="admission"),))
    by_admission = take(tmp_path, rows, headings=headings, setting=early)
    assert by_settlement.batch.order_time.tolist() == [days("2023-03-02") * 86_400 + 36_672]
    assert by_admission.batch.order_time.tolist() == [days("2023-03-01") * 86_400 + 28_800]


def test_days_left_out(tmp_path: Path) -> None:
    headings = "claim_id,person_id,visit,admission,settlement,fee_ocur_time,class,amount"
    rows = (
        "A,P1,21,2023-03-01,2023-03-09,,A,5\nB,P1,11,,2023-03-09,2023-03-07,A,5\nB,P1,11,,2023-03-09,2023-03-06,A,5\n"
    )
    batch = take(tmp_path, rows, headings=headings).batch
    assert batch.admission.tolist() == [days("2023-03-01"), days("2023-03-06")]
    assert batch.discharge.tolist() == [days("2023-03-09"), days("2023-03-06")]
    assert batch.lines.service_date.tolist() == [days("2023-03-01"), days("2023-03-07"), days("2023-03-06")]


def test_columns_that_only_a_plan_knows(tmp_path: Path) -> None:
    keys = (Key(KeyKind.CATEGORY, "access", ("direct",)), Key(KeyKind.NUMBER, "wards", (), np.array([0])))
    table = Table(keys, np.zeros(6, np.int64), np.zeros(6, np.uint8), np.full(6, -1, np.int32))
    plan = Setting((program(excluded_if=table, amounts=("third_party",)),))
    headings = "claim_id,person_id,date,class,amount,access,wards,third_party,other"
    intake = take(tmp_path, "C1,P1,2023-03-01,A,5,direct,2,1.50,x\n", headings=headings, setting=plan)
    assert words(intake, "access") == ["direct"]
    assert numbers(intake, "wards") == [2]
    assert intake.batch.amounts["third_party"].tolist() == [150]
    assert "other" not in intake.batch.attributes
