"""A small plan, catalog rows, facilities and members for the tests of the door."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from adjudicator.catalog import days
from adjudicator.columns import Category
from adjudicator.rulebook import LineRules, Program, Table
from api.door.building import Setting
from api.door.documents import batch_from_files
from api.door.intake import Intake
from catalogs.tables.facilities import Facilities

BENGBU = "340300"


def constant(value: int, state: int = 0) -> Table:
    return Table((), np.array([value]), np.array([state], np.uint8), np.full(1, -1, np.int32))


def program(name: str = "cn.test.residents", **fields: object) -> Program:
    usual: dict[str, object] = {
        "scheme": "resident_basic",
        "layers": (),
        "counters": (),
        "lines": LineRules(1, constant(0)),
        "valid_from": days("2020-01-01"),
        "valid_until": days("2030-01-01"),
        "place": BENGBU,
    }
    return Program(name, **{**usual, **fields})  # type: ignore[arg-type]


class OneCatalog:
    """Knows the codes X1 and X2 in every place, under rows that tell the place."""

    def rows_of(self, place: str, codes: Sequence[str] | pa.Array) -> np.ndarray:
        codes = codes.to_pylist() if isinstance(codes, pa.Array) else codes
        base = {"340300": 0, "310000": 10}.get(place, 20)
        return np.array([{"X1": base, "X2": base + 1}.get(code, -1) for code in codes], np.int32)


def facilities() -> Facilities:
    """H1 in Bengbu (agreement in 2023, all visits), H2 in Shanghai (outpatient only), H3 elsewhere in Anhui."""
    codes = ("H1", "H2", "H3")
    start, until = days("2023-01-01"), days("2024-01-01")
    words = {
        "place": ("340300", "310000", "340100"),
        "level": ("tertiary", "secondary", "township"),
        "administration": ("city", "city", "county"),
        "price_class": ("one", "two", "three"),
        "facility_kind": ("hospital", "hospital", "hospital"),
    }
    return Facilities(
        codes,
        np.arange(4, dtype=np.int32),
        np.full(3, start, np.int32),
        np.full(3, until, np.int32),
        np.array([0b111, 0b001, 0b111]),
        ("outpatient", "inpatient"),
        {
            name: Category(np.arange(3, dtype=np.int32) % len(set(v)), tuple(dict.fromkeys(v)))
            for name, v in words.items()
        },
        {code: i for i, code in enumerate(codes)},
    )


MEMBERS = """person_id,scheme,place,valid_from,valid_through,psn_insu_stas,psn_type,sex,birth_date,status
P1,390,340300,2023-01-01,2023-12-31,1,15,1,1960-02-29,低保;veteran@2023-04-01..
P2,390,340300,2023-01-01,2023-03-31,1,1402,2,2020-06-01,
P3,390,340300,2023-01-01,2023-12-31,2,15,2,2000-01-01,
"""

HEADINGS = (
    "claim_id,person_id,facility_code,visit,admission,discharge,item_code,service_date,quantity,price,amount,line_id"
)

SETTING = Setting((program(),), OneCatalog(), facilities())  # type: ignore[arg-type]


def take(
    folder: Path,
    rows: str | bytes,
    members: str | None = MEMBERS,
    lines: str | None = None,
    headings: str = HEADINGS,
    setting: Setting = SETTING,
    name: str = "claims.csv",
) -> Intake:
    """Write files and take them in."""
    text = f"{headings}\n{rows}".encode() if isinstance(rows, str) else rows
    (folder / name).write_bytes(text)
    (folder / "members.csv").write_text(members or "")
    (folder / "lines.csv").write_text(lines or "")
    return batch_from_files(
        folder / name, folder / "lines.csv" if lines else None, folder / "members.csv" if members else None, setting
    )


def found(intake: Intake) -> list[tuple[int, str, str]]:
    """Give (row, column, code) of all refused rows of the claims file."""
    return [(r["row"], r["column"], r["code"]) for r in intake.rejected().to_pylist()]


def kept(intake: Intake) -> list[str]:
    """Give the ids of the claims in the batch."""
    return [str(c) for c in intake.batch.claim_id.decode()]
