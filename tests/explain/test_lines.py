"""Each line's steps, redone from what they say, lead from its amount to its four buckets, to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from adjudicator import Batch, Category, Rulebook, settle
from adjudicator.batch import BUCKETS
from adjudicator.catalog import CLASSES
from api.explain.decode import explain_row
from api.explain.explanation import Explanation, LinePart, Step
from api.explain.texts import PlanTexts
from tests.explain.test_pairs import check_words, explained
from tests.kernel.line_worlds import World, world_of

UPFRONT = {"LINE_UPFRONT_ITEM", "LINE_UPFRONT_SCHEDULE", "LINE_UPFRONT_PLAN", "LINE_UPFRONT_GIVEN"}
REFUSED = {"LINE_REFUSED", "LINE_RESTRICTED", "LINE_NOT_JUDGED"}
REMARKS = {"LINE_CLASS_GIVEN", "LINE_WHOLE_BILL", "STEP_NOT_STATED", "STEP_MISSING_VALUE"}


def half_up(exact: Fraction) -> int:
    """Round half away from zero, as refunds mirror charges."""
    size = int(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


def taken(step: Step, left: int, line: LinePart) -> int:
    """Work out again what a step takes off what is left, from the fields it shows."""
    fields = step.fields
    sign = -1 if line.amount_fen < 0 else 1
    if step.code in UPFRONT:
        assert fields["of_fen"] == left
        return half_up(Fraction(left * fields["rate_ppm"], 1_000_000))
    match step.code:
        case code if code in REFUSED:
            return left
        case "LINE_OVER_QUANTITY":
            return left - half_up(Fraction(left * fields["payable_quantity_e4"], fields["quantity_e4"]))
        case "LINE_OVER_CEILING" | "LINE_WITHIN_CEILING":
            assert fields["of_fen"] == left
            payable = half_up(Fraction(fields["price_e6"] * fields["quantity_e4"], 10**8))
            if step.code == "LINE_OVER_CEILING":
                assert fields["payable_fen"] == payable
            return sign * max(0, abs(left) - abs(payable))
        case "LINE_OVER_CATEGORY":
            before, limit = fields["before_fen"], fields["limit_fen"]
            return left - (min(before + left, limit) - min(before, limit))
        case code:
            assert code in REMARKS, code
            return 0


def check_line(line: LinePart) -> Counter[str]:
    """Follow a line's steps; give how often each code was met."""
    *steps, last = line.steps
    shown = [getattr(line, f"{name}_fen") for name in BUCKETS]
    if last.code == "LINE_GIVEN":
        assert not steps and shown == [0, 0, 0, 0]
        return Counter([last.code])
    buckets, left = Counter[str](), line.amount_fen
    for step in steps:
        fen = taken(step, left, line)
        assert (step.amount_fen or 0) == -fen, (step, left)
        if fen:
            buckets[step.effect] += fen
        left -= fen
    buckets["in_scope"] = left
    assert (last.code, last.amount_fen) == ("LINE_IN_SCOPE", left)
    assert [buckets[name] for name in BUCKETS] == shown, line
    return Counter(step.code for step in (*steps, last))


def check_entry(line: LinePart, batch: Batch, at: int, world: World) -> None:
    """Look the catalog entry up again, version by version."""
    catalog, item, day = world.catalog, int(batch.lines.item[at]), batch.lines.service_date[at]
    versions = range(catalog.first[item], catalog.first[item + 1]) if item >= 0 else range(0)
    found = [v for v in versions if catalog.valid_from[v] <= day < catalog.valid_until[v]]
    if line.entry is None:
        assert not found or world.program.lines.whole_bill
        return
    (version,) = found
    entry = line.entry
    assert (entry.code, entry.item_class) == (catalog.codes[item], CLASSES[catalog.item_class[version]])
    dates = (catalog.valid_from[version], catalog.valid_until[version])
    assert (entry.valid_from, entry.valid_until) == tuple(str(np.datetime64(int(date), "D")) for date in dates)


def settled_by(world: World) -> Batch:
    """The claims of a world under its plan."""
    return replace(world.batch, plan=Category(np.zeros(len(world.batch), np.int32), (world.program.name,)))


def explanations(world: World, batch: Batch) -> Iterator[Explanation]:
    rulebook = Rulebook((world.program,), world.catalog)
    for row in range(len(batch)):
        yield explain_row(batch, row, rulebook, None, PlanTexts())[0]


def check_worlds(seeds: range) -> Counter[str]:
    codes: Counter[str] = Counter()
    for world in map(world_of, seeds):
        batch = settled_by(world)
        for row, found in enumerate(explanations(world, batch)):
            for at, line in enumerate(found.lines, start=int(batch.lines.first[row])):
                codes += check_line(line)
                codes["refund"] += line.amount_fen < 0
                check_entry(line, batch, at, world)
            if row == 0:
                check_words(found)
    return codes


def test_lines_of_generated_claims_add_up() -> None:
    assert check_worlds(range(20))["refund"] > 0


def test_lines_of_generated_plans_add_up() -> None:
    met = sum(
        (check_line(line) for seed in range(12) for *_, found in explained(seed) for line in found.lines), Counter()
    )
    assert met["LINE_UPFRONT_GIVEN"] and met["LINE_OVER_CEILING"]


@pytest.mark.slow
def test_many_generated_claims_reach_every_step_of_a_line() -> None:
    from tests.test_structure import ROOMS

    lines = {code for code in ROOMS["output"] if code.startswith("LINE_")}
    assert lines - check_worlds(range(1000, 1400)).keys() == {"LINE_GIVEN", "LINE_NOT_JUDGED"}


def test_lines_that_nobody_judged_say_so() -> None:
    world = world_of(3)
    batch = settled_by(world)
    count = len(batch)
    bucketed = replace(batch, bucketed=np.ones(count, np.uint8), given_buckets=np.ones((count, 4), np.int64))
    of_none = replace(batch, plan=Category(batch.plan.codes, ("another",)))
    for claims, code in ((bucketed, "LINE_GIVEN"), (of_none, "LINE_NOT_JUDGED")):
        lines = [line for found in explanations(world, claims) for line in found.lines]
        assert lines
        for line in lines:
            assert (line.entry, line.steps[0].code) == (None, code)
            check_line(line)


def test_watching_changes_nothing() -> None:
    for seed in range(20):
        world = world_of(seed)
        batch, rulebook = settled_by(world), Rulebook((world.program,), world.catalog)
        told: Counter[str] = Counter()
        watched = settle(batch, rulebook, observe_lines=lambda name, lines, values, told=told: told.update([name]))  # type: ignore[misc]
        plain = settle(batch, rulebook)
        assert told
        for name in (*BUCKETS, "line_reason", "claim_buckets", "status", "reason"):
            assert np.array_equal(getattr(watched, name), getattr(plain, name)), name
