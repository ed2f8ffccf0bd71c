"""Runs the worked cases of a plan through the kernel and compares every expected amount to the fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from adjudicator.columns import Int64
from adjudicator.engine import settle
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Program, Rulebook
from adjudicator.settlement import Settlement
from adjudicator.stay_parts import crosses
from catalogs.plans.case_batch import CaseBatch, batch_of
from catalogs.plans.case_claims import Case, CaseReader
from catalogs.plans.complete import CompletePlan
from catalogs.plans.findings import Findings, Place
from catalogs.plans.reading import meant


@dataclass(frozen=True, slots=True)
class Difference:
    """One expected value that was not met, as texts: yuan, counts or words."""

    what: str
    expected: str
    found: str
    place: Place


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case. `found`: everything that may be expected, as text."""

    name: str
    place: Place
    differences: tuple[Difference, ...]
    found: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Tell whether every expected value was met."""
        return not self.differences


def run_cases(plan: CompletePlan, program: Program, findings: Findings) -> tuple[CaseResult, ...]:
    """Run the cases of the plan's own document. Cases that cannot be read and ones that fail are findings."""
    document = plan.documents[-1]
    if document.cases is None:
        return ()
    before = len(findings.errors)
    reader = CaseReader(plan, document.file, findings)
    cases = [case for case in (reader.read(node) for node in document.cases.items) if case is not None]
    if not cases or len(findings.errors) > before:
        return ()
    prepared = batch_of(cases, program)
    if program.splits:
        _refuse_whole_stays(cases, prepared, program, findings)
    seen = _Seen(len(prepared.batch))
    rulebook = Rulebook((program,), prepared.catalog)
    settlement = settle(prepared.batch, rulebook, prepared.accounts, observe=seen.take)
    results = tuple(
        _compare(case, _found(program, settlement, seen, row), findings)
        for case, row in zip(cases, prepared.rows, strict=True)
    )
    for result in results:
        for difference in result.differences:
            findings.add(
                "CASE_FAILED",
                difference.place,
                name=result.name,
                what=difference.what,
                expected=difference.expected,
                found=difference.found + _unsettled(result.found),
            )
    return results


def _refuse_whole_stays(cases: Sequence[Case], prepared: CaseBatch, program: Program, findings: Findings) -> None:
    """Refuse stays over the start of a benefit year: the door splits them before they are settled."""
    batch, (month, day) = prepared.batch, program.year_start
    start = np.full(len(batch), month * 100 + day, np.int64)
    whole = crosses(batch.admission.astype(np.int64), batch.discharge.astype(np.int64), start)
    for number in np.unique(np.searchsorted(prepared.rows, np.flatnonzero(whole))).tolist():
        findings.add("CASE_OVER_NEW_YEAR", cases[number].place, name=cases[number].name)


def _unsettled(found: Mapping[str, str]) -> str:
    """Say why a claim was not settled, in the words that a case expects; '' for one that was."""
    if found["status"] == ClaimStatus.SETTLED.name.lower():
        return ""
    return f" (status: {found['status']}, reason: {found['reason']})"


class _Seen:
    """Everything the kernel lets an observer see, by name, [claims]."""

    def __init__(self, claims: int) -> None:
        self.claims = claims
        self.values: dict[str, Int64] = {}

    def take(self, name: str, rows: Int64, values: Int64) -> None:
        known = self.values.setdefault(name, np.zeros(self.claims, np.int64))
        known[rows] = values


def _found(program: Program, settlement: Settlement, seen: _Seen, row: int) -> dict[str, str]:
    """Give all that a case may expect of a claim."""
    counts = {rule.name for rule in program.counters if rule.unit == "count"}
    status, reason = ClaimStatus(int(settlement.status[row])), ClaimReason(int(settlement.reason[row]))
    found = {
        name: yuan(int(values[row]))
        for name, values in seen.values.items()
        if not name.startswith(("param.", "origin.", "state.", "opening.", "counter."))
    }
    for rule in program.counters:
        value = int(seen.values[f"counter.{rule.name}"][row]) if f"counter.{rule.name}" in seen.values else 0
        found[f"counter.{rule.name}"] = str(value) if rule.name in counts else yuan(value)
    funds: dict[str, int] = {}
    for layer in program.layers:
        result = settlement.layers[layer.name]
        paid = int(result.paid[row])
        funds[layer.fund] = funds.get(layer.fund, 0) + paid
        found[f"paid.{layer.name}"] = yuan(paid)
        if status is not ClaimStatus.SETTLED:
            mine = (f"paid.{layer.name}.", f"slice.{layer.name}.", f"{layer.name}.")
            found.update({name: yuan(0) for name in found if name.startswith(mine)})
    found |= {f"fund.{name}": yuan(paid) for name, paid in funds.items()}
    found |= {
        "total": yuan(int(settlement.total[row])),
        "paid_total": yuan(sum(funds.values())),
        "person": yuan(int(settlement.person_fen[row])),
        "cash": yuan(int(settlement.cash_fen[row])),
        "held": yuan(int(settlement.held_fen[row])),
        "beyond_bill": yuan(int(settlement.beyond_bill_fen[row])),
        "status": status.name.lower(),
        "reason": reason.name,
    }
    return found


def _compare(case: Case, found: Mapping[str, str], findings: Findings) -> CaseResult:
    differences = []
    for what, expected, place in case.expected:
        if what not in found:
            findings.add("CASE_UNKNOWN_AMOUNT", place, name=what, **meant(what, found))
        elif not _same(expected, found[what]):
            differences.append(Difference(what, expected, found[what], place))
    return CaseResult(case.name, case.place, tuple(differences), found)


def _same(expected: str, found: str) -> bool:
    try:
        return Fraction(expected) == Fraction(found)
    except (ValueError, ZeroDivisionError):
        return expected == found


def yuan(fen: int) -> str:
    """Write fen as yuan with two decimals."""
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d}"
