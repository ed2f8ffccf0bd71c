"""The share of a line borne upfront (先行自付): the item's rate or schedule, the plan's table."""

from __future__ import annotations

import numpy as np

from adjudicator.catalog import ANY, Catalog
from adjudicator.ceilings import unit_price_e6
from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.line_blocks import LineBlock
from adjudicator.line_codes import line_index
from adjudicator.rulebook import Key, KeyKind, State, Table
from adjudicator.tables import ClaimCodes, part

OWN_RATE = -1
"""In a plan's table: the item's own rate."""


def scheduled_rates(
    rate: Int64, lines: Int64, version: Int64, block: LineBlock, codes: ClaimCodes, catalog: Catalog
) -> None:
    """Replace the rate of lines whose version has a schedule by that of its first row that fits (in place).

    `lines`: positions in the block, `version` theirs. A row fits by scheme, visit and unit price. Where none does the
    item's plain rate stands. An observer is told the row of each.
    """
    scheduled = catalog.upfront_schedule[version] >= 0
    if not scheduled.any():
        return
    lines, schedule = lines[scheduled], catalog.upfront_schedule[version[scheduled]]
    start = catalog.schedule_from[schedule]
    depth = catalog.schedule_from[schedule + 1] - start
    scheme = catalog.schemes.index(codes.program.scheme) if codes.program.scheme in catalog.schemes else ANY - 1
    visit = _visits(block, codes, catalog)
    visit = visit if isinstance(visit, int) else visit[lines]
    price = unit_price_e6(block.price, block.quantity, block.amount)[lines]
    open_lines = np.ones(len(lines), np.bool_)
    for step in range(int(depth.max())):
        row = np.minimum(start + step, len(catalog.schedule_rate_ppm) - 1)
        fits: Bool = open_lines & (step < depth)
        for column, value in ((catalog.schedule_scheme, scheme), (catalog.schedule_visit, visit)):
            fits &= (column[row] == ANY) | (column[row] == value)
        fits &= (price >= catalog.schedule_price_from_e6[row]) & (price < catalog.schedule_price_until_e6[row])
        rate[lines[fits]] = catalog.schedule_rate_ppm[row[fits]]
        if block.observe:
            block.see("unit_price_e6", price[fits], lines[fits])
            block.see("rate.schedule", row[fits], lines[fits])
        open_lines &= ~fits


def _visits(block: LineBlock, codes: ClaimCodes, catalog: Catalog) -> int | Int64:
    return block.spread(part(codes.codes(Key(KeyKind.CATEGORY, "visit", catalog.visits)), block.claims))


def planned_rates(
    table: Table, rate: Int64, block: LineBlock, codes: ClaimCodes, catalog: Catalog | None, version: Int64
) -> UInt8:
    """Replace rates by those of the plan's table (in place), except where it says the item's own; give the states.

    An observer is told where each value comes from, and of which lines it is the rate.
    """
    index = line_index(table, block, codes, catalog, version)
    values, states = table.values[index], table.states[index]
    applies = (values != OWN_RATE) & (states < State.ABSENT)
    np.copyto(rate, values, where=applies)
    np.copyto(rate, 0, where=states == State.ABSENT)
    if block.observe:
        block.see("origin.upfront", table.origins[index])
        planned = np.broadcast_to(applies | (states == State.ABSENT), len(block)).nonzero()[0]
        block.see("rate.plan", rate[planned], planned)
    found = np.zeros(len(block), np.uint8)
    found[...] = states
    return found
