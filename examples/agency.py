"""Files of a made-up agency: claims of several places, schemes and kinds of visit, as its Excel would write them.

Persons, claims and amounts are invented (seeded: the same files every time); facilities and items are those of the
shipped catalogs. Some rows are wrong on purpose, in the ways in which such files are wrong.

    python -m examples.agency FOLDER        writes claims.csv and members.csv (GB18030, Chinese headings, CRLF)
"""

from __future__ import annotations

import csv
import datetime
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CATALOGS = Path(__file__).parent.parent / "catalogs" / "data"
CLAIMS = 20_500
SEED = 20241122

CLAIM_HEADINGS = (
    "就诊编号", "人员编号", "险种", "医药机构编号", "医疗类别", "入院日期", "出院日期", "结算时间", "异地备案",
    "病种编码", "诊断编码", "明细流水号", "项目编码", "项目名称", "费用日期", "数量", "单价", "金额", "限制使用标志",
)  # fmt: skip
MEMBER_HEADINGS = (
    "人员编号", "险种", "参保地", "参保日期", "暂停参保日期", "人员类别", "性别", "出生日期", "困难身份", "缴费档次",
)  # fmt: skip

EMPLOYEES, RESIDENTS = "职工基本医疗保险", "城乡居民基本医疗保险"


@dataclass(frozen=True)
class Place:
    """A pooling area with the year whose plan is shipped, and how often each kind of visit occurs."""

    code: str
    year: int
    scheme: str
    weight: int
    visits: dict[str, int]
    groups: dict[str, int]
    tiers: tuple[str, ...] = ("",)
    outpatient_levels: tuple[str, ...] = ("tertiary", "secondary", "primary")


GROUPS_EMPLOYEES = {"在职职工": 68, "退休人员": 32}
GROUPS_RESIDENTS = {"成年": 45, "老年居民": 33, "中小学生": 14, "学龄前儿童": 8}
PLACES = (
    Place("340300", 2023, RESIDENTS, 22, {"普通住院": 97, "普通门诊": 3}, GROUPS_RESIDENTS),
    Place("140100", 2023, RESIDENTS, 12, {"普通住院": 88, "普通门诊": 2, "生育住院": 10}, GROUPS_RESIDENTS),
    Place("110000", 2023, EMPLOYEES, 20, {"普通住院": 30, "普通门诊": 70}, GROUPS_EMPLOYEES),
    Place("510100", 2022, EMPLOYEES, 14, {"普通住院": 80, "特药购药": 20}, GROUPS_EMPLOYEES),
    Place("440100", 2022, EMPLOYEES, 14, {"普通住院": 35, "普通门诊": 65}, GROUPS_EMPLOYEES),
    Place(
        "532900",
        2023,
        RESIDENTS,
        10,
        {"普通住院": 50, "普通门诊": 50},
        GROUPS_RESIDENTS,
        ("",),
        ("secondary", "primary"),
    ),
    Place("120000", 2022, RESIDENTS, 8, {"普通住院": 97, "普通门诊": 3}, GROUPS_RESIDENTS, ("high", "low")),
)


@dataclass(frozen=True)
class Item:
    """An item of the shipped catalogs with an invented price in fen."""

    code: str
    name: str
    kind: str
    price: int


@dataclass
class Member:
    """An insured person."""

    number: str
    place: Place
    group: str
    sex: str
    born: datetime.date
    status: str
    tier: str
    start: datetime.date
    end: datetime.date | None
    cover: list[tuple[str, ...]] = field(default_factory=list)


