"""Atoms: the smallest sets of lines that a plan tells apart, and the plan's rules for lines.

A plan names sets of lines under `items`. Lines that are in exactly the same sets form an atom; the kernel sums the
buckets of a claim by atom, and a group or category limit is a list of atoms.
"""

from __future__ import annotations

import numpy as np

from adjudicator.rulebook import CategoryLimit, LineRules, State, Table
from catalogs.plans.complete import CompletePlan
from catalogs.plans.conditions import Condition, tests_in
from catalogs.plans.document import GroupEntry
from catalogs.plans.findings import Findings
from catalogs.plans.fold import Folder
from catalogs.plans.frames import LARGEST_TABLE, Frame, Vocabulary
from catalogs.plans.values import Unit


class Atoms:
    """The atoms of a plan. `members[name]` are the atoms in a named set."""

    def __init__(self, plan: CompletePlan, vocabulary: Vocabulary, findings: Findings) -> None:
        named = (
            *(name for layer in plan.layers for group in layer.groups for name in group.items or ()),
            *(name for limit in plan.lines.category_limits for name in limit.items),
        )
        used = [name for name in dict.fromkeys(named) if name in plan.items]
        tests = [test for name in used for test in tests_in(plan.items[name])]
        frame = Frame(vocabulary, tests)
        if frame.cells > LARGEST_TABLE:
            findings.add("TABLE_TOO_LARGE", tests[0].place, cells=frame.cells, largest=LARGEST_TABLE)
            frame, used = Frame(vocabulary, ()), []
        sets = frame.constant(False).astype(np.int64)
        for bit, name in enumerate(used):
            sets = sets | (frame.fits(plan.items[name]).astype(np.int64) << bit)
        sets = np.broadcast_to(sets, tuple(axis.key.size for axis in frame.axes))
        distinct, cells = np.unique(sets.reshape(-1), return_inverse=True)
        self.count = len(distinct)
        self.table = Table(
            tuple(axis.key for axis in frame.axes),
            cells.astype(np.int64),
            np.full(len(cells), State.EXACT, np.uint8),
            np.full(len(cells), -1, np.int32),
        )
        self.members = {name: tuple(np.flatnonzero(distinct >> bit & 1).tolist()) for bit, name in enumerate(used)}

    def of_sets(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Give the atoms in any of the sets."""
        return tuple(sorted({atom for name in names for atom in self.members.get(name, ())}))

    def of_group(self, group: GroupEntry, groups: tuple[GroupEntry, ...]) -> tuple[int, ...] | None:
        """Give the atoms of a group; None for all lines. "other" are the atoms of no other group of the layer."""
        if group.items is None:
            return None
        atoms = set(self.of_sets(group.items))
        if "other" in group.items:
            taken = {a for g in groups if g is not group for a in self.of_sets(g.items or ())}
            atoms |= set(range(self.count)) - taken
        return tuple(sorted(atoms))


def compile_lines(
    plan: CompletePlan, atoms: Atoms, folder: Folder, vocabulary: Vocabulary, valid: Condition
) -> LineRules:
    """Compile how lines are judged."""
    lines = plan.lines
    upfront = folder.table(lines.upfront, Unit.RATE, vocabulary, (valid,)) if lines.upfront is not None else None
    return LineRules(
        atoms=atoms.count,
        atom=atoms.table,
        upfront=upfront,
        ceiling_first=lines.ceiling != "after_upfront",
        whole_bill=not lines.catalogue,
        category_limits=tuple(
            CategoryLimit(
                limit.name,
                atoms.of_sets(limit.items),
                folder.formula(limit.amount, vocabulary, (valid,)),
                limit.times,
                limit.before_upfront,
            )
            for limit in lines.category_limits
        ),
        ceilings=lines.ceiling != "none",
    )
