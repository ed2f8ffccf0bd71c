"""Random histories of claims on every shipped plan: engine and oracle agree to the fen."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from catalogs.plans.cases import CaseResult, run_cases
from catalogs.plans.findings import Findings
from catalogs.plans.grammar import ATTRIBUTES
from catalogs.plans.library import SHIPPED, Library
from tests.documents.slow_cases import differences
from tests.oracle.document import library as oracle_library

HISTORIES = 40
LONGEST = 4
STATUSES = ("extreme_poverty", "subsistence", "orphan", "low_income_edge", "veteran", "poor", "civil_servant")

COMPARED = re.compile(
    r"status|reason|person|cash|total|in_scope|upfront|over_limit|self_funded|paid_total|beyond_bill"
    r"|(fund|counter|paid)\.\w+|\w+\.(base|over_base|deductible|after_deductible|first_pay|banded|cut|over_eligible"
    r"|coinsurance|left)"
)

WORDS: Mapping[str, tuple[str, ...]] = {
    "visit": ("inpatient", "inpatient", "inpatient", "outpatient", "special", "dual_channel", "maternity", "chronic"),
    "level": ("tertiary", "secondary", "primary", "community", "township"),
    "administration": ("county", "city", "province"),
    "price_class": ("one", "two", "three"),
    "zone": ("local", "local", "local", "in_province", "out_of_province"),
    "filing": ("none", "filed", "referred", "emergency", "unfiled", "long_term"),
    "transfer": ("none", "none", "none", "up", "down"),
    "disease": ("fracture", "psychosis", "aids", "tuberculosis", "uraemia"),
    "treatment": ("none", "listed", "chemoradiotherapy"),
    "series": ("s1", "s2"),
    "episode": ("e1", "e2", "e3"),
    "serious_disease": ("none", "listed"),
    "referral": ("not_needed", "missing"),
    "access": ("direct", "referral"),
    "stay_part": ("whole", "first", "later"),
    "delivery": ("vaginal", "caesarean"),
    "group": ("in_service", "retired", "adult", "elderly", "minor", "student"),
    "tier": ("high", "low", "one", "two"),
}
OF_PERSON = ("group", "tier")


class ClaimMaker:
    """Makes claims that a plan can be asked about: it uses the words that the document itself mentions."""

    def __init__(self, text: str, plan: Mapping[str, Any], declared: Iterable[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._year = int(plan["valid"]["from"][:4])
        self._first_month = int(plan["valid"]["from"][5:7])
        self._words = {
            name: tuple(word for word in words if word in text or word == words[0])
            for name, words in WORDS.items()
            if name in text and (name in ATTRIBUTES or name in declared)
        }

    def history(self) -> list[dict[str, Any]]:
        """Give the claims of one person in order, at most `LONGEST`."""
        person = {name: self._random.choice(self._words[name]) for name in OF_PERSON if name in self._words}
        person["age"] = str(self._random.choice((8, 35, 52, 66, 71, 88, 93, 100)))
        status = self._random.sample(STATUSES, self._random.choice((0, 0, 1, 2)))
        count = self._random.randint(1, LONGEST)
        days = sorted((self._random.randint(self._first_month, 12), self._random.randint(1, 28)) for _ in range(count))
        return [{**self._claim(), **person, "status": status, "date": self._date(*day)} for day in days]

    def _date(self, month: int, day: int) -> str:
        return f"{self._year}-{month:02d}-{day:02d}"

    def _claim(self) -> dict[str, Any]:
        claim: dict[str, Any] = {
            name: self._random.choice(words)
            for name, words in self._words.items()
            if name not in OF_PERSON and (name in ("visit", "level") or self._random.random() < 0.6)
        }
        if self._random.random() < 0.5:
            claim["days"] = str(self._random.choice((3, 95, 200, 365, 500)))
        if self._random.random() < 0.3:
            claim["lines"] = [self._line() for _ in range(self._random.randint(1, 4))]
            return claim
        claim["in_scope"] = self._amount()
        for bucket in ("upfront", "over_limit", "self_funded"):
            if self._random.random() < 0.4:
                claim[bucket] = self._amount(4)
        return claim

    def _amount(self, digits: int = 6) -> str:
        fen = self._random.randint(0, 10 ** self._random.randint(3, digits + 2))
        return f"{fen // 100}.{fen % 100:02d}"

    def _line(self) -> dict[str, Any]:
        line: dict[str, Any] = {
            "class": self._random.choice("ABC"),
            "kind": self._random.choice(("drug", "service", "consumable")),
            "amount": self._amount(4),
        }
        if line["class"] == "B":
            line["upfront"] = self._random.choice(("0%", "5%", "12.5%", "30%"))
        if self._random.random() < 0.4:
            line["marks"] = [self._random.choice(("tcm", "essential", "negotiated"))]
        return line


def settled(path: Path, cases: list[dict[str, Any]]) -> tuple[CaseResult, ...]:
    """Run cases on a shipped document, in place of its own."""
    text = path.read_text("utf-8").split("\ncases:")[0]
    library = Library()
    read = library.add_text(f"{text}\ncases: {json.dumps(cases)}\n", str(path))
    assert read is not None
    findings = Findings()
    plan = library.complete(read.id, findings)
    assert plan is not None
    results = run_cases(plan, library.compile(read.id, run_cases=False), findings)
    assert [finding.render("en") for finding in findings if finding.code != "CASE_FAILED"] == []
    return results


def plans() -> list[Path]:
    """Give the files of all shipped plans."""
    return sorted(path for path in SHIPPED.rglob("*.yaml") if re.search(r"^plan: ", path.read_text("utf-8"), re.M))


@pytest.mark.parametrize("path", plans(), ids=lambda path: path.stem)
def test_engine_and_oracle_agree(path: Path) -> None:
    """Every amount that the engine finds for the last claim of a history is the oracle's too."""
    documents = oracle_library([file.read_text("utf-8") for file in SHIPPED.rglob("*.yaml")])
    name = next(iter(oracle_library([path.read_text("utf-8")])))
    document = documents[name]
    composed = document.get("compose", {})
    parts = [documents[part] for part in (name, composed.get("plan", name), *composed.get("overlays", []))]
    text = "".join(json.dumps({**part, "cases": []}) for part in parts)
    maker = ClaimMaker(text, document, {key for part in parts for key in part.get("attributes", {})}, seed=len(text))
    cases = []
    for number in range(HISTORIES):
        *prior, claim = maker.history()
        cases.append({"name": f"history {number}", "claim": claim, "prior": prior, "expect": {"status": "settled"}})
    wrong = {}
    statuses = set()
    paying = False
    for case, result in zip(cases, settled(path, cases), strict=True):
        found = {what: value for what, value in result.found.items() if COMPARED.fullmatch(what)}
        if found["status"] != "settled":  # counters then stand where they stood, and only the engine shows that
            found = {what: value for what, value in found.items() if not what.startswith("counter.")}
        statuses.add(found["status"])
        paying = paying or Fraction(found["paid_total"]) > 0
        differing = differences(name, documents, {**case, "expect": found})
        if differing:
            wrong[case["name"]] = (case["claim"], case["prior"], differing)
    assert wrong == {}
    assert "held" in statuses
    assert paying != any(place in name for place in (".ordos.", ".yangquan."))


def test_amounts_are_exact() -> None:
    """The comparison itself is exact: one fen off is seen."""
    documents = oracle_library([file.read_text("utf-8") for file in SHIPPED.rglob("*.yaml")])
    name = "cn.fujian.taining.residents.2008"
    case = {"claim": {"visit": "inpatient", "level": "township", "in_scope": "1200"}, "expect": {"person": "500.01"}}
    assert differences(name, documents, case) != []
    assert Fraction("500.01") != Fraction(500)
