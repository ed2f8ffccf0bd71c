"""Folds values into tables: every combination of attributes gets its number, state and origin at compile time.

Folding is exact (fractions); only the finished number of a cell becomes fen or parts per million.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from adjudicator.columns import PPM, Bool, Int32
from adjudicator.rulebook import Formula, Key, KeyKind, Origin, State, Table, Term
from catalogs.plans.conditions import Condition, Test, tests_in
from catalogs.plans.findings import Findings, Place
from catalogs.plans.frames import LARGEST_TABLE, OLDEST, Frame, Vocabulary
from catalogs.plans.grids import (
    MISSED,
    SETTLES,
    UNKNOWN,
    UNREACHED,
    Grid,
    Outcome,
    half_up,
    narrow,
    pair,
    present,
    tidy,
    where,
    whole_fen,
)
from catalogs.plans.values import (
    Adjusted,
    Adjustment,
    Cell,
    Choice,
    Each,
    Indexed,
    LinearFormula,
    Unit,
    Value,
    parts_of,
    tests_of,
)


class Folder:
    """Folds the values of one program. `origins` grows as cells are met."""

    def __init__(self, findings: Findings, indexes: dict[str, Value]) -> None:
        self.findings, self.indexes = findings, indexes
        self.origins: dict[Origin, int] = {}
        self.reached: dict[Place, bool] = {}

    # ---- public: what the parts of a program need

    def table(
        self,
        value: Value,
        unit: Unit,
        vocabulary: Vocabulary,
        reach: Sequence[Condition | None] = (),
        fixed: dict[str, str] | None = None,
    ) -> Table:
        """Fold a value without formulas. `reach` are conditions outside which no value is needed."""
        frame, seen = self._frame((value,), vocabulary, reach, fixed)
        grid = self._fold(value, frame, seen)
        return self._table(frame, grid, seen, unit)

    def formula(self, value: Value, vocabulary: Vocabulary, reach: Sequence[Condition | None] = ()) -> Formula:
        """Fold an amount that may be a formula, or a table of formulas."""
        frame, seen = self._frame((value,), vocabulary, reach, None)
        grid = self._fold(value, frame, seen)
        formulas = tuple(dict.fromkeys(o.formula for o in grid.outcomes if o.formula is not None))
        self._refuse_negative(grid, seen)
        fixed = self._table(frame, grid, seen, Unit.AMOUNT)
        terms: list[Term] = []
        bounds: dict[str, list[tuple[LinearFormula, Value]]] = {"at_least": [], "at_most": []}
        for formula in formulas:
            chosen = seen & self._chooses(grid, formula)
            for term in formula.terms:
                unit = Unit.AMOUNT if _counts(vocabulary, term.of) else Unit.FACTOR
                rate = where(chosen, self._fold(term.rate, frame, chosen), Outcome(State.EXACT))
                above = None
                if term.above is not None:
                    inner = self._fold(term.above, frame, chosen)
                    inner_unit = Unit.NUMBER if unit is Unit.AMOUNT else Unit.AMOUNT
                    above = self._table(frame, where(chosen, inner, UNREACHED), seen, inner_unit)
                scale = PPM if unit is Unit.AMOUNT else 1
                terms.append(Term(term.of, self._table(frame, rate, seen, unit, scale), above))
            for key, found in bounds.items():
                bound = getattr(formula, key)
                if bound is not None:
                    found.append((formula, bound))
        made = {key: self._bound(frame, seen, grid, found) for key, found in bounds.items()}
        return Formula(fixed, tuple(terms), made["at_least"], made["at_most"])

    def condition(
        self, condition: Condition | None, vocabulary: Vocabulary, fixed: dict[str, str] | None = None
    ) -> Table | None:
        """Fold a condition into a table of 0 and 1; None when it always holds."""
        if condition is None:
            return None
        frame = Frame(vocabulary, tests_in(condition), fixed=fixed)
        if self._too_large(frame, next(tests_in(condition)).place if frame.axes else None):
            return None
        held = frame.fits(condition)
        grid = Grid(held.astype(np.int32), (Outcome(State.EXACT), Outcome(State.EXACT, Fraction(1))))
        return self._table(frame, grid, frame.all_axes("possible"), Unit.NUMBER)

    def clashes(
        self,
        values: tuple[Value, Value],
        vocabulary: Vocabulary,
        reach: Sequence[Condition | None],
        wrong: Callable[[Fraction, Fraction], bool],
    ) -> str:
        """Describe claims for which two plain amounts stand in the wrong relation; '' when there are none."""
        frame, seen = self._frame(values, vocabulary, reach, None)
        first, second = (self._fold(value, frame, seen) for value in values)
        bad = np.array(
            [
                [
                    one.state in SETTLES
                    and other.state in SETTLES
                    and one.formula is None
                    and other.formula is None
                    and wrong(one.number, other.number)
                    for other in second.outcomes
                ]
                for one in first.outcomes
            ],
            np.bool_,
        )
        where_bad = seen & np.asarray(bad[first.cells, second.cells], np.bool_)
        return "; ".join(frame.examples(narrow(where_bad))) if where_bad.any() else ""

    # ---- folding

    def _frame(
        self,
        values: Sequence[Value],
        vocabulary: Vocabulary,
        reach: Sequence[Condition | None],
        fixed: dict[str, str] | None,
    ) -> tuple[Frame, Bool]:
        tests = [test for value in values for test in tests_of(value)]
        each = [part.of for value in values for part in parts_of(value) if isinstance(part, Each)]
        for value in values:
            for part in parts_of(value):
                if isinstance(part, Indexed) and part.index in self.indexes:
                    tests += tests_of(self.indexes[part.index])
        frame, reach = self._frame_with_reach(tests, vocabulary, each, fixed, tuple(reach))
        if self._too_large(frame, values[0].place):
            frame = Frame(vocabulary, ())
            return frame, frame.constant(False)
        seen = frame.all_axes("possible")
        for condition in reach:
            seen = seen & frame.fits(condition)
        return frame, seen

    def _frame_with_reach(
        self,
        tests: Sequence[Test],
        vocabulary: Vocabulary,
        each: Sequence[str],
        fixed: dict[str, str] | None,
        reach: tuple[Condition | None, ...],
    ) -> tuple[Frame, tuple[Condition | None, ...]]:
        """Give the frame of tests and reach, and the reach it has; what would make it too large is left out."""

        def framed(kept: tuple[Condition | None, ...]) -> Frame:
            outer = (test for condition in kept for test in tests_in(condition))
            return Frame(vocabulary, [*tests, *outer], each, fixed)

        frame = framed(reach)
        if frame.cells <= LARGEST_TABLE:
            return frame, reach
        kept: tuple[Condition | None, ...] = ()
        for condition in reach:
            if framed((*kept, condition)).cells <= LARGEST_TABLE:
                kept = (*kept, condition)
        return framed(kept), kept

    def _too_large(self, frame: Frame, place: Place | None) -> bool:
        if frame.cells <= LARGEST_TABLE:
            return False
        assert place is not None
        self.findings.add("TABLE_TOO_LARGE", place, cells=frame.cells, largest=LARGEST_TABLE)
        return True

    def _fold(self, value: Value, frame: Frame, seen: Bool) -> Grid:
        """Fold a value where `seen`; elsewhere the outcome does not matter."""
        none = np.zeros((1,) * len(frame.axes), np.int32)
        if not seen.any():
            return Grid(none, (UNREACHED,))
        if isinstance(value, Cell):
            return Grid(none, (Outcome(value.state, value.number or Fraction(0), value.origin, value.place),))
        if isinstance(value, Choice):
            return self._choice(value, frame, seen)
        if isinstance(value, Adjusted):
            return self._adjusted(value, frame, seen)
        if isinstance(value, Indexed):
            times = self._fold(value.times, frame, seen)
            if value.index not in self.indexes:
                return times
            product = pair(times, self._fold(self.indexes[value.index], frame, seen), lambda a, b: a * b)
            return whole_fen(product)
        fixed = self._fold(value.fixed, frame, seen)
        return Grid(fixed.cells, tuple(
            Outcome(o.state, o.number, o.origin, o.place, value) if o.state in SETTLES else o for o in fixed.outcomes
        ))  # fmt: skip

    def _choice(self, value: Choice, frame: Frame, seen: Bool) -> Grid:
        left = seen
        chosen: list[tuple[Bool, Grid]] = []
        undecided = frame.constant(False)
        for condition, row in value.rows:
            certain, possible = frame.decide(condition)
            hit = left & certain
            if (doubtful := possible & ~certain).any():
                undecided = undecided | (left & doubtful)
            self._reached(row.place, hit)
            if hit.any():
                chosen.append((hit, self._fold(row, frame, hit)))
            left = left & ~possible
        open_cells = left & frame.all_axes("asked")
        if open_cells.any():
            code = "DATE_HOLE" if value.dated else "CELL_NOT_FILLED"
            shown = self._tested(value, frame, open_cells)
            examples = "; ".join(frame.examples(shown))
            self.findings.add(code, value.place, examples=examples, count=int(np.count_nonzero(shown)))
        outcomes = [UNKNOWN, MISSED]
        uncovered = self._uncovered(value, frame)
        shapes = [a.shape for hit, grid in chosen for a in (hit, grid.cells)]
        cells = np.empty(np.broadcast_shapes(uncovered.shape, undecided.shape, *shapes), np.int32)
        cells[...] = uncovered
        for hit, grid in chosen:
            np.copyto(cells, grid.cells + np.int32(len(outcomes)), where=hit)
            outcomes += grid.outcomes
        np.copyto(cells, np.int32(1), where=undecided)
        return tidy(Grid(cells, tuple(outcomes)))

    def _tested(self, value: Choice, frame: Frame, cells: Bool) -> Bool:
        """Show cells over the axes that the rows themselves test, not over those of the claims that get there."""
        tests = [test for condition, _ in value.rows for test in tests_in(condition)]
        own = Frame(frame.vocabulary, tests, fixed=frame.fixed).identities
        for identity, position in frame.identities.items():
            if identity not in own:
                cells = np.asarray(np.any(cells, axis=position, keepdims=True), np.bool_)
        return cells

    def _reached(self, place: Place, hit: Bool) -> None:
        self.reached[place] = self.reached.get(place, False) or bool(hit.any())

    def unreached(self) -> list[Place]:
        """Give the places of rows and adjustments that no claim can select, in any table they stand in."""
        return sorted(place for place, reached in self.reached.items() if not reached)

    def _uncovered(self, value: Choice, frame: Frame) -> Int32:
        """Give 1 (missing) where an attribute that the rows test is missing, else 0 (unknown)."""
        missing = frame.constant(False)
        tested = Frame(frame.vocabulary, [t for c, _ in value.rows for t in tests_in(c)], fixed=frame.fixed)
        for identity in tested.identities:
            position = frame.identities[identity]
            key = frame.axes[position].key
            code = {KeyKind.CATEGORY: key.size - 1, KeyKind.NUMBER: 0}.get(key.kind)
            if code is not None:
                missing = missing | frame.spread(np.arange(key.size) == code, position)
        return missing.astype(np.int32)

    def _adjusted(self, value: Adjusted, frame: Frame, seen: Bool) -> Grid:
        grid = self._fold(value.start, frame, seen)
        sets_only = all(step.how == "set" for step in value.steps) and not (value.at_least or value.at_most)
        if any(o.formula is not None for o in grid.outcomes) and not sets_only:
            self.findings.add("FORMULA_ADJUSTED", value.place)
            return grid
        undecided = frame.constant(False)
        for step in value.steps:
            certain, possible = frame.decide(step.when)
            hit = seen & certain
            if (doubtful := possible & ~certain).any():
                undecided = undecided | (seen & doubtful)
            self._reached(step.place, hit)
            if hit.any():
                grid = where(hit, self._stepped(step, grid, frame, hit), grid)
        for bound, choose in ((value.at_least, max), (value.at_most, min)):
            if bound is not None:
                grid = pair(grid, self._fold(bound, frame, seen), choose, absent_second=True)
        if value.unit is Unit.AMOUNT:
            grid = whole_fen(grid)
        held = Grid(np.zeros((1,) * len(frame.axes), np.int32), (MISSED,))
        return where(undecided, held, grid)

    def _stepped(self, step: Adjustment, grid: Grid, frame: Frame, hit: Bool) -> Grid:
        if isinstance(step.value, Each):
            return pair(grid, self._each(step.value, frame, hit), lambda a, b: a + b)
        change = self._fold(step.value, frame, hit)
        if step.how == "set":
            return change
        combine: Callable[[Fraction, Fraction], Fraction] = {
            "points": lambda a, b: a + b,
            "add": lambda a, b: a + b,
            "times": lambda a, b: a * b,
            "person_share": lambda a, b: 1 - (1 - a) * b,
        }[step.how]
        return pair(grid, change, combine, absent_second=True)

    def _each(self, each: Each, frame: Frame, seen: Bool) -> Grid:
        position = frame.identities[(KeyKind.NUMBER, each.of, "")]
        edges = frame.axes[position].key.edges
        units = np.zeros(len(edges) + 1, np.int32)
        outcomes = [MISSED, UNKNOWN]
        for code, start in enumerate(edges.tolist(), 1):
            units[code] = 1
            if 0 <= start <= OLDEST:
                units[code] = len(outcomes)
                outcomes.append(Outcome(State.EXACT, Fraction(start)))
        spread = np.asarray(frame.spread(units, position), np.int32)
        return pair(Grid(spread, tuple(outcomes)), self._fold(each.each, frame, seen), lambda a, b: a * b)

    # ---- combining grids

    def _chooses(self, grid: Grid, formula: LinearFormula) -> Bool:
        return np.asarray(np.array([o.formula == formula for o in grid.outcomes])[grid.cells], np.bool_)

    def _bound(self, frame: Frame, seen: Bool, grid: Grid, found: list[tuple[LinearFormula, Value]]) -> Table | None:
        if not found:
            return None
        made = Grid(np.zeros((1,) * len(frame.axes), np.int32), (UNREACHED,))
        for formula, bound in found:
            chosen = seen & self._chooses(grid, formula)
            made = where(chosen, self._fold(bound, frame, chosen), made)
        return self._table(frame, made, seen, Unit.AMOUNT)

    # ---- finished tables

    def _table(self, frame: Frame, grid: Grid, seen: Bool, unit: Unit, scale: int = 1) -> Table:
        """Round outcomes to the kernel's units and drop the axes on which nothing depends where `seen`."""
        cells = np.where(seen, grid.cells, np.int32(len(grid.outcomes)))
        used = set(present(cells, len(grid.outcomes) + 1).tolist())
        numbers = [self._number(o, unit, scale, i in used) for i, o in enumerate((*grid.outcomes, UNREACHED))]
        triples = np.array(
            [
                (number, o.state, self._origin(o))
                for number, o in zip(numbers, (*grid.outcomes, UNREACHED), strict=True)
            ],
            np.int64,
        )
        distinct, compact = np.unique(triples, axis=0, return_inverse=True)
        cells = compact.reshape(-1)[cells]
        cells, needed = np.broadcast_arrays(np.where(seen, cells, -1), seen)
        keys: list[Key] = []
        for position in reversed(range(len(frame.axes))):
            highest = cells.max(axis=position, keepdims=True)
            if bool(np.all(~needed | (cells == highest))):
                cells, needed = highest, np.any(needed, axis=position, keepdims=True)
            elif cells.shape[position] > 1:
                keys.insert(0, frame.axes[position].key)
        cells = np.where(needed, cells, compact.reshape(-1)[len(grid.outcomes)])
        flat = cells.reshape(-1)
        return Table(
            tuple(keys),
            np.ascontiguousarray(distinct[flat, 0]),
            distinct[flat, 1].astype(np.uint8),
            distinct[flat, 2].astype(np.int32),
        )

    def _origin(self, outcome: Outcome) -> int:
        if outcome.origin is None:
            return -1
        return self.origins.setdefault(outcome.origin, len(self.origins))

    def _refuse_negative(self, grid: Grid, seen: Bool) -> None:
        """Refuse plain amounts below zero: a deductible or limit of less than nothing is a slip of the pen."""
        for number in present(np.broadcast_to(grid.cells, seen.shape)[seen], len(grid.outcomes)).tolist():
            outcome = grid.outcomes[number]
            plain = outcome.state in SETTLES and outcome.formula is None
            if plain and outcome.number < 0 and outcome.place is not None:
                self.findings.add("AMOUNT_BELOW_ZERO", outcome.place, amount=f"{float(outcome.number):.2f}")

    def _number(self, outcome: Outcome, unit: Unit, scale: int, used: bool) -> int:
        if outcome.state not in SETTLES:
            return 0
        if unit not in (Unit.RATE, Unit.FACTOR, Unit.POINTS):
            return half_up(outcome.number * scale)
        ppm = outcome.number * PPM
        if used and outcome.place is not None:
            if ppm.denominator != 1:
                self.findings.add("RATE_NOT_EXACT", outcome.place, rate=_percent(outcome.number))
            elif unit is Unit.RATE and ppm > PPM:
                self.findings.add("RATE_ABOVE_ONE", outcome.place, rate=_percent(outcome.number))
            elif unit is Unit.RATE and ppm < -1:
                self.findings.add("RATE_BELOW_ZERO", outcome.place, rate=_percent(outcome.number))
        return half_up(ppm)


def _percent(rate: Fraction) -> str:
    return f"{float(rate * 100):.6g}%"


def _counts(vocabulary: Vocabulary, of: str) -> bool:
    if of.startswith("counter."):
        return vocabulary.counter_units.get(of.removeprefix("counter.")) == "count"
    return of in vocabulary.attributes or of == "one"
