"""The line stage: every fen of every line falls into one of four buckets, with one reason a line.

Lines are judged in blocks of whole claims that fit into cache: catalog version, class, stay, restrictions, upfront
share, ceiling, category limits, sums by claim. What a batch or plan does not use costs nothing.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from adjudicator.batch import LARGEST_FEN, Batch
from adjudicator.catalog import Catalog
from adjudicator.category_limits import ClaimLimit
from adjudicator.ceilings import HIGHEST
from adjudicator.columns import PPM, Bool, Int32, UInt8
from adjudicator.division import Division, Partial
from adjudicator.judged import Judged, JudgedLines, bills
from adjudicator.line_blocks import ChosenLines, LineBlock, ObserveLines, Scratch
from adjudicator.line_codes import line_index, unknown_index
from adjudicator.reasons import LineReason
from adjudicator.restrictions import restrict
from adjudicator.rulebook import Key, KeyKind, Program, State
from adjudicator.tables import ClaimCodes, Index
from adjudicator.upfront import planned_rates, scheduled_rates
from adjudicator.versions import CLASS_C, Found, VersionIndex, index_versions
from adjudicator.workers import run

__all__ = ["Judged", "JudgedLines", "LineStage", "judge"]

BLOCK_LINES = 32_768
"""Lines in a block of a single worker, so that it stays in the cache; more only when one claim has more."""

THREAD_LINES = 65_536
"""Lines in a block where several workers share the interpreter's lock: fewer would wait for it too often."""

RANGES_A_WORKER = 8

_SAME_DAY = np.array(0, np.int32)

NO_BOUND = np.array(-1, np.int32)
"""A line of a claim that is no stay may lie this many days after its admission, read as an unsigned number."""

INPATIENT = Key(KeyKind.CATEGORY, "visit", ("inpatient",))


def judge(
    batch: Batch,
    program: Program,
    catalog: Catalog | None,
    codes: ClaimCodes,
    *,
    into: JudgedLines | None = None,
    check_stay: bool = True,
    index: VersionIndex | None = None,
    block_lines: int | None = None,
    workers: int = 1,
) -> Judged:
    """Judge the lines of the claims that `codes` has chosen; `into` takes them up (lines of the batch; default: blank).

    For each line: the catalog version in force on the service date and its class; the line's own class and
    upfront rate, where given, take precedence; dates outside the stay (`check_stay`: of claims of visit inpatient
    or whose discharge is after admission); restrictions; ceiling and upfront share in the plan's order; category
    limits. Negative lines mirror positive ones. `index` may be passed where several calls share a catalog and dates.
    So many `workers` judge a range of claims each; results depend neither on them nor on `block_lines`.
    Raises RulebookError for a category limit that is a formula.
    """
    stage = LineStage(batch, program, catalog, codes, into=into, check_stay=check_stay, index=index)
    run(stage.judge_blocks, stage.ranges(workers, block_lines), workers)
    return stage.judged()


def _stays(batch: Batch, codes: ClaimCodes, lines: ChosenLines) -> Int32 | None:
    """Give how many days after the admission lines may lie [claims]; None when no claim is a stay."""
    days = batch.discharge[codes.rows] - lines.admission
    stay = days > _SAME_DAY
    longer = np.count_nonzero(stay)
    if longer < len(days):
        stay |= (days == _SAME_DAY) & np.equal(codes.codes(INPATIENT), 0)
        longer = np.count_nonzero(stay)
    if not longer:
        return None
    return days if longer == len(days) else np.where(stay, days, NO_BOUND)


def _level_key(catalog: Catalog) -> Key:
    """Give the key of the catalog's ceilings; made once for a catalog."""
    found = catalog.memo.get("level_key")
    if found is None:
        found = catalog.memo["level_key"] = Key(KeyKind.CATEGORY, "level", catalog.levels)
    return cast(Key, found)


