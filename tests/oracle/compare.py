"""The engine against the oracle: the same document and claims through both, compared to the fen.

Only this module and `columns` know the engine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import adjudicator
from adjudicator.batch import BUCKETS
from adjudicator.columns import Int64
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Program, Rulebook
from adjudicator.settlement import Settlement
from catalogs.plans import Library

from .columns import Sheet, accounts_of, batch_of
from .counters import Entries
from .document import library, plan_of
from .generator import Pair
from .interpreter import Result
from .layers import OWN

STATUS = {ClaimStatus.SETTLED: "settled", ClaimStatus.NOT_PAYABLE: "not_payable", ClaimStatus.HELD: "held"}


def compiled(name: str, texts: Sequence[str]) -> Program:
    """Compile generated documents."""
    plans = Library(shipped=False)
    for number, text in enumerate(texts):
        plans.add_text(text, f"generated-{number}.yaml")
    return plans.compile(name)


# ---- running the engine


@dataclass
class Engine:
    """What the engine gives, in the form of the oracle."""

    settlement: Settlement
    ids: list[str]
    first: Int64
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def closing(self) -> Entries:
        """Give the closing counters."""
        return {(p, h, c, k, period): value for p, h, c, k, period, value in self.settlement.accounts.entries()}

    def answers(self) -> dict[str, dict[str, Any]]:
        """Give, by claim id, everything that is compared."""
        found = {}
        s = self.settlement
        for row, claim in enumerate(self.ids):
            span = slice(int(self.first[row]), int(self.first[row + 1]))
            found[claim] = {
                "status": STATUS[ClaimStatus(s.status[row])],
                "reason": ClaimReason(s.reason[row]).name,
                "total": int(s.total[row]),
                "buckets": dict(zip(BUCKETS, s.claim_buckets[row].tolist(), strict=True)),
                "lines": [list(line) for line in zip(*(getattr(s, b)[span].tolist() for b in BUCKETS), strict=True)],
                "person": int(s.person_fen[row]),
                "cash": int(s.cash_fen[row]),
                "held": int(s.held_fen[row]),
                "beyond_bill": int(s.beyond_bill_fen[row]),
                "layers": {
                    f"{n}.{p}": int(getattr(r, p)[row])
                    for n, r in s.layers.items()
                    for p in ("base", "deductible", "first_pay", "paid")
                },
            }
        return found


def run(
    sheets: Sequence[Sheet],
    programs: Sequence[Program],
    opening: Entries,
    *,
    watch: bool = False,
    block_holders: int | None = None,
) -> Engine:
    """Settle with the engine; `watch` also takes every amount that an observer is told."""
    batch, catalog = batch_of(sheets)
    ids = [str(claim["id"]) for _, claims in sheets for claim in claims]
    seen: dict[str, dict[str, int]] = {claim: {} for claim in ids}

    def observe(name: str, rows: Int64, values: Int64) -> None:
        for row, value in zip(rows.tolist(), values.tolist(), strict=True):
            seen[ids[row]][name] = value

    settlement = adjudicator.settle(
        batch,
        Rulebook(tuple(programs), catalog),
        accounts_of(opening),
        observe=observe if watch else None,
        block_holders=block_holders,
    )
    return Engine(settlement, ids, batch.lines.first, seen)


# ---- comparing


def expected(result: Result, layers: Sequence[str]) -> dict[str, Any]:
    """Give an oracle's result in the form of `Engine.answers`."""
    return {
        "status": result.status,
        "reason": result.reason,
        "total": result.total,
        "buckets": result.buckets,
        "lines": [[line[b] for b in BUCKETS] for line in result.lines],
        "person": result.person,
        "cash": result.cash,
        "held": result.held,
        "beyond_bill": result.beyond_bill,
        "layers": {
            f"{n}.{p}": result.amounts[f"{n}.{p}"] for n in layers for p in ("base", "deductible", "first_pay", "paid")
        },
    }


def watched(result: Result, layers: Sequence[str]) -> dict[str, int]:
    """Give the amounts that only an observer sees."""
    found = {f"{n}.{own}": result.amounts[f"{n}.{own}"] for n in layers for own in OWN}
    found |= {f"counter.{name}": value for name, value in result.counters.items()}
    if result.status == "settled":
        found |= {f"slice.{n}.{k}": v for (n, k), v in result.paid_by_slice.items()}
        found |= {f"paid.{n}.{g}": v for (n, g), v in result.paid_by_group.items()}
    return found


def differences(pair: Pair) -> list[str]:
    """Settle a pair both ways; give what differs, one line each."""
    program = compiled(pair.name, pair.generated.texts)
    plan = plan_of(pair.name, library(pair.generated.texts))
    results, closing = pair.settle()
    engine = run([(plan, pair.claims)], [program], pair.opening, watch=True)
    unwatched = run([(plan, pair.claims)], [program], pair.opening)
    found = []
    answers = engine.answers()
    if unwatched.answers() != answers or unwatched.closing != engine.closing:
        found.append("the engine gives something else when it is watched")
    for claim in results:  # in order of settlement: what differs first comes first
        answer = answers[claim]
        wanted = expected(results[claim], pair.generated.layers)
        if not pair.generated.layers or wanted["status"] != "settled":
            answer["layers"] = {**wanted["layers"], **answer["layers"]}
        undivided = wanted["status"] == "held" or not results[claim].divided
        if undivided or "lines" not in next(c for c in pair.claims if c["id"] == claim):
            answer["lines"], answer["buckets"] = wanted["lines"], wanted["buckets"]  # the plan does not divide them
        found += [
            f"{claim} {key}: oracle {wanted[key]}, engine {answer[key]}" for key in wanted if wanted[key] != answer[key]
        ]
        if wanted["status"] == "settled":
            seen = engine.seen[claim]
            for name, value in watched(results[claim], pair.generated.layers).items():
                if seen.get(name, 0) != value:
                    found.append(f"{claim} {name}: oracle {value}, engine {seen.get(name)}")
    for place in sorted({*closing, *engine.closing}):
        if closing.get(place, 0) != engine.closing.get(place, 0):
            found.append(f"closing {place}: oracle {closing.get(place)}, engine {engine.closing.get(place)}")
    return found


def report(pair: Pair, found: Sequence[str]) -> str:
    """Tell a disagreement: the documents, the first claim that differs, and everything that differs."""
    first = next((c for c in pair.claims if found and found[0].startswith(str(c["id"]))), None)
    texts = "\n".join(pair.generated.texts)
    opening = "\n".join(f"{place}: {value}" for place, value in pair.opening.items())
    return "\n".join(
        [f"pair {pair.seed}", texts, f"opening\n{opening}", f"claim {json.dumps(first, indent=1)}", *found]
    )
