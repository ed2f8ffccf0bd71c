"""Plain Python: integers, dictionaries and lists, one claim after the other in the order of each person."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from benchmarks.peers import rule
from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, LINE_OUTPUTS, Columns, Output

NAME = "plain Python"
THREADS = (1,)
LARGEST_LINES = 1_000_000
"""More is left out: cost a line is flat and objects would fill the memory."""

Version = tuple[int, int, int, int, tuple[int, ...]]


@dataclass(slots=True)
class State:
    """lines: lists by name; catalog: code -> (dates the versions begin, versions)."""

    columns: Columns
    lines: dict[str, list[int]]
    claims: dict[str, list[int]]
    catalog: dict[str, tuple[list[int], list[Version]]]
    facility_level: list[int]


def prepare(columns: Columns, threads: int) -> State:
    versions = columns.versions
    catalog: dict[str, tuple[list[int], list[Version]]] = {}
    names = ("item", "valid_from", "valid_until", "item_class", "upfront_ppm", "ceiling_e6")
    for item, begins, until, item_class, rate, ceilings in zip(*(versions[n].tolist() for n in names), strict=True):
        dates, rows = catalog.setdefault(columns.items[item], ([], []))
        dates.append(begins)
        rows.append((begins, until, item_class, rate, tuple(ceilings)))
    lines = {name: values.tolist() for name, values in columns.lines.items()}
    claims = {name: values.tolist() for name, values in columns.claims.items()}
    return State(columns, lines, claims, catalog, columns.facility_level.tolist())


def run(state: State) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {name: [] for name in LINE_OUTPUTS}
    base, total = judge(state, out)
    return out | settle(state, base, total)


def judge(state: State, out: dict[str, list[int]]) -> tuple[list[int], list[int]]:
    """Divide the lines of every claim; give what is in scope and the bill by claim."""
    lines, claims, dictionary = state.lines, state.claims, state.columns.dictionary
    found = [state.catalog.get(code) for code in dictionary]
    in_scope, upfront, over_limit, self_funded, reasons = (out[name].append for name in LINE_OUTPUTS)
    items, dates, quantities, amounts = (lines[n] for n in ("item", "service_date", "quantity_e4", "amount_fen"))
    first, base, total = claims["first"], [], []
    for claim, facility in enumerate(claims["facility"]):
        level = state.facility_level[facility]
        admission, discharge = claims["admission"][claim], claims["discharge"][claim]
        bounded = discharge > admission or claims["visit"][claim] == rule.INPATIENT
        scope = bill = 0
        for line in range(first[claim], first[claim + 1]):
            amount, date = amounts[line], dates[line]
            reason, share, over = 0, 0, 0
            known = found[items[line]]
            version: Version | None = None
            if known is None:
                reason = rule.UNKNOWN_ITEM
            else:
                place = bisect_right(known[0], date) - 1
                version = known[1][place] if place >= 0 and date < known[1][place][1] else None
                if version is None:
                    reason = rule.NOT_IN_FORCE
                elif version[2] == rule.CLASS_C:
                    reason = rule.SELF_FUNDED
                elif bounded and not admission <= date <= discharge:
                    reason = rule.OUTSIDE_STAY
            if reason:
                self_funded(amount)
                rest = 0
            else:
                assert version is not None
                ceiling = version[4][level]
                if ceiling >= 0:
                    over = max(amount - (ceiling * quantities[line] + 50_000_000) // 100_000_000, 0)
                share = (version[3] * (amount - over) + 500_000) // 1_000_000
                rest = amount - over - share
                reason = (rule.UPFRONT if share else 0) | (rule.OVER_CEILING if over else 0)
                self_funded(0)
            in_scope(rest)
            upfront(share)
            over_limit(over)
            reasons(reason)
            scope += rest
            bill += amount
        base.append(scope)
        total.append(bill)
    return base, total


def settle(state: State, bases: list[int], totals: list[int]) -> dict[str, list[int]]:
    """Settle the claims one after the other, with a person's counters in a list."""
    claims = state.claims
    out: dict[str, list[int]] = {name: [0] * len(bases) for name in CLAIM_OUTPUTS}
    counters = [[0] * state.columns.persons for _ in COUNTERS]
    admissions, outpatient, banded_ytd, pool, borne_ytd, top_banded_ytd, top_ytd = counters
    base_out, deductible_out, paid_out, rest_out, borne_out, top_out, cash_out = (out[n] for n in CLAIM_OUTPUTS)
    for claim in sorted(range(len(bases)), key=claims["order_time"].__getitem__):
        base, person, group = bases[claim], claims["person"][claim], claims["group"][claim]
        level = state.facility_level[claims["facility"][claim]]
        if claims["visit"][claim] == rule.INPATIENT:
            deductible = min(base, rule.ADMISSION_FEN[level][min(admissions[person], 2)])
            admissions[person] += 1
        else:
            deductible = min(base, rule.OUTPATIENT_FEN - outpatient[person])
            outpatient[person] += deductible
        banded = base - deductible
        low = banded_ytd[person]
        rates = tuple(table[level][group] for table in rule.RATES_PPM)
        paid = min(by_bands(low, low + banded, rule.EDGES_FEN, rates), rule.CAP_FEN - pool[person])
        banded_ytd[person] = low + banded
        pool[person] += paid
        rest = base - paid
        borne = min(rest, rule.CATASTROPHIC_DEDUCTIBLE_FEN - borne_ytd[person])
        borne_ytd[person] += borne
        low = top_banded_ytd[person]
        high = top_banded_ytd[person] = low + rest - borne
        top = by_bands(low, high, rule.CATASTROPHIC_EDGES_FEN, rule.CATASTROPHIC_RATES_PPM) if high > low else 0
        top = min(top, rule.CATASTROPHIC_CAP_FEN - top_ytd[person])
        top_ytd[person] += top
        base_out[claim], deductible_out[claim], paid_out[claim] = base, deductible, paid
        rest_out[claim], borne_out[claim], top_out[claim] = rest, borne, top
        cash_out[claim] = totals[claim] - paid - top
    return out | {f"accounts.{name}": values for name, values in zip(COUNTERS, counters, strict=True)}


def by_bands(low: int, high: int, edges: tuple[int, ...], rates: tuple[int, ...]) -> int:
    """Pay low..high of the running total, each slice at its rate, rounded once."""
    product, lower = 0, low
    for edge, rate in zip(edges, rates, strict=False):
        if lower < edge:
            upper = min(high, edge)
            product += (upper - lower) * rate
            lower = upper
            if lower == high:
                break
    return (product + (high - lower) * rates[-1] + 500_000) // 1_000_000


def unpack(state: State, found: dict[str, list[int]]) -> Output:
    out = {name: np.array(values, np.int64) for name, values in found.items()}
    return out | {"reason": out["reason"].astype(np.uint8)}
