"""Divide the amounts of a block's lines among the four buckets."""

from __future__ import annotations

import numpy as np

from adjudicator.category_limits import ClaimLimit
from adjudicator.ceilings import PriceUnit, billed_quantity, payable_fen
from adjudicator.columns import PPM, Bool, Int64, Integers, UInt8, constant
from adjudicator.judged import JudgedLines
from adjudicator.line_blocks import LineBlock, Scratch
from adjudicator.reasons import LineReason
from adjudicator.rulebook import LineRules
from adjudicator.tables import Index, part
from adjudicator.versions import Found

Partial = tuple[Int64, Int64, Int64]
"""Lines of which a part is payable: their positions, payable fen, payable quantity."""


_ZERO = constant(0)
_OVER = np.array(LineReason.OVER_CEILING, np.uint8)
_HALF = constant(PPM // 2)
_WHOLE = np.array(PPM, np.uint64)


class Division:
    """The division of one block, written to `out`.

    left: what is not yet in a bucket, as magnitudes. sign: None when all are positive. `states` [claims of the block]
    takes up those of category limits.
    """

    def __init__(self, block: LineBlock, found: Found, out: JudgedLines, states: UInt8, scratch: Scratch) -> None:
        self.block, self.found, self.states, self.scratch = block, found, states, scratch
        self.in_scope, self.upfront, self.over_limit, self.self_funded = out.buckets
        self.reason = out.reason
        self.left = block.amount
        self.sign: Int64 | None = None
        self.quantity, self.most = billed_quantity(block.quantity)
        self.has_self_funded = False
        self.has_over = False
        self.over_categories: Bool | None = None

    def divide(
        self,
        rules: LineRules,
        limits: list[ClaimLimit],
        level: Index | None,
        atoms: Index,
        partial: Partial | None,
        negative: bool,
    ) -> None:
        """Divide in the order of the plan.

        `found.reason`: why a line is self-funded, or 0. `level` [claims]: column of the catalog's ceilings, None: no
        ceilings. `negative`: some amount is below 0; refunds are divided like the same positive amount.
        """
        self.take_self_funded(partial, negative)
        level = None if level is None else part(level, self.block.claims)
        if rules.ceiling_first:
            self.take_over_ceiling(level)
        self.take_over_categories([limit for limit in limits if limit.rule.before_upfront], atoms)
        self.take_upfront()
        if not rules.ceiling_first:
            self.take_over_ceiling(level)
        self.take_over_categories([limit for limit in limits if not limit.rule.before_upfront], atoms)
        self.finish(partial)

    def take_self_funded(self, partial: Partial | None, negative: bool) -> None:
        """Take lines with a reason against them, and what is above a payable quantity."""
        refused = self.found.reason.astype(np.bool_)
        if np.count_nonzero(refused):
            self.has_self_funded = True
            whole = self.scratch.price
            np.copyto(whole, refused)
            np.multiply(self.block.amount, whole, out=self.self_funded)
            if partial is not None:
                lines, fen, quantity = partial
                self.self_funded[lines] -= fen
                self.quantity = np.array(np.broadcast_to(self.quantity, len(refused)))
                self.quantity[lines] = quantity
            self.left = np.subtract(self.block.amount, self.self_funded, out=self.in_scope)
            if self.block.observe:
                self._tell_self_funded(partial)
        if negative:
            self.sign = np.where(self.left < 0, -1, 1)
            self.left = np.abs(self.left, out=self.in_scope)

    def take_over_ceiling(self, level: Index | None) -> None:
        """Take what is above payable unit price x quantity."""
        if level is None:
            return
        price, highest, unit = self.found.price_ceilings(self.block.spread(level))
        if np.maximum.reduce(price) < 0:
            return
        payable = payable_fen(price, highest, self.quantity, self.most, unit, self.scratch.word)
        within = np.minimum(self.left, payable, out=payable)
        over = np.subtract(self.left, within, out=None if self.has_over else self.over_limit)
        if self.block.observe:
            self._tell_over_ceiling(price, unit, self.block.spread(level), over)
        if self.has_over:
            np.add(self.over_limit, over, out=self.over_limit)
        self.left, self.has_over = within, True

    def take_upfront(self) -> None:
        """Take rate x what is left, half-up."""
        upfront = np.multiply(self.left, self.found.rate, out=self.upfront)
        np.add(upfront, _HALF, out=upfront)
        unsigned = upfront.view(np.uint64)  # divided a quarter faster, and nothing is below 0 here
        np.floor_divide(unsigned, _WHOLE, out=unsigned)
        if self.block.observe:
            self.block.see("rate", self.found.rate)
            self.block.see("upfront", upfront)
        self.left = np.subtract(self.left, upfront, out=self.in_scope)

    def take_over_categories(self, limits: list[ClaimLimit], atoms: Index) -> None:
        """Take what is above category limits, one limit after the other."""
        for limit in limits:
            signed = self.left if self.sign is None else self.left * self.sign
            cut = np.abs(limit.cut(signed, self.block, atoms, self.states))
            hit = cut != 0
            self.over_categories = hit if self.over_categories is None else self.over_categories | hit
            np.add(self.over_limit if self.has_over else 0, cut, out=self.over_limit)
            self.has_over = True
            self.left = np.subtract(self.left, cut, out=self.in_scope)

    def finish(self, partial: Partial | None) -> None:
        """Give the rest to in_scope, mirror refunds, write reasons, clear the buckets into which nothing fell."""
        assert np.minimum.reduce(self.left) >= 0, "a line is divided into more than its amount"
        reason = self.reason
        np.bitwise_or(self.found.reason, np.greater(self.upfront, _ZERO).view(np.uint8), out=reason)
        if self.has_over:
            np.bitwise_or(reason, np.greater(self.over_limit, _ZERO).view(np.uint8) * _OVER, out=reason)
        else:
            self.over_limit.fill(0)
        if not self.has_self_funded:
            self.self_funded.fill(0)
        if self.over_categories is not None:
            reason[self.over_categories] = LineReason.OVER_CATEGORY_LIMIT
        if partial is not None:
            reason[partial[0]] = LineReason.OVER_QUANTITY
        if self.left is not self.in_scope:
            np.copyto(self.in_scope, self.left)
        if self.sign is not None:
            for bucket in (self.in_scope, self.upfront, self.over_limit):
                np.multiply(bucket, self.sign, out=bucket)

    def _tell_self_funded(self, partial: Partial | None) -> None:
        """Tell the observer what is not payable, why, and of which lines it is but a part."""
        block, refused = self.block, self.found.reason.nonzero()[0]
        block.see("refused", self.found.reason[refused], refused)
        if partial is not None:
            block.see("payable_quantity_e4", partial[2], partial[0])
        block.see("self_funded", self.self_funded[refused], refused)

    def _tell_over_ceiling(self, price: Integers, unit: PriceUnit, level: Index, over: Int64) -> None:
        """Tell the observer what is above a payable price, and the price."""
        block, priced = self.block, np.flatnonzero(price >= 0)
        for name, values in (("level", level), ("quantity_e4", self.quantity), ("over_ceiling", over)):
            block.see(name, np.broadcast_to(values, len(block))[priced], priced)
        block.see("price_e6", price[priced].astype(np.int64) * unit.e6, priced)
