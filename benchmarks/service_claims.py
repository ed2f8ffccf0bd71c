"""A seeded workload for the service: insured persons of five shipped plans, and bills of 20 lines for them."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.rules import SHIPPED_TABLES
from api.wire.values import AMOUNT_DECIMALS, decimal

LINES = 20
CODES = 400
"""Drugs and services that hospitals bill; the 20 lines of a bill have different ones."""

QUANTITIES = range(1, 6)


@dataclass(frozen=True, slots=True)
class Insured:
    """Who is covered by one of the plans, where they go, what for, and when: on days when their plan is in force."""

    scheme: str
    place: str
    group: str
    hospital: str
    visit: str
    admission: str
    discharge: str

    @property
    def prefix(self) -> str:
        """Begins the numbers of its persons."""
        return f"L{self.place}"


INSURED = (
    Insured("employee_basic", "110000", "in_service", "H11000000001", "outpatient", "2023-05-08", "2023-05-08"),
    Insured("resident_basic", "340300", "adult", "H34030000001", "inpatient", "2023-05-08", "2023-05-12"),
    Insured("employee_basic", "510100", "in_service", "H51010000001", "inpatient", "2022-05-08", "2022-05-12"),
    Insured("resident_basic", "140100", "adult", "H14010000001", "inpatient", "2023-05-08", "2023-05-12"),
    Insured("resident_basic", "532900", "adult", "H53290000003", "outpatient", "2023-05-08", "2023-05-08"),
)
"""Beijing, Bengbu, Chengdu, Taiyuan, Dali."""


def write_members(path: Path, persons: int) -> None:
    """Write a members file of so many persons, as many of each plan."""
    with path.open("w", encoding="utf-8") as file:
        file.write("person_id,scheme,place,group,sex,birth_date,valid_from\n")
        for number in range(persons):
            own = INSURED[number % len(INSURED)]
            sex, birth = ("male", "female")[number // 5 % 2], f"{1950 + number % 50}-02-03"
            file.write(f"{own.prefix}{number:06},{own.scheme},{own.place},{own.group},{sex},{birth},2020-01-01\n")


@dataclass(frozen=True, slots=True)
class Bill:
    """One request: the hospital that sends it, and its body."""

    hospital: str
    body: bytes


def bills(persons: int, seed: int) -> Iterator[Bill]:
    """Give bills without end, no two of one receipt; persons come back by chance."""
    chance = random.Random(seed)
    prices = _prices(chance)
    for number in itertools.count():
        person = chance.randrange(persons)
        own = INSURED[person % len(INSURED)]
        lines, total = [], 0
        for row, (code, fen) in enumerate(chance.sample(prices, LINES), 1):
            quantity = chance.choice(QUANTITIES)
            total += fen * quantity
            lines.append(
                {
                    "line_id": str(row),
                    "item_code": code,
                    "amount": decimal(fen * quantity, AMOUNT_DECIMALS),
                    "quantity": str(quantity),
                    "price": decimal(fen, AMOUNT_DECIMALS),
                }
            )
        said = {
            "message_id": f"S{seed}-{number}",
            "visit_id": f"V{seed}-{number}",
            "receipt_id": "1",
            "person_id": f"{own.prefix}{person:06}",
            "visit": own.visit,
            "admission": own.admission,
            "discharge": own.discharge,
            "total": decimal(total, AMOUNT_DECIMALS),
            "lines": lines,
        }
        yield Bill(own.hospital, orjson.dumps(said))


def _prices(chance: random.Random) -> list[tuple[str, int]]:
    """Give item codes of the shipped national tables, each with a price in fen."""
    tables = (SHIPPED_TABLES / "items.cn.drugs.csv", SHIPPED_TABLES / "items.cn.services.csv")
    rows = [row for table in tables for row in csv.DictReader(table.read_text("utf-8").splitlines())]
    codes = sorted({row["code"] for row in rows} - {row["code"] for row in rows if row["restriction"]})
    return [(code, chance.randrange(100, 5_000)) for code in chance.sample(codes, CODES)]
