"""Explanations of generated claims: they agree with the settlement, their steps lead from the bill to the payment."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console

from adjudicator import Batch, ClaimStatus, Rulebook, Settlement, settle
from api.explain.decode import explain_row, row_of
from api.explain.explanation import Explanation, LayerPart
from api.explain.subset import claims_together, take
from api.explain.texts import PlanTexts
from api.explain.waterfall import print_explanation
from api.messages import Messages
from tests.oracle.columns import accounts_of, batch_of
from tests.oracle.compare import compiled
from tests.oracle.document import library, plan_of
from tests.oracle.generator import pair_of

Case = tuple[Batch, Rulebook, Settlement, int, Explanation]


def explained(seed: int) -> Iterator[Case]:
    """Every claim of a generated batch, with its explanation."""
    pair = pair_of(seed)
    program = compiled(pair.name, pair.generated.texts)
    batch, catalog = batch_of([(plan_of(pair.name, library(pair.generated.texts)), pair.claims)])
    rulebook, accounts = Rulebook((program,), catalog), accounts_of(pair.opening)
    whole = settle(batch, rulebook, accounts)
    for row in range(len(batch)):
        yield batch, rulebook, whole, row, explain_row(batch, row, rulebook, accounts, PlanTexts())[0]


def check_agrees(case: Case) -> None:
    _, _, whole, row, found = case
    assert found.status == ClaimStatus(int(whole.status[row])).name
    assert found.total_fen == whole.total[row]
    assert (found.cash_fen, found.held_fen) == (whole.cash_fen[row], whole.held_fen[row])
    assert found.difference_fen == 0
    for layer in found.layers:
        assert layer.paid_fen == whole.layers[layer.name].paid[row]


def check_steps(layer: LayerPart, given: bool) -> None:
    """Follow the steps of a layer from its base to its payment."""
    entered = layer.base_fen + sum(s.amount_fen or 0 for s in layer.steps if s.code.startswith("STEP_DEDUCTIBLE"))
    entered += sum(s.amount_fen or 0 for s in layer.steps if s.code == "STEP_FIRST_PAY")
    slices = [s for s in layer.steps if s.code in ("STEP_RATE", "STEP_SLICE", "STEP_GROUP_SLICE")]
    assert sum(s.fields["width_fen"] for s in slices) <= entered
    assert entered >= 0
    payment = 0
    for step in layer.steps:
        match step.code:
            case "STEP_ROUNDING":
                payment = step.amount_fen or 0
                shown = [s.amount_fen for s in slices if s.amount_fen is not None]
                if shown and step.fields["at"] != "group":
                    assert sum(shown) == payment
            case "STEP_ALREADY_PAID":
                payment += step.amount_fen or 0
            case "STEP_AT_LEAST":
                payment = max(payment, step.fields["floor_fen"])
            case code if "after_fen" in step.fields:
                assert code.startswith(("STEP_FLAT", "STEP_LIMIT", "STEP_SHARE_LIMIT"))
                payment = step.fields["after_fen"]
            case "STEP_PAID":
                assert step.amount_fen == layer.paid_fen
                assert given or layer.paid_fen <= max(payment, 0), "only the bill's end may cut it further"


def check_words(found: Explanation) -> None:
    for language in ("en", "zh"):
        console = Console(file=io.StringIO(), width=120)
        print_explanation(found, Messages(language), console)
        text = console.file.getvalue()
        assert not re.search(r"\b(STEP|EXPLAIN)_[A-Z]+|\{[a-z_]+\}", text)


def check(seeds: range) -> set[str]:
    codes: set[str] = set()
    for seed in seeds:
        for case in explained(seed):
            check_agrees(case)
            found = case[4]
            for layer in found.layers:
                if layer.applies and layer.steps:
                    check_steps(layer, given=layer.name in case[0].given_paid)
                    codes |= {step.code for step in layer.steps}
            codes |= {step.code for step in found.undecided}
            if case[3] == 0:
                check_words(found)
    return codes


def test_generated_claims() -> None:
    check(range(12))


@pytest.mark.slow
def test_many_generated_claims_reach_every_step() -> None:
    from tests.test_structure import ROOMS

    never = {code for code in ROOMS["output"] if code.startswith("STEP_")} - check(range(1000, 1400))
    assert never == set()


def test_a_part_of_a_batch_settles_as_it_does_in_the_whole() -> None:
    for seed in range(50, 60):
        pair = pair_of(seed)
        program = compiled(pair.name, pair.generated.texts)
        batch, catalog = batch_of([(plan_of(pair.name, library(pair.generated.texts)), pair.claims)])
        rulebook, accounts = Rulebook((program,), catalog), accounts_of(pair.opening)
        whole = settle(batch, rulebook, accounts)
        for row in range(len(batch)):
            rows = claims_together(batch, row, rulebook)
            assert row in rows
            part = settle(take(batch, rows), rulebook, accounts)
            assert np.array_equal(part.cash_fen, whole.cash_fen[rows])
            assert np.array_equal(part.claim_buckets, whole.claim_buckets[rows])


def test_a_claim_is_found_by_its_id() -> None:
    pair = pair_of(3)
    batch, _ = batch_of([(plan_of(pair.name, library(pair.generated.texts)), pair.claims)])
    for row, claim in enumerate(batch.claim_id.decode()):
        assert row_of(batch, str(claim)) == row
    assert row_of(batch, "no such claim") == -1
