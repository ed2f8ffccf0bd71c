"""Overlays against an oracle that asks day by day what each place says."""

from __future__ import annotations

import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from adjudicator.catalog import CLASSES, days
from catalogs.tables import CatalogError, load
from catalogs.tables.checking import place_chain
from tests.tables.conftest import ITEM_COLUMNS

START = days("2020-01-01")
PLACES = ("CN", "340000", "340300", "340302")
CODES = ("D1", "D2")

Row = dict[str, str]


def iso(day: int) -> str:
    return (datetime.date(2020, 1, 1) + datetime.timedelta(day)).isoformat()


@st.composite
def lists(draw: st.DrawFn) -> list[tuple[str, str, int, int | None, Row]]:
    """Rows (place, code, from, until, cells) without overlap inside a place; the nation gives every cell it can."""
    rows = []
    whole = draw(st.integers(0, 3)) > 0  # the nation has the items on every day
    for place in PLACES:
        for code in CODES:
            edges = sorted(draw(st.sets(st.integers(0, 12), max_size=4)) | ({0} if whole and place == "CN" else set()))
            for i, start in enumerate(edges):
                last = i == len(edges) - 1
                until = (
                    None
                    if last and ((whole and place == "CN") or draw(st.booleans()))
                    else (start + 3 if last else edges[i + 1])
                )
                cells = {
                    "class": draw(st.sampled_from(("A", "B", "C", ""))),
                    "upfront": draw(st.sampled_from(("", "0%", "5%", "20%"))),
                    "schedule": "",
                    "ceiling": draw(st.sampled_from(("", "-", "7", "9"))),
                    "marks": draw(st.sampled_from(("", "-", "tcm", "essential tcm"))),
                }
                if cells["upfront"] == "" and draw(st.booleans()):
                    cells["schedule"] = draw(st.sampled_from(("S1", "-")))
                if place == "CN":
                    cells["class"] = cells["class"] or "B"
                rows.append((place, code, start, until, cells))
    return rows


Rate = tuple[str, str, str, int, int | None]
rates = st.lists(
    st.tuples(
        st.sampled_from(PLACES), st.sampled_from(("A", "B")), st.sampled_from(("", "tcm")), st.integers(0, 12),
        st.one_of(st.none(), st.integers(13, 15)),
    ),
    max_size=3,
)  # fmt: skip


def oracle(rows: list, usual: list[Rate], place: str, code: str, day: int) -> Row | None:
    """Give what holds for one place, code and day, by reading the rules of docs/catalog-tables.md literally."""
    result: Row = {}
    for larger in reversed(place_chain(place)):
        for where, what, start, until, cells in rows:
            if (where, what) == (larger, code) and start <= day and (until is None or day < until):
                if cells["upfront"] or cells["schedule"]:
                    result.update(upfront="", schedule="")
                result.update({name: cell for name, cell in cells.items() if cell})
                result["found"] = "yes"
    if not result:
        return None
    if not result.get("upfront") and result.get("schedule", "") in ("", "-"):
        marks = result.get("marks", "").split()
        for larger in place_chain(place):
            fitting = [
                (i, rate)
                for i, rate in enumerate(usual)
                if rate[0] == larger and rate[1] == result.get("class") and (not rate[2] or rate[2] in marks)
                and rate[3] <= day and (rate[4] is None or day < rate[4])
            ]  # fmt: skip
            if fitting:
                result["upfront"] = f"{fitting[0][0] + 1}1%"
                break
    return result


def write(folder: Path, rows: list, usual: list[Rate]) -> None:
    lines = [ITEM_COLUMNS]
    for place, code, start, until, cells in rows:
        name, kind = ("One", "drug") if place == "CN" else ("", "")
        values = [place, code, name, kind, "", cells["class"], "", cells["marks"], cells["upfront"], cells["schedule"]]
        values += [cells["ceiling"], "", iso(start), "" if until is None else iso(until), "own"]
        lines.append(",".join(values))
    (folder / "items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "schedules.csv").write_text("id,rate\nS1,30%\n", encoding="utf-8")
    lines = ["place,class,mark,upfront,valid_from,valid_until,source"]
    for i, (place, letter, mark, start, until) in enumerate(usual):
        lines.append(f"{place},{letter},{mark},{i + 1}1%,{iso(start)},{'' if until is None else iso(until)},own")
    (folder / "usual_rates.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@settings(max_examples=150, deadline=None)
@given(lists(), rates)
def test_every_day_of_every_place(rows: list, usual: list[Rate]) -> None:
    incomplete = any(
        (found := oracle(rows, usual, place, code, day)) and not (found.get("class") and in_nation(rows, code, day))
        for place in PLACES for code in CODES for day in range(17)
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        write(Path(folder), rows, usual)
        event("incomplete" if incomplete else "compared")
        if incomplete:
            with pytest.raises(CatalogError, match="CATALOG_NOTHING_TO_INHERIT"):
                load(Path(folder))
            return
        catalogs = load(Path(folder))
    catalog = catalogs.catalog
    for place in PLACES:
        for code, item in zip(CODES, catalogs.index.rows_of(place, CODES).tolist(), strict=True):
            for day in range(17):
                expected = oracle(rows, usual, place, code, day)
                versions = [] if item < 0 else range(catalog.first[item], catalog.first[item + 1])
                holds = [v for v in versions if catalog.valid_from[v] <= START + day < catalog.valid_until[v]]
                assert len(holds) == (expected is not None), (place, code, day)
                if expected is None:
                    continue
                v = holds[0]
                assert CLASSES[catalog.item_class[v]] == expected["class"]
                marks = {n for i, n in enumerate(catalog.mark_names) if catalog.marks[v] >> i & 1}
                assert marks == set(expected.get("marks", "").replace("-", "").split())
                assert catalog.upfront_ppm[v] == int((expected.get("upfront") or "0%")[:-1]) * 10_000
                assert (catalog.upfront_schedule[v] >= 0) == (expected.get("schedule") == "S1")
                price = -1 if catalog.ceiling[v] < 0 else int(catalog.ceilings_e6[catalog.ceiling[v], -1])
                assert price == {"7": 7_000_000, "9": 9_000_000}.get(expected.get("ceiling", ""), -1)


def in_nation(rows: list, code: str, day: int) -> bool:
    """Say whether the nation has the item on the day (only its rows give name and kind)."""
    return any(
        place == "CN" and what == code and start <= day and (until is None or day < until)
        for place, what, start, until, _ in rows
    )


def test_versions_that_say_the_same_are_joined(tmp_path: Path) -> None:
    cells = {"class": "B", "upfront": "5%", "schedule": "", "ceiling": "", "marks": ""}
    write(tmp_path, [("CN", "D1", 0, None, cells), ("340000", "D1", 3, 5, {**cells, "class": ""})], [])
    catalogs = load(tmp_path)
    item = int(catalogs.index.rows_of("340000", ["D1"])[0])
    assert catalogs.catalog.first[item + 1] - catalogs.catalog.first[item] == 3


@pytest.mark.parametrize(
    ("place", "chain"),
    [
        ("CN", ("CN",)),
        ("340000", ("340000", "CN")),
        ("340300", ("340300", "340000", "CN")),
        ("340302", ("340302", "340300", "340000", "CN")),
    ],
)
def test_chain_of_places(place: str, chain: tuple[str, ...]) -> None:
    assert place_chain(place) == chain
