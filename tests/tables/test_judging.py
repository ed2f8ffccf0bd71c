"""The own catalogs in the line stage of the kernel: what a bill's lines become."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from adjudicator.batch import Batch, Lines
from adjudicator.catalog import days
from adjudicator.columns import Category, Number
from adjudicator.lines import judge
from adjudicator.reasons import LineReason
from adjudicator.rulebook import LineRules, Program, State, Table
from adjudicator.tables import ClaimCodes
from catalogs.tables import OWN_DATA, Catalogs, load


@dataclass(frozen=True)
class Line:
    """One line of one claim, in yuan."""

    place: str
    code: str
    day: str
    price: int
    quantity: int = 1
    level: str = "tertiary"
    visit: str = "inpatient"
    diagnosis: str | None = None
    sex: str = "female"
    age: int = 40
    confirmed: int = -1


own = cache(lambda: load(OWN_DATA))


def judged(line: Line) -> tuple[list[float], LineReason]:
    """Give the four buckets in yuan and the reason, for a resident's line."""
    catalogs: Catalogs = own()
    one = Category.encode(["1"])
    day = np.array([days(line.day)], np.int32)
    lines = Lines(
        first=np.array([0, 1]),
        item=catalogs.index.rows_of(line.place, [line.code]),
        service_date=day,
        amount_fen=np.array([line.price * line.quantity * 100]),
        quantity_e4=np.array([line.quantity * 10_000]),
        price_e6=np.array([line.price * 10**6]),
        confirmed=np.array([line.confirmed], np.int8),
    )
    words = {"level": line.level, "visit": line.visit, "diagnosis": line.diagnosis, "sex": line.sex}
    attributes = {name: Category.encode([word]) for name, word in words.items()}
    batch = Batch(
        one, one, one, np.array([0]), day, day, day, lines, {**attributes, "age": Number(np.array([line.age]))}
    )
    table = Table((), np.zeros(1, np.int64), np.array([State.EXACT], np.uint8), np.array([-1], np.int32))
    program = Program("1", "resident_basic", (), (), LineRules(1, table), 0, 100_000)
    found = judge(batch, program, catalogs.catalog, ClaimCodes(batch, program, None))
    buckets = (found.lines.in_scope, found.lines.upfront, found.lines.over_limit, found.lines.self_funded)
    return [int(bucket[0]) / 100 for bucket in buckets], LineReason(int(found.lines.reason[0]))


VALVE, BED, TRASTUZUMAB, GINSENG = "M-048", "B-01", "XL01F-01I", "T-041"


@pytest.mark.parametrize(
    ("line", "buckets", "reason"),
    [
        # a domestic valve in Suzhou: price limit 50,000 and 30 %, since 2023-08-10 no limit and 20 %
        (
            Line("320500", VALVE, "2023-08-09", 210_000),
            [35_000, 15_000, 160_000, 0],
            LineReason.OVER_CEILING_AND_UPFRONT,
        ),
        (Line("320500", VALVE, "2023-08-10", 210_000), [168_000, 42_000, 0, 0], LineReason.UPFRONT),
        (Line("320500", VALVE, "2023-08-10", 40_000), [36_000, 4_000, 0, 0], LineReason.UPFRONT),
        # beds in Shanghai: 48, 37 or 25 yuan a day by level
        (Line("310101", BED, "2023-01-01", 60, 10), [480, 0, 120, 0], LineReason.OVER_CEILING),
        (Line("310101", BED, "2023-01-01", 60, 10, level="secondary"), [370, 0, 230, 0], LineReason.OVER_CEILING),
        (Line("310101", BED, "2023-01-01", 20, 10, level="township"), [200, 0, 0, 0], LineReason.IN_SCOPE),
        (Line("310101", BED, "2023-01-01", 20, 1, visit="outpatient"), [0, 0, 0, 20], LineReason.RESTRICTED_SETTING),
        # an item of the nation with the nation's usual rate, where a place has nothing of its own
        (Line("650100", "S-I05", "2023-01-01", 200), [180, 20, 0, 0], LineReason.UPFRONT),
        # Bengbu, examinations: 20 % from 200 yuan on, above the province's price
        (Line("340300", "S-I06", "2023-01-01", 199), [199, 0, 0, 0], LineReason.IN_SCOPE),
        (Line("340300", "S-I06", "2023-01-01", 300), [240, 60, 0, 0], LineReason.UPFRONT),
        # women's and men's examinations, class C, a code nobody knows, a day before the catalog
        (Line("340300", "S-I20", "2023-01-01", 50, sex="female"), [0, 0, 0, 50], LineReason.RESTRICTED_SEX),
        (Line("340300", "S-I11", "2023-01-01", 7_000), [0, 0, 0, 7_000], LineReason.CLASS_C),
        (Line("340300", "nothing", "2023-01-01", 70), [0, 0, 0, 70], LineReason.UNKNOWN_ITEM),
        (Line("340300", "T-001", "2019-12-31", 70), [0, 0, 0, 70], LineReason.NOT_IN_FORCE),
        # a negotiated drug: its price, the rate of the kind of visit, and a restriction on diagnosis and in words
        (
            Line("340300", TRASTUZUMAB, "2019-12-31", 8_000, diagnosis="C50.9", confirmed=1),
            [6_080, 1_520, 400, 0],
            LineReason.OVER_CEILING_AND_UPFRONT,
        ),
        (
            Line("340300", TRASTUZUMAB, "2023-01-01", 6_000, diagnosis="C50.9", confirmed=1),
            [4_400, 1_100, 500, 0],
            LineReason.OVER_CEILING_AND_UPFRONT,
        ),
        (
            Line("340300", TRASTUZUMAB, "2023-01-01", 5_500, visit="dual_channel", diagnosis="C50.9", confirmed=1),
            [5_500, 0, 0, 0],
            LineReason.IN_SCOPE,
        ),
        (
            Line("340300", TRASTUZUMAB, "2023-01-01", 5_500, diagnosis="C34.1", confirmed=1),
            [0, 0, 0, 5_500],
            LineReason.RESTRICTED_DIAGNOSIS,
        ),
        (
            Line("340300", TRASTUZUMAB, "2023-01-01", 5_500, diagnosis="C50.9"),
            [0, 0, 0, 5_500],
            LineReason.PENDED_RESTRICTION,
        ),
        # herbs paid only in compounds: the hospital has to say so
        (Line("340300", GINSENG, "2023-01-01", 100, confirmed=1), [90, 10, 0, 0], LineReason.UPFRONT),
        (Line("340300", GINSENG, "2023-01-01", 100, confirmed=0), [0, 0, 0, 100], LineReason.RESTRICTION_NOT_MET),
    ],
)  # fmt: skip
def test_lines_of_real_places(line: Line, buckets: list[float], reason: LineReason) -> None:
    assert judged(line) == (buckets, reason)