class Agency:
    """Invents members and claims, in a fixed order from a fixed seed."""

    def __init__(self, seed: int = SEED) -> None:
        self.random = random.Random(seed)
        self.items = read_items(self.random)
        self.facilities = read_facilities()
        self.members: list[Member] = []

    def choose(self, weights: dict[str, int]) -> str:
        """Choose a key by its weight."""
        return self.random.choices(list(weights), list(weights.values()))[0]

    def enrol(self, count: int) -> None:
        """Invent members. Their numbers have 18 digits but are no identity numbers."""
        for serial in range(count):
            place = self.random.choices(PLACES, [p.weight for p in PLACES])[0]
            group = self.choose(place.groups)
            age = {"退休人员": (58, 88), "老年居民": (60, 90), "中小学生": (7, 17), "学龄前儿童": (1, 6)}.get(
                group, (20, 57)
            )
            born = datetime.date(place.year - self.random.randint(*age), self.random.randint(1, 12), 15)
            status = self.choose({"": 930, "低保对象": 30, "特困人员": 12, "低保边缘家庭成员": 15, "重度残疾": 13})
            start = datetime.date(place.year - self.random.randint(0, 8), 1, 1)
            ends = self.random.random() < 0.01
            self.members.append(
                Member(
                    f"{place.code}{serial + 1:012d}",
                    place,
                    group,
                    self.random.choice(("男", "女")),
                    born,
                    status if place.scheme == RESIDENTS else "",
                    self.random.choice(place.tiers),
                    start,
                    datetime.date(place.year, 6, 30) if ends else None,
                )
            )

    def member_rows(self) -> Iterator[tuple[str, ...]]:
        """Give the rows of the members file."""
        for m in self.members:
            end = slashed(m.end) if m.end else ""
            yield (
                m.number, m.place.scheme, m.place.code, slashed(m.start), end, m.group, m.sex, slashed(m.born),
                m.status, m.tier,
            )  # fmt: skip

    def claim_rows(self, count: int) -> Iterator[tuple[str, ...]]:
        """Give the rows of the claims file: one a line, claims in order of their numbers."""
        for serial in range(count):
            member = self.random.choice(self.members)
            yield from self.claim(f"{member.place.year}{serial + 1:014d}", member)

    def claim(self, number: str, member: Member) -> Iterator[tuple[str, ...]]:
        """Invent one claim with its lines."""
        draw, place = self.random, member.place
        visit = self.choose(place.visits)
        stay = visit in ("普通住院", "生育住院")
        if visit == "生育住院" and (member.sex != "女" or member.group != "成年"):
            visit = "普通住院"
        day = datetime.date(place.year, 1, 3) + datetime.timedelta(draw.randint(0, 350))
        leaves = day + datetime.timedelta(draw.choice((2, 3, 4, 5, 6, 7, 8, 10, 14))) if stay else day
        away = stay and draw.random() < 0.08
        facility = self.facility(place, visit, away)
        filing = draw.choice(("已备案", "转诊", "急诊", "未备案")) if away else ""
        head = (
            number, member.number, place.scheme, facility, visit, slashed(day), slashed(leaves),
            f"{slashed(leaves)} {draw.randint(8, 17)}:{draw.randint(0, 59):02d}", filing, "", draw.choice(DIAGNOSES),
        )  # fmt: skip
        for serial, (item, quantity, price) in enumerate(self.lines(visit, stay, (leaves - day).days), start=1):
            when = day + datetime.timedelta(draw.randint(0, max((leaves - day).days, 0)))
            amount = (price * quantity + 50) // 100
            met = "" if draw.random() < 0.02 else "是"
            line = (f"{number}{serial:03d}", item.code, item.name, slashed(when), shown(quantity, 2), shown(price, 2))
            yield (*head, *line, shown(amount, 2), met)

    def facility(self, place: Place, visit: str, away: bool) -> str:
        """Choose a facility: at home, or in another place; stays mostly in hospitals of rank."""
        home = self.random.choice([p for p in PLACES if p is not place]) if away else place
        known = self.facilities[home.code]
        kinds = {"普通门诊": place.outpatient_levels, "特药购药": ("tertiary",)}.get(
            visit, ("tertiary", "tertiary", "secondary", "primary")
        )
        wanted = self.random.choice(kinds)
        found = [code for code, level in known if level == wanted] or [code for code, _ in known]
        return self.random.choice(found[:3])

    def lines(self, visit: str, stay: bool, days: int) -> list[tuple[Item, int, int]]:
        """Invent lines: (item, quantity in hundredths, price in fen). Stays are long-tailed: a few cost a fortune."""
        draw, items = self.random, self.items
        if visit == "特药购药":
            return [(draw.choice(items["drug"]), 100 * draw.randint(1, 3), draw.randint(100_000, 900_000))]
        kinds = ["service"] + ["drug"] * draw.randint(1, 3)
        if stay:
            kinds = ["bed"] + ["service"] * draw.randint(2, 4) + ["drug"] * draw.randint(2, 4)
            kinds += ["consumable"] * draw.randint(0, 2)
        scale = draw.lognormvariate(0.0, 0.9) * (2.0 if stay else 0.6)
        chosen = []
        for kind in kinds:
            item = draw.choice(items[kind])
            quantity = 100 * days if kind == "bed" else 100 * draw.randint(1, 6 if stay else 3)
            price = item.price if kind == "bed" else max(int(item.price * scale), 50)
            chosen.append((item, quantity, price))
        return chosen


