"""Periods of facilities against a plain reading of the table."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.columns import Category
from adjudicator.reasons import ClaimReason
from catalogs.tables import Facilities, load

HEADER = "code,name,place,level,facility_kind,agreement_from,agreement_until,agreement_visits,source"
CODES = ("H1", "H2", "H3")
LEVELS = ("tertiary", "secondary", "primary")
VISITS = ("inpatient", "outpatient", "pharmacy")
AGREED = ("*", "-", "inpatient", "outpatient inpatient")
BASE = np.datetime64("2020-01-01", "D")

Period = tuple[str, int, int | None, str, str]


@st.composite
def periods(draw: st.DrawFn) -> list[Period]:
    """Periods (code, from, until, level, visits) without overlap, in any order."""
    rows: list[Period] = []
    for code in CODES[: draw(st.integers(0, 3))]:
        edges = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=4)))
        for start, following in zip(edges, [*edges[1:], None], strict=True):
            until = following if following is None or draw(st.booleans()) else start + 1
            if following is None and draw(st.booleans()):
                until = start + 2
            rows.append((code, start, until, draw(st.sampled_from(LEVELS)), draw(st.sampled_from(AGREED))))
    return draw(st.permutations(rows))


def built(rows: list[Period]) -> Facilities:
    lines = [HEADER]
    for code, start, until, level, agreed in rows:
        end = "" if until is None else str(BASE + until)
        lines.append(f"{code},Name,340300,{level},hospital,{BASE + start},{end},{agreed},own")
    with TemporaryDirectory() as folder:
        Path(folder, "facilities.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load(Path(folder)).facilities


def expected(rows: list[Period], code: str, day: int, visit: str | None) -> tuple[int, str | None]:
    own = sorted((row for row in rows if row[0] == code), key=lambda row: row[1])
    if not own:
        return ClaimReason.UNKNOWN_FACILITY, None
    begun = [row for row in own if row[1] <= day]
    _, start, until, level, agreed = begun[-1] if begun else own[0]
    if not start <= day or (until is not None and day >= until) or agreed == "-":
        return ClaimReason.NOT_DESIGNATED, level
    return (0 if agreed == "*" or (visit in agreed.split()) else ClaimReason.OUT_OF_AGREEMENT), level


@settings(max_examples=60, deadline=None)
@given(periods())
def test_every_day_and_visit(rows: list[Period]) -> None:
    facilities = built(rows)
    asked = [(code, day, visit) for code in (*CODES, "H9") for day in range(-1, 24) for visit in (*VISITS, None)]
    found = facilities.rows_of([code for code, _, _ in asked])
    dates = np.array([(BASE + day).astype(np.int64) for _, day, _ in asked], np.int32)
    period = facilities.periods_at(found, dates)
    reasons = facilities.reasons(found, period, dates, Category.encode([visit for _, _, visit in asked]))
    levels = facilities.attribute("level", period).decode()
    for i, (code, day, visit) in enumerate(asked):
        assert (int(reasons[i]), levels[i]) == expected(rows, code, day, visit), (code, day, visit)
