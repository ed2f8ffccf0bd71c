"""Random batches of claims for a generated plan, and opening accounts."""

from __future__ import annotations

import datetime
import random
from typing import Any

from .counters import Entries
from .making_plans import Generated
from .words import MARKS, NUMBERS, OTHER_WORD, WORDS

Claim = dict[str, Any]

UPFRONT = ("0%", "5%", "10%", "12.5%", "33%", "100%")

DOOR_REASONS = ("NOT_COVERED", "WAITING", "SUSPENDED", "NOT_DESIGNATED", "OUT_OF_AGREEMENT")


class ClaimMaker:
    """Makes the claims of a batch."""

    def __init__(self, rng: random.Random, generated: Generated):
        self.rng, self.plan = rng, generated
        self.use = generated.reached.add
        self.gaps = rng.random() < 0.4
        self.persons = [self._person(f"p{n}") for n in range(1, rng.randint(1, 4) + 1)]

    def chance(self, probability: float) -> bool:
        """Decide at random."""
        return self.rng.random() < probability

    def make(self) -> list[Claim]:
        """Make one to ten claims."""
        number = self.rng.randint(1, 10) if self.chance(0.95) else self.rng.randint(11, 40)
        claims = [self._claim(f"k{n:02d}") for n in range(number)]
        if len(claims) > 1 and self.chance(0.5):
            self.use("claim.same_second")
            twin = claims[0]
            for claim in claims[1 : self.rng.randint(2, len(claims))]:
                claim["dates"], claim["time"] = dict(twin["dates"]), twin["time"]
                claim["lines"] = [{**line, "date": twin["dates"]["admission"]} for line in claim["lines"]] if (
                    "lines" in claim) else None  # fmt: skip
                if claim["lines"] is None:
                    claim.pop("lines")
        if len({claim["dates"]["discharge"][:4] for claim in claims}) > 1:
            self.use("claim.several_years")
        self.rng.shuffle(claims)
        return claims

    def _person(self, who: str) -> tuple[str, Claim]:
        facts: Claim = {}
        if self.chance(0.6):
            facts["household"] = self.rng.choice(("h1", "h2"))
        if self.chance(0.5):
            facts["status"] = self.rng.sample(MARKS["status"], self.rng.randint(1, 2))
        if self.chance(0.3):
            self.use("document.attribute_marks")
            facts["flags"] = ["red"]
        for name in ("age", "months_insured"):
            if not self.gaps or self.chance(0.9):
                facts[name] = str(self.rng.randint(*NUMBERS[name]))
            else:
                self.use("condition.missing_number")
        return who, facts

    def _claim(self, number: str) -> Claim:
        who, person = self.rng.choice(self.persons)
        admission, discharge, settlement = self._dates()
        dates = {
            "admission": admission.isoformat(),
            "discharge": discharge.isoformat(),
            "settlement": settlement.isoformat(),
        }
        claim: Claim = {
            "id": number,
            "who": who,
            "person": person,
            "dates": dates,
            "time": self.rng.choice((0, 3600, 7200)),
        }
        if self.chance(0.2):
            self.use("claim.order_type")
            claim["order_type"] = self.rng.randint(0, 2)
        self._words(claim)
        for name in ("days", "children", "wards"):
            if not self.gaps or self.chance(0.9):
                claim[name] = str(self.rng.randint(*NUMBERS[name]))
        if self.chance(0.5):
            claim["episode"] = self.rng.choice(("e1", "e2"))
        for name in ("stated_base", "third_party"):
            if self.chance(0.5):
                claim[name] = self._yuan(5000)
        if self.chance(0.6):
            self.use("claim.lines")
            claim["lines"] = [self._line(admission, discharge) for _ in range(self.rng.randint(1, 6))]
        else:
            self.use("claim.buckets")
            claim |= self._buckets()
        if self.chance(0.1):
            self.use("claim.given")
            claim["given"] = {self.rng.choice(self.plan.layers): self._yuan(1500)}
        if self.chance(0.04):
            self.use("claim.reason")
            claim["reason"] = self.rng.choice(DOOR_REASONS)
        return claim

    def _dates(self) -> tuple[datetime.date, datetime.date, datetime.date]:
        start = datetime.date(self.plan.first_year, 1, 1)
        span = self.rng.choice((60, 400, 1000)) if self.chance(0.97) else -300
        admission = start + datetime.timedelta(days=self.rng.randint(min(0, span), max(0, span)))
        discharge = admission + datetime.timedelta(days=self.rng.choice((0, 1, 7, 20)))
        return admission, discharge, discharge + datetime.timedelta(days=self.rng.choice((0, 0, 3, 40)))

    def _words(self, claim: Claim) -> None:
        for name, words in WORDS.items():
            fate = self.rng.random() if self.gaps or self.chance(0.3) else 1.0
            if name in ("access", "consent") and fate < 0.5:
                self.use("document.default")
                continue
            if fate < 0.04:
                self.use("claim.missing_attribute")
            elif fate < 0.07 and name in OTHER_WORD:
                self.use("claim.unknown_word")
                claim[name] = OTHER_WORD[name]
            else:
                claim[name] = self.rng.choice(words)
                if name == "consent":
                    self.use("document.attribute_mark")

    def _yuan(self, most: int) -> str:
        if self.chance(0.02):
            self.use("claim.large")
            return f"{self.rng.randint(10**7, 9 * 10**8 if self.chance(0.9) else 10**9)}.{self.rng.randint(0, 99):02d}"
        if self.chance(0.05):
            return f"0.{self.rng.randint(0, 99):02d}"
        return f"{self.rng.randint(0, most)}.{self.rng.choice((0, 0, 5, 33, 67, 99)):02d}"

    def _buckets(self) -> Claim:
        names = [name for name in ("in_scope", "upfront", "over_limit", "self_funded") if self.chance(0.7)] or [
            "in_scope"
        ]
        return {name: self._yuan(4000 if name == "in_scope" else 600) for name in names}

    def _line(self, admission: datetime.date, discharge: datetime.date) -> Claim:
        amount = self._yuan(1500)
        if self.chance(0.05):
            self.use("claim.zero_amount")
            amount = "0"
        if self.chance(0.1):
            self.use("claim.negative_line")
            amount = f"-{amount}"
            if self.chance(0.04):
                self.use("claim.refund_total")
                amount = "-9999"
        day = admission + datetime.timedelta(days=self.rng.randint(0, (discharge - admission).days))
        line: Claim = {"amount": amount, "date": day.isoformat()}
        if self.chance(0.8):
            line["quantity"] = self.rng.choice(("1", "2", "3.5", "0.3333", "10"))
            line["price"] = self.rng.choice(("0.015", "12.345678", "49.99", "50", "100", "999.999999"))
        if self.chance(0.3):
            line["item_group"] = self.rng.choice(("special", "plain"))
        facts = {"class": self.rng.choice("AAABBBC"), "upfront": self.rng.choice(UPFRONT)}
        if self.chance(0.4):
            return line | facts
        if self.chance(0.95):
            line["item"] = facts | self._item()
            if self.chance(0.2):
                line["class"] = self.rng.choice("AB")
            if self.chance(0.2):
                line["upfront"] = self.rng.choice(UPFRONT)
        return line

    def _item(self) -> Claim:
        """Make what a catalog says of an item."""
        self.use("claim.catalog")
        item: Claim = {"kind": self.rng.choice(("drug", "service", "consumable", "bed"))}
        if self.chance(0.4):
            item["marks"] = self.rng.sample(["tcm", "negotiated"], self.rng.randint(1, 2))
        if self.chance(0.5):
            item["ceiling"] = self.rng.choice(("0.5", "33.333333", "80", "120.055", "1000"))
        if self.chance(0.2):
            item["item_group"] = "special"
        return item


def opening_of(rng: random.Random, generated: Generated, touched: Entries) -> Entries:
    """Make opening accounts: some of the places that the claims touch, and some that they do not."""
    if rng.random() < 0.4:
        return {}
    generated.reached.add("claim.opening")
    found: Entries = {}
    for place in sorted(touched):
        if rng.random() < 0.6:
            count = generated.counters[place[2]].get("unit") == "count"
            found[place] = rng.randint(1, 3) if count else rng.randint(1, 300_000)
    for counter in generated.counters:
        if rng.random() < 0.2:
            found[(generated.name, "stranger", counter, "", 2000)] = 77
            found[("another.plan", "p1", counter, "", generated.first_year)] = 55
    return found
