"""What hospitals believe against what the ledger has: an answer that was given stands, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from api.ledger.journal import all_rows, answered
from api.service.answers import Answer
from tests.simulator.hospital import Hospital, ViolationError

KEYS_AT_ONCE = 1_000


def check_answers(connection: Connection, code: str, given: dict[str, Answer]) -> None:
    """Every message of an institution that was answered has that answer in the ledger."""
    keys = [(code, message_id) for message_id in given]
    for first in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[first : first + KEYS_AT_ONCE]
        stored = answered(connection, part)
        for key in part:
            answer = given[key[1]]
            if key not in stored or stored[key][1] != answer.body:
                raise ViolationError(f"{key}: was answered {answer}, the ledger has {stored.get(key)}")


def check_beliefs(connection: Connection, hospitals: Iterable[Hospital]) -> None:
    """What hospitals were answered is what the ledger has; it has nothing that none of them sent, and nothing twice."""
    by_code = {hospital.code: hospital for hospital in hospitals}
    for hospital in by_code.values():
        check_answers(connection, hospital.code, hospital.answered)
    told = {
        (code, m) for code, own in by_code.items() for m, answer in own.answered.items() if answer.outcome == "done"
    }
    found: set[tuple[str, str]] = set()
    for row in all_rows(connection):
        message = (row.sender, row.message_id)
        if row.message_id not in by_code[row.sender].sent:
            raise ViolationError(f"nobody sent {message}")
        if row.sender != row.institution:
            raise ViolationError(f"{row.sender} wrote {row.kind} over a settlement of {row.institution}")
        if message in found or (message not in told and row.message_id in by_code[row.sender].answered):
            raise ViolationError(f"{message} stands twice, or was told not to be done")
        found.add(message)
    if told - found:
        raise ViolationError(f"was told to be done, and is not in the journal: {sorted(told - found)[:3]}")
