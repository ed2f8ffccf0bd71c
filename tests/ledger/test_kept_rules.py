"""Rows of rules that are no longer at hand: judged by what the ledger keeps of them, told where that is not enough."""

from __future__ import annotations

import pytest

from tests.conftest import NewOffice
from tests.ledger.test_verify import FEN, by_hand
from tests.service.office import Office, bill, reopened


@pytest.fixture
def changed(new_office: NewOffice) -> Office:
    """A ledger with a row of the rules before and one of those at hand."""
    office = new_office()
    assert office.settle(bill(3000, "R1"), "M1").outcome == "done"
    office = reopened(office, "race")
    assert office.settle(bill(3000, "R2"), "M2").outcome == "done"
    return office


def test_a_row_of_earlier_rules_is_judged_by_them(changed: Office) -> None:
    report = changed.verify()
    assert (report.findings, report.counts["reproduced"], report.counts["from_zero"]) == ([], 2, 2)
    by_hand(changed, f"UPDATE journal SET answer = {FEN.format('answer')} WHERE seq = 1")
    assert "LEDGER_NOT_REPRODUCED" in {finding.code for finding in changed.verify().findings}


def test_a_row_whose_rules_are_not_wholly_kept_is_told(changed: Office) -> None:
    by_hand(changed, "DELETE FROM content WHERE kind = 'file'")
    report = changed.verify()
    assert [(finding.code, finding.severity, finding.place) for finding in report.findings] == [
        ("LEDGER_OTHER_RULES", "warning", "journal:1:rules")
    ]
    assert (report.sound, report.counts["reproduced"]) == (True, 1)
