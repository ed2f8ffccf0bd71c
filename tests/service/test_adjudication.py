"""Cases judged together: what each comes to does not depend on which others are in the batch."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import preview_body
from api.service.cases import Case
from api.service.spans import pack_spans
from api.wire.reading import read_claim_message
from benchmarks.service_claims import INSURED, bills
from catalogs.plans.library import SHIPPED
from tests.service.office import day

PERSONS = 40
PLANS = ("chengdu-employees-2020", "beijing-employees-2023", "taiyuan-residents-2023")


@pytest.fixture(scope="module")
def adjudicator() -> Adjudicator:
    rules = load_rules(tuple(SHIPPED / f"{plan}.yaml" for plan in PLANS))
    return Adjudicator(setting_of(rules), rules.rulebook)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """A bill each of persons of three plans, with layers in different orders, and of two without a plan."""
    found = {}
    for sent in itertools.islice(bills(PERSONS, 1), 3 * PERSONS):
        _, request = read_claim_message(sent.body)
        own = next(own for own in INSURED if request.person_id.startswith(own.prefix))
        span = {"scheme": own.scheme, "place": own.place, "group": own.group, "birth_date": day("1970-02-03")}
        found[request.person_id] = Case(request, sent.hospital, pack_spans([span]), day("2023-05-12"))
    return [found[person] for person in sorted(found)]


def test_cases_come_to_the_same_alone_and_together(adjudicator: Adjudicator, cases: list[Case]) -> None:
    cases = [replace(case, request=replace(case.request, words=(("colour", "red"),))) if n == 3 else case
             for n, case in enumerate(cases)]  # fmt: skip
    opening = {case.request.person_id: {} for case in cases}
    together = adjudicator.judge(cases, opening)
    alone = [adjudicator.judge([case], {case.request.person_id: {}})[0] for case in cases]
    assert together == alone
    assert len({verdict.figures.plan for verdict in together if isinstance(verdict, Judgement)}) == len(PLANS)
    assert len({type(verdict) for verdict in together}) == 2
    written = [
        [preview_body(0, verdict.figures, case.request.lines) for case, verdict in zip(cases, verdicts, strict=True)
         if isinstance(verdict, Judgement)]
        for verdicts in (together, alone)
    ]  # fmt: skip
    assert written[0] == written[1]
