"""Ceilings over several lines of a claim: what is above goes to the bucket over_limit, line after line."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import MISSING, NO_LIMIT, Int64, Number, UInt8
from adjudicator.errors import RulebookError
from adjudicator.line_blocks import LineBlock
from adjudicator.rulebook import CategoryLimit, State
from adjudicator.tables import ClaimCodes, Index, evaluate

LONGEST = 100_000
"""A limit is multiplied by at most so many days (children, units)."""


def running_sums(values: Int64, starts: Int64, counts: Int64) -> tuple[Int64, Int64]:
    """Give the sum within the claim up to and including each line, and the same without the line."""
    after = np.cumsum(values)
    before = after - values
    filled = counts > 0
    before_claim = np.repeat(before[starts[filled]], counts[filled])
    return after - before_claim, before - before_claim


def within(values: Int64, most: Int64, starts: Int64, counts: Int64) -> Int64:
    """Give the part of each value that still fits under `most` [lines] as values add up within the claim.

    The parts add up to min(sum of values, most); a refund takes back what overflowed first.
    """
    after, before = running_sums(values, starts, counts)
    fitting: Int64 = np.minimum(after, most) - np.minimum(before, most)
    return fitting


class ClaimLimit:
    """A category limit worked out for the chosen claims.

    amount [claims]: NO_LIMIT where the plan has none or does not say. states [claims]: above ABSENT, a claim with
    payable lines under this limit is held.
    """

    def __init__(self, rule: CategoryLimit, codes: ClaimCodes):
        if rule.amount.terms:
            raise RulebookError(f"category limit {rule.name}: the amount must not be a formula over other amounts")
        self.rule, self._codes = rule, codes
        fixed, states = evaluate(rule.amount.fixed, codes)
        self.amount, self.states = np.empty(codes.count, np.int64), np.empty(codes.count, np.uint8)
        self.amount[...], self.states[...] = fixed, states
        for bound, choose in ((rule.amount.at_least, np.maximum), (rule.amount.at_most, np.minimum)):
            if bound is not None:
                values, states = evaluate(bound, codes)
                np.copyto(self.amount, choose(self.amount, values), where=states != State.ABSENT)
                harder = (self.states != State.ABSENT) & (states > State.ABSENT)
                np.maximum(self.states, states, out=self.states, where=harder)
        if rule.times is not None:
            self._multiply(rule.times, codes)
        self.amount[self.states >= State.ABSENT] = NO_LIMIT
        self.members = np.zeros(codes.program.lines.atoms, np.int64)
        self.members[list(rule.atoms)] = 1

    def _multiply(self, times: str, codes: ClaimCodes) -> None:
        column = codes.column(times)
        number = column.values if isinstance(column, Number) else np.full(codes.count, MISSING)
        number = np.where(number == MISSING, int(codes.program.defaults.get(times, MISSING)), number)
        self.states[(number == MISSING) & (self.states < State.ABSENT)] = State.MISSING
        self.amount *= np.clip(number, 0, LONGEST)

    def cut(self, left: Int64, block: LineBlock, atoms: Index, held: UInt8) -> Int64:
        """Give what is cut off each line's signed amount `left`.

        `atoms`: the atom of every line. `held` [claims of the block] takes up the states of the limits that are met.
        """
        counted = left * self.members[atoms]
        states = self.states[block.claims]
        if states.max() > State.ABSENT:
            concerned = block.claim_of_line()[counted != 0]
            np.maximum.at(held, concerned, np.where(states > State.ABSENT, states, 0).astype(np.uint8)[concerned])
        most = np.repeat(self.amount[block.claims], block.counts)
        over = counted - within(counted, most, block.bounds[:-1], block.counts)
        if block.observe:
            self._tell(block, self.members[np.broadcast_to(atoms, len(block))].nonzero()[0], counted, over)
        return over

    def _tell(self, block: LineBlock, members: Int64, counted: Int64, over: Int64) -> None:
        """Tell the observer the limit, where its amount comes from, what counted before each line, and what is over."""
        fixed = self.rule.amount.fixed
        origins = np.broadcast_to(fixed.origins[self._codes.static_index(fixed)], self._codes.count)
        limit, origin, state = (np.repeat(v[block.claims], block.counts) for v in (self.amount, origins, self.states))
        _, before = running_sums(counted, block.bounds[:-1], block.counts)
        said = {"limit": limit, "origin": origin, "undecided": state * (counted != 0), "before": before, "over": over}
        for word, values in said.items():
            block.see(f"{word}.category_limits.{self.rule.name}", values[members], members)