class LineStage:
    """One call of `judge`: the rules, the outputs and the steps on a block. Ranges of blocks may be judged at once."""

    def __init__(
        self,
        batch: Batch,
        program: Program,
        catalog: Catalog | None,
        codes: ClaimCodes,
        *,
        into: JudgedLines | None = None,
        check_stay: bool = True,
        index: VersionIndex | None = None,
        observe: ObserveLines | None = None,
    ) -> None:
        if catalog is not None and not len(catalog.valid_from):
            catalog = None
        if index is None and catalog is not None:
            index = index_versions(catalog, batch.lines.service_date)
        self.rules, self.catalog, self.codes = program.lines, catalog, codes
        self.lines, self.index = ChosenLines(batch, codes.rows, observe), index
        self.stays = _stays(batch, codes, self.lines) if check_stay else None
        limits = () if self.rules.whole_bill else self.rules.category_limits
        self.limits = [ClaimLimit(rule, codes) for rule in limits]
        self.level: Index | None = None
        if catalog is not None and self.rules.ceilings and not self.rules.whole_bill and catalog.ceilings_e6.size:
            code = codes.codes(_level_key(catalog))
            other = len(catalog.levels)
            self.level = min(code, other) if isinstance(code, int) else np.minimum(code, other).astype(np.int32)
        self.given: Bool | None = None
        self.given_buckets = batch.given_buckets
        if batch.bucketed is not None and batch.given_buckets is not None:
            self.given = batch.bucketed[codes.rows] == 1
        claims = codes.count
        self.out = Judged(
            JudgedLines.blank(len(batch.lines)) if into is None else into,
            atom_buckets=np.zeros((claims, self.rules.atoms, 4), np.int64),
            bill=np.zeros(claims, np.int64),
            pended=np.zeros(claims, np.bool_),
            states=np.zeros(claims, np.uint8),
            out_of_bounds=np.zeros(claims, np.bool_),
        )

    def ranges(self, workers: int, block_lines: int | None = None) -> list[list[slice]]:
        """Cut the lines into blocks, and share these out in ranges that follow each other.

        There are some ranges for each worker, so that a slow one holds nobody up.
        """
        if block_lines is None:
            block_lines = BLOCK_LINES if workers == 1 else THREAD_LINES
        cuts = self.lines.cuts(block_lines)
        size = max(1, -(-len(cuts) // (RANGES_A_WORKER * workers))) if workers > 1 else len(cuts)
        return [cuts[at : at + size] for at in range(0, len(cuts), size)]

    def judged(self) -> Judged:
        """Give what was found, when all ranges are judged; claims that came with bucket totals have these."""
        if self.given is not None:
            self._take_given(self.given)
        return self.out

    def judge_blocks(self, cuts: list[slice]) -> None:
        """Judge some blocks, one after the other."""
        for block, scratch in self.lines.blocks(cuts):
            self.judge_block(block, scratch)

    def judge_block(self, block: LineBlock, scratch: Scratch) -> None:
        """Fill the outputs of the block's lines and claims."""
        found = Found(self.catalog, self.index, block, scratch)
        partial = None
        if self.rules.whole_bill:
            found.reason[...] = 0
            found.rate[...] = 0
        else:
            self._take_class(block, found)
            self._refuse_outside_stay(block, found.reason)
            partial = self._restrict(block, found)
            self._take_rates(block, found)
        atoms = self._atoms(block, found)
        largest = int(np.maximum.reduce(block.amount.view(np.uint64)))  # a negative number is a huge one here
        if largest > LARGEST_FEN:
            self._refuse_large(block, found.reason)
        negative = largest > HIGHEST
        if block.observe and not self.rules.whole_bill:
            block.see("version", found.version)
        part = self.out.lines.part(block.rows)
        states = self.out.states[block.claims]
        division = Division(block, found, part, states, scratch)
        division.divide(self.rules, self.limits, self.level, atoms, partial, negative)
        self._sum(block, part, atoms, scratch)
        if self.given is not None:
            _blank_given(part, np.repeat(self.given[block.claims], block.counts))
        self.out.lines.put(block.rows, part)

    def _take_class(self, block: LineBlock, found: Found) -> None:
        if block.class_code is None:
            return
        given = np.where(block.class_code == CLASS_C, np.uint8(LineReason.CLASS_C), np.uint8(0))
        np.copyto(found.reason, given, where=block.class_code >= 0)

    def _take_rates(self, block: LineBlock, found: Found) -> None:
        if block.observe:
            block.see("rate.item", found.rate)
        if self.catalog is not None and len(self.catalog.schedule_rate_ppm) and len(found.special):
            special = found.special
            scheduled_rates(found.rate, special, found.versions_of(special), block, self.codes, self.catalog)
        if self.rules.upfront is not None:
            states = planned_rates(self.rules.upfront, found.rate, block, self.codes, self.catalog, found.version)
            states[(found.reason != 0) & (found.reason != LineReason.OVER_QUANTITY)] = State.EXACT
            if block.upfront_ppm is not None:
                states[block.upfront_ppm >= 0] = State.EXACT
            self._hold(block, states)
            if block.observe:
                block.see("undecided.upfront", states)
        if block.upfront_ppm is not None:
            np.copyto(found.rate, np.minimum(block.upfront_ppm, PPM), where=block.upfront_ppm >= 0)
            if block.observe:
                given = np.flatnonzero(block.upfront_ppm >= 0)
                block.see("rate.given", found.rate[given], given)

    def _hold(self, block: LineBlock, states: UInt8) -> None:
        """Note the worst state of lines for their claims."""
        worse = np.flatnonzero(states > State.ABSENT)
        if len(worse):
            np.maximum.at(self.out.states[block.claims], block.claim_of_line()[worse], states[worse])

    def _refuse_outside_stay(self, block: LineBlock, reason: UInt8) -> None:
        if self.stays is None:
            return
        days = block.admission.repeat(block.counts)
        np.subtract(block.date, days, out=days)
        most = self.stays[block.claims].repeat(block.counts)
        outside = np.flatnonzero(days.view(np.uint32) > most.view(np.uint32))
        if len(outside):
            reason[outside[reason.take(outside) == 0]] = LineReason.OUTSIDE_STAY

    def _restrict(self, block: LineBlock, found: Found) -> Partial | None:
        """Apply restrictions; give the lines of which only a part is payable."""
        if self.catalog is None or not len(found.special):
            return None
        lines = found.special[found.reason.take(found.special) == 0]
        version = found.versions_of(lines)
        restricted = self.catalog.restriction.take(version) >= 0
        number = np.count_nonzero(restricted)
        if not number:
            return None
        if number < len(lines):
            lines, version = lines[restricted], version[restricted]
        judged = restrict(lines, version, block, self.codes, self.catalog)
        found.reason[judged.lines] = judged.reason
        waiting = judged.reason == LineReason.PENDED_RESTRICTION
        if np.count_nonzero(waiting):
            self.out.pended[block.claims][block.claim_of_line()[judged.lines[waiting]]] = True
        part_of = judged.reason == LineReason.OVER_QUANTITY
        if not np.count_nonzero(part_of):
            return None
        return judged.lines[part_of], judged.payable_fen[part_of], judged.payable_quantity_e4[part_of]

    def _refuse_large(self, block: LineBlock, reason: UInt8) -> None:
        large = np.flatnonzero((block.amount > LARGEST_FEN) | (block.amount < -LARGEST_FEN))
        reason[large] = LineReason.OUT_OF_BOUNDS
        self.out.out_of_bounds[block.claims][block.claim_of_line()[large]] = True

    def _atoms(self, block: LineBlock, found: Found) -> Index:
        """Give the atom of every line."""
        if self.rules.atoms == 1:
            return 0
        table = self.rules.atom
        index = line_index(table, block, self.codes, self.catalog, found.version)
        if isinstance(index, int):
            index = np.full(len(block), index, np.int64)
        self._hold(block, table.states[index])
        return table.values[index]

    def _sum(self, block: LineBlock, part: JudgedLines, atoms: Index, scratch: Scratch) -> None:
        """Sum the buckets to claims and atoms.

        The law that they add up to the amounts holds line by line because a step takes off `left` what it puts in a
        bucket; here it is checked for the sums of every claim.
        """
        sums = self.out.atom_buckets[block.claims]
        missing = block.sums(block.amount[np.newaxis], scratch)[0]
        self.out.bill[block.claims] = missing
        for atom in range(self.rules.atoms):
            of_atom = part.buckets if isinstance(atoms, int) else part.buckets * (atoms == atom)
            found = block.sums(of_atom, scratch)
            sums[:, atom] = found.T
            missing -= np.add.reduce(found)
        assert not np.count_nonzero(missing), "buckets do not add up to the bill"

    def _take_given(self, given: Bool) -> None:
        """Put in the bucket totals of claims that came with them."""
        claims = np.flatnonzero(given)
        if not len(claims) or self.given_buckets is None:
            return
        out, table, buckets = self.out, self.rules.atom, self.given_buckets[self.codes.rows][claims]
        index = 0 if self.rules.atoms == 1 else unknown_index(table, self.codes)
        atom = table.values[np.broadcast_to(index, len(given))[claims]] if self.rules.atoms > 1 else 0
        out.atom_buckets[claims] = 0
        out.atom_buckets[claims, atom] = buckets
        out.bill[claims] = bills(buckets)
        out.states[claims] = State.EXACT
        out.pended[claims] = False
        out.out_of_bounds[claims] = (np.abs(buckets) > LARGEST_FEN).any(axis=1)


def _blank_given(part: JudgedLines, given: Bool) -> None:
    """Take back what was found about the lines of claims whose bucket totals came with them."""
    part.buckets[:, given] = 0
    part.reason[given] = LineReason.GIVEN
