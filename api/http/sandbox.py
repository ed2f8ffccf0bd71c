"""The sandbox: a ledger with persons that do not exist, and a claim to begin with."""

from __future__ import annotations

from pathlib import Path

import orjson

from api.ledger.database import Database
from api.service.loading import load_members
from api.service.world import World
from api.wire.identity import Keyring

HEADINGS = "person_id,scheme,place,group,sex,birth_date,valid_from,valid_until,cover"
PERSONS = (
    ("S0000001", "employee_basic,110000,in_service,male,1980-03-01,2020-01-01,,normal"),
    ("S0000002", "employee_basic,110000,retired,female,1950-05-17,2020-01-01,,normal"),
    ("S0000003", "employee_basic,110000,in_service,male,1985-02-28,2020-01-01,,suspended"),
    ("S0000004", "employee_basic,110000,in_service,male,1985-02-28,2020-01-01,2022-01-01,normal"),
    ("S0000005", "resident_basic,340300,adult,female,1971-11-02,2020-01-01,,normal"),
)
"""In service, retired, suspended, no longer insured, a resident of another province: by number, with their cover."""

CLAIM = {
    "visit_id": "V1",
    "receipt_id": "1",
    "person_id": "S0000001",
    "visit": "outpatient",
    "admission": "2023-05-06",
    "total": "3000.00",
    "lines": [{"line_id": "1", "item_code": "XA02BC-01P", "amount": "3000.00", "quantity": "1", "price": "3000.00"}],
}


def fill(database: Database, folder: Path, keyring: Keyring, world: World) -> Path:
    """Load the persons, and write a claim to begin with; give its file."""
    folder.mkdir(parents=True, exist_ok=True)
    members, claim = folder / "members.csv", folder / "claim.json"
    rows = "".join(f"{number},{cover}\n" for number, cover in PERSONS)
    members.write_text(f"{HEADINGS}\n{rows}", encoding="utf-8")
    claim.write_bytes(orjson.dumps(CLAIM, option=orjson.OPT_INDENT_2))
    load_members(database, members, keyring, world)
    return claim
