"""Verify: a sound ledger has no findings, and one fen moved by hand in any table is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from api.ledger.audit import write_audit
from api.ledger.rows import AuditRow
from api.ledger.seals import seal_rows
from tests.service.office import CLINIC, RETIRED, Office, bill, message, said


@pytest.fixture
def settled(office: Office) -> Office:
    """A ledger with settlements, a reversal, a reversal of it, a refusal, a tombstone, an audit and a seal."""
    office.settle(bill(3000, "R1"), "M1")
    office.settle(bill(2000, "R2"), "M2", CLINIC)
    office.settle(bill(20000, "R3", RETIRED, visit="inpatient", discharge=None), "M3")
    office.reverse(original_message_id="M3", message_id="X3")
    office.reverse(original_message_id="X3", message_id="XX3")
    office.reverse(original_message_id="M2", message_id="X2", institution=CLINIC)
    office.reverse(original_message_id="M9", message_id="X9")
    office.settle(bill(50, "R1"), "M4")
    for number in range(3):
        audited(office, f"settlement-{number}")
    with office.database.write() as connection:
        seal_rows(connection, office.world.now_ms())
    return office


def audited(office: Office, subject: str) -> None:
    """The agency reads something."""
    named = {"request_id": office.world.new_id(), "actor": "auditor", "role": "auditor", "deed": "GET /v1/settlements"}
    with office.database.write() as connection:
        write_audit(connection, AuditRow(**named, at=office.world.now_ms(), subject=subject, outcome="done"))


def test_a_sound_ledger_has_no_findings(settled: Office) -> None:
    report = settled.verify()
    assert [finding.render() for finding in report.findings] == []
    assert report.counts["journal"] == report.counts["reproduced"] == 6
    assert (report.counts["from_zero"], report.counts["audit"]) == (2, 3)


@dataclass
class Tampering:
    """What somebody does to the database by hand, and which finding names it, at which place."""

    sql: str
    code: str
    place: str


FEN = "replaced({0}, '840.00', '840.01')"
MOVED = {
    "journal total": Tampering(
        "UPDATE journal SET total_fen = total_fen + 1 WHERE seq = 1", "ROW_CHANGED", "journal:1"
    ),
    "journal answer": Tampering(
        f"UPDATE journal SET answer = {FEN.format('answer')} WHERE seq = 1", "NOT_REPRODUCED", "journal:1:answer/funds"
    ),
    "journal input": Tampering(
        "UPDATE journal SET input = replaced(input, '300000', '300001') WHERE seq = 1",
        "NOT_REPRODUCED",
        "journal:1",
    ),
    "journal opening": Tampering(
        "UPDATE journal SET opening = replaced(opening, '180000', '180001') WHERE seq = 2",
        "OPENING_WRONG",
        "journal:2:opening",
    ),
    "journal closing": Tampering(
        "UPDATE journal SET closing = replaced(closing, '180000', '180001') WHERE seq = 1",
        "NOT_REPRODUCED",
        "journal:1:closing",
    ),
    "journal closing above the limit": Tampering(
        "UPDATE journal SET closing = replaced(closing, '180000', '180001') WHERE seq = 1",
        "LIMIT_EXCEEDED",
        "journal:1:closing",
    ),
    "journal deleted": Tampering("DELETE FROM journal WHERE seq = 2", "CHAIN_BROKEN", "journal"),
    "journal last deleted": Tampering("DELETE FROM journal WHERE seq = 6", "HEAD_WRONG", "holder"),
    "entry": Tampering("UPDATE entry SET amount = amount + 1 WHERE seq = 1 AND n = 0", "UNBALANCED", "entry:1"),
    "entry pair": Tampering(
        "UPDATE entry SET amount = amount + CASE n WHEN 0 THEN 1 ELSE -1 END WHERE seq = 1 AND n < 2",
        "NOT_REPRODUCED",
        "entry:1",
    ),
    "entry of a reversal": Tampering(
        "UPDATE entry SET amount = amount + CASE n WHEN 0 THEN 1 ELSE -1 END WHERE seq = 4 AND n < 2",
        "NOT_OPPOSITE",
        "entry:4",
    ),
    "counter": Tampering(
        "UPDATE counter SET value = value + 1 WHERE counter = 'outpatient_deductible'", "COUNTER_WRONG", "counter id"
    ),
    "holder": Tampering("UPDATE holder SET person_seq = person_seq + 1", "HEAD_WRONG", "holder id"),
    "live": Tampering("DELETE FROM live WHERE origin_seq = 1", "LIVE_WRONG", "live H11000000001 V-R1 R1"),
    "request answer": Tampering(
        "UPDATE request SET answer = replaced(answer, 'settled', 'Settled') WHERE outcome = 'refused'",
        "ROW_CHANGED",
        "request H11000000001 M4",
    ),
    "request row": Tampering("UPDATE request SET seq = 2 WHERE message_id = 'M1'", "REQUEST_WRONG", "request"),
    "request gone": Tampering("DELETE FROM request WHERE message_id = 'M1'", "REQUEST_WRONG", "request"),
    "content": Tampering(
        "UPDATE content SET body = replaced(body, 'retired', 'idle') WHERE kind = 'cover'",
        "ROW_CHANGED",
        "content",
    ),
    "audit": Tampering("UPDATE audit SET subject = 'another' WHERE seq = 2", "ROW_CHANGED", "audit:2"),
    "audit row's place": Tampering("UPDATE audit SET seq = 4 WHERE seq = 3", "CHAIN_BROKEN", "audit:4"),
    "audit row deleted": Tampering("DELETE FROM audit WHERE seq = 2", "CHAIN_BROKEN", "audit:3"),
    "audit's first row deleted": Tampering("DELETE FROM audit WHERE seq = 1", "CHAIN_BROKEN", "audit:2"),
    "audit's last row deleted": Tampering("DELETE FROM audit WHERE seq = 3", "HEAD_WRONG", "holder audit"),
    "audit emptied": Tampering("DELETE FROM audit", "HEAD_WRONG", "holder audit"),
    "seal of the audit": Tampering("UPDATE seal SET audit_seq = 2", "SEAL_BROKEN", "seal:1:root"),
    "seal": Tampering("UPDATE seal SET count = count + 1", "SEAL_BROKEN", "seal:1:root"),
}


@pytest.mark.parametrize("what", MOVED)
def test_a_value_moved_by_hand_is_named(what: str, settled: Office) -> None:
    tampering = MOVED[what]
    by_hand(settled, tampering.sql)
    report = settled.verify()
    assert not report.sound
    found = [(finding.code.removeprefix("LEDGER_"), finding.place) for finding in report.findings]
    assert any(code == tampering.code and place.startswith(tampering.place) for code, place in found), found


def by_hand(office: Office, *statements: str) -> None:
    """Do to the database what triggers and keys do not let anyone do. replaced(bytes, old, new) is a function."""
    raw = office.database.engine.raw_connection()
    cursor = raw.cursor()
    if office.database.engine.dialect.name == "sqlite":
        raw.driver_connection.create_function("replaced", 3, lambda b, o, n: b.replace(o.encode(), n.encode()))
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'")
        statements = (*(drop for (drop,) in cursor.fetchall()), *statements)
    else:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "CREATE FUNCTION replaced(bytea, text, text) RETURNS bytea LANGUAGE sql AS "
            "$$ SELECT convert_to(replace(convert_from($1, 'UTF8'), $2, $3), 'UTF8') $$"
        )
    for statement in statements:
        cursor.execute(statement)
    raw.commit()
    raw.invalidate()  # its settings go with it


@pytest.mark.parametrize("table", ["journal", "entry", "request", "content", "seal", "audit"])
@pytest.mark.parametrize("deed", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_what_only_grows_refuses_to_be_changed(table: str, deed: str, settled: Office) -> None:
    with settled.database.write() as connection:
        column = connection.exec_driver_sql(f"SELECT * FROM {table}").keys()
        with pytest.raises(Exception, match=f"{table} can only be added to"):
            connection.exec_driver_sql(deed.format(table, next(iter(column))))


def test_a_rewritten_end_is_found_by_the_anchor(settled: Office) -> None:
    """Who can write everything can make a sound ledger that lacks its end; only what is kept elsewhere tells."""
    (block,) = settled.table("seal")
    anchor = (block[0], block[-1])
    assert settled.verify(anchor).sound
    other = said(settled.settle(bill(10, "R9"), "M10"))
    assert other["settlement_id"]
    assert settled.verify(anchor).sound
    by_hand(settled, "DELETE FROM seal")
    assert [finding.code for finding in settled.verify(anchor).findings] == ["LEDGER_ANCHOR_LOST"]


def test_an_audit_that_was_rewritten_to_its_end_breaks_the_seal(settled: Office) -> None:
    """The chain made anew without a row, and its end with it."""
    (block,) = settled.table("seal")
    by_hand(settled, "DELETE FROM audit", "DELETE FROM holder WHERE holder_key = 'audit'")
    for subject in ("settlement-0", "settlement-2"):
        audited(settled, subject)
    assert [finding.place for finding in settled.verify().findings] == ["seal:1:root"]
    audited(settled, "a third one")
    assert [finding.code for finding in settled.verify((block[0], block[-1])).findings] == [
        "LEDGER_SEAL_BROKEN",
        "LEDGER_ANCHOR_LOST",
    ]


def test_what_is_added_to_the_audit_alone_is_sealed(settled: Office) -> None:
    for _ in range(2):  # the second time there is nothing new
        with settled.database.write() as connection:
            assert seal_rows(connection, settled.world.now_ms()).block == 1  # type: ignore[union-attr]
    audited(settled, "settlement-3")
    with settled.database.write() as connection:
        made = seal_rows(connection, settled.world.now_ms())
    assert made is not None
    assert (made.block, made.from_seq, made.to_seq, made.count, made.audit_seq) == (2, 7, 6, 0, 4)
    settled.settle(bill(10, "R9"), "M10")
    with settled.database.write() as connection:
        seal_rows(connection, settled.world.now_ms())
    report = settled.verify((made.block, made.root))
    assert (report.findings, report.counts["seal"]) == ([], 3)


def test_rows_added_at_once_are_one_chain(settled: Office) -> None:
    """From several threads, as readers of a running service do."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: audited(settled, f"at once {number}"), range(40)))
    report = settled.verify()
    assert (report.findings, report.counts["audit"]) == ([], 43)


def test_messages_are_answered_from_the_journal(settled: Office) -> None:
    again = settled.send(message(bill(3000, "R1"), "M1"))
    assert again.replayed and again.body == settled.journal()[0].answer