DIAGNOSES = (
    "I10.x05",
    "E11.900",
    "J18.900",
    "I63.900",
    "K80.200",
    "M51.200",
    "C34.900",
    "N18.900",
    "J44.900",
    "S72.000",
)


def read_items(draw: random.Random) -> dict[str, list[Item]]:
    """Read the nation's items of the shipped catalogs and price them."""
    prices = {"drug": (300, 9_000), "service": (1_000, 60_000), "consumable": (500, 200_000), "bed": (2_000, 6_000)}
    found: dict[str, list[Item]] = {}
    seen: set[str] = set()
    for path in sorted(CATALOGS.glob("items.cn.*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["code"] not in seen and not row["valid_until"]:
                    seen.add(row["code"])
                    price = draw.randint(*prices[row["kind"]])
                    found.setdefault(row["kind"], []).append(Item(row["code"], row["name"], row["kind"], price))
    return found


def read_facilities() -> dict[str, list[tuple[str, str]]]:
    """Read (code, level) of the shipped facilities, by city."""
    found: dict[str, list[tuple[str, str]]] = {}
    seen: set[str] = set()
    with (CATALOGS / "facilities.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] not in seen and row["code"].startswith("H"):
                seen.add(row["code"])
                found.setdefault(row["code"][1:7], []).append((row["code"], row["level"]))
    return found


def slashed(day: datetime.date) -> str:
    """Write a date as Excel does."""
    return f"{day.year}/{day.month}/{day.day}"


def shown(number: int, decimals: int) -> str:
    """Write a whole number of the last decimal as Excel does, without zeros that say nothing."""
    whole, rest = divmod(number, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".")


FAULTS: tuple[tuple[str, str], ...] = (
    ("人员编号", "3.403E+17"),  # Excel shortened the number
    ("人员编号", "999999000000000001"),  # nobody knows this member
    ("出院日期", "2023/2/31"),
    ("入院日期", "去年五月"),
    ("金额", "一千二百元"),
    ("金额", "99999999999999"),
    ("金额", "0.01"),  # not price times quantity
    ("数量", "1.23456"),
    ("项目编码", ""),
    ("费用日期", "2019/1/1"),  # long before the admission
    ("明细流水号", "TWICE"),
)


def spoil(rows: list[tuple[str, ...]], draw: random.Random) -> list[tuple[str, ...]]:
    """Make some rows wrong, each fault six times, and leave one row cut off."""
    places = draw.sample(range(1, len(rows)), 6 * len(FAULTS) + 2)
    for number, place in enumerate(places[:-2]):
        heading, wrong = FAULTS[number % len(FAULTS)]
        column = CLAIM_HEADINGS.index(heading)
        if wrong == "TWICE":
            rows[place] = rows[place - 1]
            continue
        whole = column < CLAIM_HEADINGS.index("明细流水号")  # stands on every row of the claim
        first, last = place, place + 1
        while whole and rows[first - 1][0] == rows[place][0]:
            first -= 1
        while whole and last < len(rows) and rows[last][0] == rows[place][0]:
            last += 1
        for at in range(first, last):
            rows[at] = (*rows[at][:column], wrong, *rows[at][column + 1 :])
    rows[places[-2]] = rows[places[-2]][:7]
    rows[places[-1]] = (*rows[places[-1]], "此行多一列", "多两列")
    return rows


def write(path: Path, headings: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> int:
    """Write a file as a Chinese Excel saves CSV, and give the number of rows."""
    written = 0
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(headings)
        for row in rows:
            writer.writerow(row)
            written += 1
    return written


def write_files(folder: Path, claims: int = CLAIMS, seed: int = SEED) -> tuple[Path, Path]:
    """Write claims.csv and members.csv to a folder, and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    agency = Agency(seed)
    agency.enrol(max(claims // 4, 10))
    paths = folder / "claims.csv", folder / "members.csv"
    write(paths[0], CLAIM_HEADINGS, spoil(list(agency.claim_rows(claims)), random.Random(seed + 1)))
    write(paths[1], MEMBER_HEADINGS, agency.member_rows())
    return paths


if __name__ == "__main__":
    for path in write_files(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/files")):
        print(path)
