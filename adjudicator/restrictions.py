"""Restrictions of the catalog: conditions on facility, person, visit and diagnosis, and payable days and quantities.

Only lines whose version has a restriction come here. A condition whose attribute was not given pends the line, as does
a text restriction nobody answered; the institution's "not met" decides for every restriction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adjudicator.catalog import Catalog, Restrictions
from adjudicator.category_limits import within
from adjudicator.ceilings import billed_quantity
from adjudicator.columns import MISSING, Bool, Category, Int8, Int32, Int64, Number, UInt8
from adjudicator.line_blocks import LineBlock
from adjudicator.reasons import LineReason
from adjudicator.rulebook import Key, KeyKind
from adjudicator.tables import ClaimCodes, Index, part

SEXES = ("male", "female")
UNRESTRICTED = -1
NOT_MET = 0
OLDEST = 1_000
"""Ages from here on are no bound."""


@dataclass(frozen=True, slots=True)
class Restricted:
    """What restrictions say about some lines: their positions in the block, reasons, payable amount and quantity.

    reason 0 or OVER_QUANTITY: `payable_fen` of the amount and `payable_quantity_e4` count; else nothing does.
    """

    lines: Int64
    reason: UInt8
    payable_fen: Int64
    payable_quantity_e4: Int64


def restrict(lines: Int64, version: Int64, block: LineBlock, codes: ClaimCodes, catalog: Catalog) -> Restricted:
    """Judge the lines at the positions given; `version` is theirs, and all have a restriction."""
    rules, row = catalog.restrictions, catalog.restriction[version].astype(np.int64)
    claim = block.claim_of_line()[lines]
    verdict = _Verdict(len(lines))
    _check_attributes(verdict, rules, row, claim, block, codes, catalog)
    _check_answers(verdict, rules, row, None if block.confirmed is None else block.confirmed[lines])
    item, date = block.item[lines].astype(np.int64), block.date[lines]
    _check_days(verdict, rules.max_days[row], claim, item, date)
    amount, quantity = block.amount[lines], _signed_quantity(block, lines)
    payable = _payable_quantity(verdict, rules.max_quantity_e4[row], claim, item, quantity)
    cut = payable != quantity
    if np.count_nonzero(cut):
        verdict.refuse(cut, LineReason.OVER_QUANTITY)
        amount = amount.copy()
        amount[cut] = _share(amount[cut], payable[cut], quantity[cut])
    return Restricted(lines, verdict.reason, amount, np.abs(payable))


class _Verdict:
    """The first reason that speaks against each line."""

    def __init__(self, count: int):
        self.reason = np.zeros(count, np.uint8)

    def refuse(self, where: Bool, reason: LineReason) -> None:
        if np.count_nonzero(where):
            self.reason[where & (self.reason == 0)] = reason

    def masked(self, mask: Int64, find: Callable[[], Index], known: int, reason: LineReason) -> None:
        """Refuse where a mask does not have the bit of the code that `find` gives.

        Codes: `known` = another value, `known` + 1 = missing.
        """
        if not np.count_nonzero(mask):
            return
        restricted, code = mask != 0, find()
        self.refuse(restricted & (code == known + 1), LineReason.PENDED_RESTRICTION)
        self.refuse(restricted & ((code == known) | ((mask >> np.minimum(code, 62)) & 1 == 0)), reason)


def _check_attributes(
    verdict: _Verdict,
    rules: Restrictions,
    row: Int64,
    claim: Int64,
    block: LineBlock,
    codes: ClaimCodes,
    catalog: Catalog,
) -> None:
    def word(mask: Int64, source: str, domain: tuple[str, ...], reason: LineReason) -> None:
        def find() -> Index:
            found = part(codes.codes(Key(KeyKind.CATEGORY, source, domain)), block.claims)
            return found if isinstance(found, int) else found[claim]

        verdict.masked(mask[row], find, len(domain), reason)

    word(rules.levels, "level", catalog.levels, LineReason.RESTRICTED_LEVEL)
    word(rules.sexes, "sex", SEXES, LineReason.RESTRICTED_SEX)
    _check_age(verdict, rules, row, claim, block, codes)
    word(rules.visits, "visit", catalog.visits, LineReason.RESTRICTED_SETTING)
    scheme = codes.program.scheme
    known = catalog.schemes.index(scheme) if scheme in catalog.schemes else len(catalog.schemes)
    verdict.masked(rules.schemes[row], lambda: known, len(catalog.schemes), LineReason.RESTRICTED_SCHEME)
    _check_diagnosis(verdict, rules.diagnosis_set[row].astype(np.int64), claim, block, codes, catalog)


def _check_age(
    verdict: _Verdict, rules: Restrictions, row: Int64, claim: Int64, block: LineBlock, codes: ClaimCodes
) -> None:
    lowest, beyond = rules.age_from[row], rules.age_until[row]
    beyond = np.where(beyond < 0, OLDEST, beyond)
    restricted = (lowest > 0) | (beyond < OLDEST)
    if not restricted.any():
        return
    column = codes.column("age")
    default = codes.program.defaults.get("age", MISSING)
    age = column.values[block.claims][claim] if isinstance(column, Number) else np.full(len(claim), MISSING)
    age = np.where(age == MISSING, int(default), age)
    verdict.refuse(restricted & (age == MISSING), LineReason.PENDED_RESTRICTION)
    outside = (age < lowest) | (age >= beyond)
    verdict.refuse(restricted & outside, LineReason.RESTRICTED_AGE)


def _check_diagnosis(
    verdict: _Verdict, wanted: Int64, claim: Int64, block: LineBlock, codes: ClaimCodes, catalog: Catalog
) -> None:
    if not (wanted >= 0).any():
        return
    column = codes.column("diagnosis")
    if not isinstance(column, Category):
        verdict.refuse(wanted >= 0, LineReason.PENDED_RESTRICTION)
        return
    code = column.codes[block.claims][claim]
    for number in np.unique(wanted[wanted >= 0]).tolist():
        fits = np.array([name.startswith(catalog.diagnosis_sets[number]) for name in column.values] + [False])
        here = wanted == number
        verdict.refuse(here & (code < 0), LineReason.PENDED_RESTRICTION)
        verdict.refuse(here & ~fits[code], LineReason.RESTRICTED_DIAGNOSIS)


def _check_answers(verdict: _Verdict, rules: Restrictions, row: Int64, confirmed: Int8 | None) -> None:
    second_line = rules.second_line[row] == 1
    asks = second_line | (rules.text[row] == 1)
    if confirmed is None:
        verdict.refuse(asks, LineReason.PENDED_RESTRICTION)
        return
    denied = confirmed == NOT_MET
    verdict.refuse(denied & second_line, LineReason.RESTRICTED_SECOND_LINE)
    verdict.refuse(denied, LineReason.RESTRICTION_NOT_MET)
    verdict.refuse(asks & (confirmed < 0), LineReason.PENDED_RESTRICTION)


def _check_days(verdict: _Verdict, most: Int32, claim: Int64, item: Int64, date: Int32) -> None:
    """Pay the first distinct days of service of an item in a claim, in order of the calendar."""
    at = np.flatnonzero((most != UNRESTRICTED) & (verdict.reason == 0))
    if not len(at):
        return
    at = at[np.lexsort((date[at], item[at], claim[at]))]
    fresh = np.ones(len(at), np.bool_)
    fresh[1:] = (claim[at][1:] != claim[at][:-1]) | (item[at][1:] != item[at][:-1])
    starts = np.flatnonzero(fresh)
    another_day = fresh.copy()
    another_day[1:] |= date[at][1:] != date[at][:-1]
    days = np.cumsum(another_day)
    nth = days - np.repeat(days[starts], np.diff(np.append(starts, len(at)))) + 1
    over = np.zeros(len(most), np.bool_)
    over[at] = nth > most[at]
    verdict.refuse(over, LineReason.OVER_DAYS)


def _signed_quantity(block: LineBlock, lines: Int64) -> Int64:
    """Give quantities with the sign of the amount; one unit where not given."""
    quantity, _ = billed_quantity(None if block.quantity is None else block.quantity[lines])
    sign: Int64 = np.where(block.amount[lines] < 0, -1, 1)
    return sign * quantity


def _payable_quantity(verdict: _Verdict, most: Int64, claim: Int64, item: Int64, quantity: Int64) -> Int64:
    """Give the part of each quantity under the item's limit in the claim, line after line."""
    at = np.flatnonzero((most != UNRESTRICTED) & (verdict.reason == 0))
    if not len(at):
        return quantity
    at = at[np.lexsort((at, item[at], claim[at]))]
    fresh = np.ones(len(at), np.bool_)
    fresh[1:] = (claim[at][1:] != claim[at][:-1]) | (item[at][1:] != item[at][:-1])
    starts = np.flatnonzero(fresh)
    payable = quantity.copy()
    payable[at] = within(quantity[at], most[at], starts, np.diff(np.append(starts, len(at))))
    return payable


def _share(amount: Int64, part_of: Int64, whole: Int64) -> Int64:
    """Give amount x part / whole, half-up with mirrored sign; few lines, so with unbounded integers."""
    size, over, under = (np.abs(values).astype(object) for values in (amount, part_of, whole))
    shared: Int64 = ((size * over * 2 + under) // (under * 2)).astype(np.int64)
    sign: Int64 = np.where(amount < 0, -1, 1)
    return sign * shared
