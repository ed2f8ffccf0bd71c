"""Counters carried in from an older system and credits of the personal account: posted once, proved as settlements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.failures import CannotRunError
from api.ledger.journal import entries_of_rows
from api.service.balance_files import deposit_file, open_file
from api.service.balances import HOLDERS_AT_ONCE, Balanced, Balances, Outcome
from api.service.requests import Message, Principal, ReverseRequest, Role
from tests.conftest import NewOffice
from tests.ledger.test_verify import by_hand
from tests.service.office import KEYRING, MEMBERS, PERSON, RETIRED, THIRD, Office, bill, codes, said

BEIJING = "cn.beijing.employees.2023"
OPENINGS = f"""plan,holder,counter,keys,period,value
{BEIJING},{PERSON},outpatient_deductible,,2023,170000
{BEIJING},{PERSON},outpatient_spending,,2023,170000
{BEIJING},{PERSON},account,,0,5000
{BEIJING},{THIRD},account,,0,12345
"""
DEPOSITS = f"""person_id,plan,amount
{PERSON},{BEIJING},200.00
{RETIRED},{BEIJING},100.5
{PERSON},{BEIJING},20.01
"""


def balances(office: Office) -> Balances:
    return Balances(office.database, office.tools.adjudicator, office.tools.provenance, KEYRING, office.world)


def written(office: Office, text: str) -> Path:
    path = office.folder / "balances.csv"
    path.write_text(text, encoding="utf-8")
    return path


def opened(office: Office, text: str = OPENINGS, name: str = "old-system") -> Balanced:
    return open_file(balances(office), written(office, text), name)


def deposited(office: Office, text: str = DEPOSITS, name: str = "may") -> Balanced:
    return deposit_file(balances(office), written(office, text), name)


def entries(office: Office) -> list[list[tuple[str, int]]]:
    rows = office.journal()
    with office.database.read() as connection:
        found = entries_of_rows(connection, [row.seq for row in rows])
    return [[(entry.account, entry.amount) for entry in found[row.seq]] for row in rows]


def test_a_settlement_goes_on_from_what_was_carried_in_and_credited(office: Office) -> None:
    assert opened(office) == Balanced(posted=2)
    assert deposited(office) == Balanced(posted=2)
    body = said(office.settle(bill(1000)))
    # 100 of the deductible of 1,800 are left; (1,000 - 100) x 70 % = 630; 370 of 270.01 on the account are left
    assert body["funds"] == [{"fund": "large_amount", "paid": "630.00"}, {"fund": "personal_account", "paid": "270.01"}]
    assert body["cash"] == "99.99"
    assert entries(office) == [
        [("opening:person", 5_000), ("account:person", -5_000)],
        [("opening:person", 12_345), ("account:person", -12_345)],
        [("deposit:person", 22_001), ("account:person", -22_001)],
        [("deposit:person", 10_050), ("account:person", -10_050)],
        [
            ("fund:large_amount", 63_000),
            ("account:person", 27_001),
            ("cash:person", 9_999),
            ("institution:H11000000001", -100_000),
        ],
    ]
    assert [row.kind for row in office.journal()] == ["OPEN", "OPEN", "DEPOSIT", "DEPOSIT", "SETTLE"]
    report = office.verify()
    assert report.findings == []
    assert (report.counts["reproduced"], report.counts["from_zero"]) == (5, 1)


def test_a_file_given_again_goes_on_where_it_broke_off(office: Office) -> None:
    opened(office, "\n".join(OPENINGS.splitlines()[:4]) + "\n")
    assert opened(office) == Balanced(posted=1, before=1)
    assert (deposited(office), deposited(office)) == (Balanced(posted=2), Balanced(before=2))
    changed = DEPOSITS.replace("100.5", "100.6")
    assert deposited(office, changed) == Balanced(before=1, refused=[(3, Outcome.NAME_USED)])
    assert deposited(office, name="june") == Balanced(posted=2)
    assert office.verify().findings == []


def test_counters_are_opened_before_anything_was_settled_by_them(office: Office) -> None:
    office.settle(bill(1000))
    assert opened(office) == Balanced(posted=1, refused=[(2, Outcome.BUILT_ON)])
    again = OPENINGS.replace("12345", "54321")
    assert opened(office, again, "corrected") == Balanced(posted=1, refused=[(2, Outcome.BUILT_ON)])
    assert [value for *_, value in office.table("counter") if value == 54321] == [54321]
    assert office.verify().findings == []


def test_a_credit_is_taken_back_as_far_as_it_is_there(office: Office) -> None:
    deposited(office)
    back = f"person_id,plan,amount\n{RETIRED},{BEIJING},-100.50\n{PERSON},{BEIJING},-220.02\n"
    assert deposited(office, back, "back") == Balanced(posted=1, refused=[(3, Outcome.BELOW_ZERO)])
    nothing = f"person_id,plan,amount\n{PERSON},{BEIJING},10.00\n{PERSON},{BEIJING},-10.00\n"
    assert deposited(office, nothing, "nothing") == Balanced()
    assert office.verify().findings == []


def test_a_credit_builds_on_no_settlement_and_is_no_settlement_to_reverse(office: Office) -> None:
    deposited(office)
    office.settle(bill(3000), "M1")
    deposited(office, name="june")
    assert said(office.reverse(original_message_id="M1"))["in_force"] is False
    for row in office.journal()[:2]:
        for what in ({"settlement_id": row.settlement_id}, {"original_message_id": row.message_id}):
            principal = Principal("agency", "", Role.OPERATOR)
            refused = office.send(Message(principal, f"U{next(office.numbers)}", ReverseRequest(**what)))  # type: ignore[arg-type]
            assert codes(refused) == ["NOT_REVERSED", "SETTLEMENT_UNKNOWN"]
    assert office.verify().findings == []


def test_what_is_settled_anew_finds_later_credits(new_office: NewOffice) -> None:
    """As the accounts stand when it is posted; law B puts it there too."""
    office = new_office()
    deposited(office)
    office.settle(bill(3000), "M1")
    deposited(office, name="june")
    office.reverse(original_message_id="M1")
    body = said(office.settle(bill(3000), "M2"))
    assert {fund["fund"]: fund["paid"] for fund in body["funds"]}["personal_account"] == "440.02"
    assert office.verify().findings == []


def test_households_are_opened_by_their_own_name(new_office: NewOffice) -> None:
    office = new_office(plan="household")
    text = "plan,holder,counter,keys,period,value\ntest.household,household:F1,household_paid,,2023,70000\n"
    assert opened(office, text) == Balanced(posted=1)
    body = said(office.settle(bill(3000, visit="inpatient", discharge=None)))
    assert body["funds"] == [{"fund": "pool", "paid": "100.00"}]
    assert opened(office, text, "again") == Balanced(refused=[(2, Outcome.BUILT_ON)])
    assert entries(office)[0] == []
    assert office.verify().findings == []


def test_files_of_many_holders_take_several_transactions(new_office: NewOffice) -> None:
    many = HOLDERS_AT_ONCE + 1
    members = MEMBERS.splitlines()[0] + "".join(
        f"\nP{number:06},employee_basic,110000,in_service,male,1980-03-01,2020-01-01,,normal,F{number}"
        for number in range(many)
    )
    office = new_office(members=members)
    lines = "".join(f"P{number:06},{BEIJING},1.00\n" for number in range(many))
    assert deposited(office, f"person_id,plan,amount\n{lines}") == Balanced(posted=many)
    assert office.verify().findings == []


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("open", OPENINGS.replace(",account,", ",acount,"), "BALANCE_COUNTER_UNKNOWN"),
        ("open", OPENINGS.replace(THIRD, "nobody"), "BALANCE_PERSON_UNKNOWN"),
        ("open", OPENINGS.replace("value", "worth"), "ACCOUNTS_NOT_READ"),
        ("open", f"plan,holder,counter,keys,period,value\n{BEIJING},{THIRD},account,,0,\n", "ACCOUNTS_NOT_READ"),
        ("deposit", DEPOSITS.replace(RETIRED, "nobody"), "BALANCE_PERSON_UNKNOWN"),
        ("deposit", DEPOSITS.replace(BEIJING, "elsewhere"), "BALANCE_COUNTER_UNKNOWN"),
        ("deposit", DEPOSITS.replace("100.5", "100.555"), "BALANCE_NOT_READ"),
        ("deposit", DEPOSITS.replace("amount", "sum"), "BALANCE_NOT_READ"),
        ("deposit", "", "BALANCE_NOT_READ"),
    ],
)
def test_a_file_with_a_mistake_posts_nothing(kind: str, text: str, code: str, office: Office) -> None:
    before = office.everything()
    with pytest.raises(CannotRunError) as caught:
        {"open": opened, "deposit": deposited}[kind](office, text)
    assert caught.value.code == code
    assert office.everything() == before


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE journal SET closing = replaced(closing, '22001', '22002') WHERE seq = 1", "LEDGER_NOT_REPRODUCED"),
        ("UPDATE journal SET input = replaced(input, '22001', '22002') WHERE seq = 1", "LEDGER_NOT_REPRODUCED"),
        ("UPDATE entry SET amount = amount + 1 WHERE seq = 1 AND n = 0", "LEDGER_UNBALANCED"),
        ("DELETE FROM entry WHERE seq = 1", "LEDGER_UNBALANCED"),
        ("UPDATE counter SET value = value + 1", "LEDGER_COUNTER_WRONG"),
    ],
)
def test_a_credit_moved_by_hand_is_named(statement: str, code: str, office: Office) -> None:
    deposited(office)
    by_hand(office, statement)
    assert code in {finding.code for finding in office.verify().findings}


def test_a_crash_leaves_all_of_a_transaction_or_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(point: str) -> None:
        if point == "written":
            raise KeyboardInterrupt

    before: Any = office.everything()
    with monkeypatch.context() as planted:
        planted.setattr(office.world, "reached", dies)
        with pytest.raises(KeyboardInterrupt):
            deposited(office)
    assert office.everything() == before
    assert deposited(office) == Balanced(posted=2)
