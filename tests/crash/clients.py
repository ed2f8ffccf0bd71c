"""Hospitals that go on whatever dies: a message without an answer is sent again, or reversed first and sent late."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from api.ledger.database import Database
from api.ledger.journal import answered
from api.ledger.verify.report import Report
from api.service.answers import Answer
from api.service.requests import Message, ReverseRequest
from tests.persons import number
from tests.service.office import MEMBERS, PERSON
from tests.simulator.beliefs import check_answers, check_beliefs
from tests.simulator.hospital import Hospital, ViolationError

CODES = tuple(f"H1100000000{number}" for number in (1, 2, 3, 4, 5, 6, 7, 9))
PERSONS = tuple(number(order) for order in range(40))
HEADING, EMPLOYEE = MEMBERS.splitlines()[:2]
EVERYONE = "\n".join([HEADING, *(EMPLOYEE.replace(PERSON, person) for person in PERSONS)]) + "\n"

GIVES_UP, REVERSES = 0.25, 0.5
"""Chances: that a message said not to be done is never sent again, that one without an answer is reversed first."""


@dataclass
class Client:
    """One hospital and what it still has to send. counts: what became of its messages."""

    hospital: Hospital
    chance: random.Random
    counts: Counter[str]
    again: deque[Message] = field(default_factory=deque)
    attempts: Counter[str] = field(default_factory=Counter)
    given_up: set[str] = field(default_factory=set)
    recent: dict[str, Answer] = field(default_factory=dict)
    """Answers since they were last held against the ledger."""

    def next(self) -> Message:
        """Give the next message: something new, or one that has no answer yet."""
        if self.again and self.chance.random() < 0.5:
            message = self.again.popleft()
        else:
            message = self.hospital.something(time.time_ns() // 1_000_000, [])
        self.attempts[message.message_id] += 1
        return message

    def hear(self, message: Message, answer: Answer) -> None:
        """Take an answer. One that is said not to be done may be sent again."""
        self.counts["replayed" if answer.replayed else answer.outcome] += 1
        if answer.outcome != "failed":
            self.hospital.hear(message, answer)
            if message.message_id in self.hospital.answered:
                self.recent[message.message_id] = self.hospital.answered[message.message_id]
        elif self.chance.random() < GIVES_UP:
            self.given_up.add(message.message_id)
        else:
            self.again.append(message)

    def doubt(self, message: Message) -> None:
        """Go on without knowing what became of a message: send it again, perhaps after it was reversed (冲正)."""
        self.counts["unknown"] += 1
        if not isinstance(message.request, ReverseRequest) and self.chance.random() < REVERSES:
            reversal = self.hospital.message(ReverseRequest(original_message_id=message.message_id))
            self.again.append(reversal)
        self.again.append(message)

    def unanswered(self) -> list[Message]:
        """Give the messages that have no answer and were not given up."""
        return [m for m in self.hospital.waiting if m.message_id not in self.given_up]

    def never_done(self) -> set[str]:
        """Give messages that were sent once, said not to be done, and never sent again."""
        return {m for m in self.given_up if self.attempts[m] == 1 and m not in self.hospital.answered}


def new_clients(seed: int) -> list[Client]:
    """Make a client for each hospital; all count together."""
    counts: Counter[str] = Counter()
    chances = [random.Random(f"{seed} {code}") for code in CODES]
    return [
        Client(Hospital(code, PERSONS, chance), chance, counts) for code, chance in zip(CODES, chances, strict=True)
    ]


def check_recent(database: Database, clients: Sequence[Client]) -> None:
    """What was answered since the last look is in the ledger."""
    with database.read() as connection:
        for client in clients:
            check_answers(connection, client.hospital.code, client.recent)
            client.recent.clear()


def check_all(database: Database, clients: Sequence[Client]) -> None:
    """Everyone believes what the ledger has, and what was said not to be done was not."""
    with database.read() as connection:
        check_beliefs(connection, [client.hospital for client in clients])
        for client in clients:
            keys = [(client.hospital.code, message_id) for message_id in client.never_done()]
            found = answered(connection, keys) if keys else {}
            decided = sorted(key for key, (row, _) in found.items() if row.outcome != "void")  # reversed unseen
            if decided:
                raise ViolationError(f"said not to be done, and is in the ledger: {decided[:3]}")


def prove(report: Report) -> None:
    """Raise with what verifying has found."""
    if report.findings:
        raise ViolationError("\n".join(finding.render() for finding in report.findings[:5]))


def told(clients: Sequence[Client], report: Report) -> str:
    """Say what became of all messages, and how many rows were proved."""
    counts = ", ".join(f"{name} {number:,}" for name, number in sorted(clients[0].counts.items()))
    return f"{counts}; {report.counts['journal']:,} rows, nothing lost or twice"
