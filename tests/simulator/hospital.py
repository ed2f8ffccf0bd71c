"""A hospital in the simulation: what it asks for, what it believes, and what it does when no answer comes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from api.service.answers import Answer
from api.service.days import book_day
from api.service.requests import ClaimRequest, LineRequest, Message, Principal, ReverseRequest, Role
from tests.service.office import ITEM, said


class ViolationError(AssertionError):
    """A guarantee does not hold."""


@dataclass
class Hospital:
    """One institution. answered: what each message was answered; waiting: messages without an answer."""

    code: str
    persons: tuple[str, ...]
    chance: random.Random
    sent: dict[str, Message] = field(default_factory=dict)
    answered: dict[str, Answer] = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)
    settlements: list[str] = field(default_factory=list)
    never: set[str] = field(default_factory=set)
    numbers: int = 0

    def message(self, request: ClaimRequest | ReverseRequest, message_id: str = "") -> Message:
        """Make a message that has not been answered."""
        self.numbers += 1
        message = Message(
            Principal("key", self.code, Role.INSTITUTION), message_id or f"{self.code}-{self.numbers}", request
        )
        if message.message_id not in self.sent:
            self.sent[message.message_id] = message
            self.waiting.append(message)
        return message

    def something(self, now_ms: int, foreign: list[str]) -> Message:
        """Give the next thing the hospital does; `foreign`: settlements of others, which it may try to reverse."""
        chance = self.chance.random()
        if chance < 0.68 or not self.sent:
            return self.message(self.claim(now_ms))
        if chance < 0.70:
            return self._reuse(now_ms)
        if chance < 0.73:
            return self._resettle()
        return self.message(self._reversal(chance, foreign))

    def claim(self, now_ms: int) -> ClaimRequest:
        """Make a bill of one to three lines; most are small, some of stays, a few of stays over New Year."""
        self.numbers += 1
        today = book_day(now_ms)
        stays = self.chance.random() < 0.3
        length = self.chance.randrange(1, 20) if stays else 0
        amounts = [self.chance.choice((1, 37, 20_000, 99_999, 350_000)) * (9 if stays else 1) for _ in range(3)]
        lines = tuple(
            LineRequest(str(n), ITEM, fen, today - self.chance.randrange(length + 1), 10_000, fen * 10_000)
            for n, fen in enumerate(amounts[: self.chance.randrange(1, 4)])
        )
        return ClaimRequest(
            f"V{self.numbers}", "1", self.chance.choice(self.persons), "inpatient" if stays else "outpatient",
            sum(line.amount_fen for line in lines), lines, admission=today - length,
        )  # fmt: skip

    def _reuse(self, now_ms: int) -> Message:
        """Use a message id again for something else: a fault of the hospital's program."""
        return self.message(self.claim(now_ms), self.chance.choice(list(self.sent)))

    def _resettle(self) -> Message:
        """Send a receipt again under a new message id: a person pressed the key twice."""
        old = self.chance.choice(list(self.sent.values())).request
        return self.message(old if isinstance(old, ClaimRequest) else ReverseRequest(original_message_id="none"))

    def _reversal(self, chance: float, foreign: list[str]) -> ReverseRequest:
        """Undo something: mostly of late, sometimes of long ago, of the future, of somebody else."""
        if chance < 0.75:
            return ReverseRequest(original_message_id=f"{self.code}-{self.numbers + self.chance.randrange(2, 9)}")
        if chance < 0.77 and foreign:
            return ReverseRequest(settlement_id=self.chance.choice(foreign))
        if chance < 0.88 and self.settlements:
            return ReverseRequest(settlement_id=self.chance.choice(self.settlements[-4:]))
        return ReverseRequest(original_message_id=self.chance.choice(list(self.sent)[-6:]))

    def hear(self, message: Message, answer: Answer) -> None:
        """Take an answer; whatever was answered before must stand."""
        mine = self.sent[message.message_id]
        if answer.outcome == "failed":
            raise ViolationError(f"{message.message_id} failed: {answer.cause!r}")
        if answer.outcome == "conflict":
            if mine.request == message.request and message.message_id in self.answered:
                raise ViolationError(f"{message.message_id} is called another request")
            return
        if mine.request != message.request and message.message_id in self.answered:
            if answer.outcome == "done":
                raise ViolationError(f"another request was done as {message.message_id}")
            return  # reversed before either came: both are refused
        before = self.answered.get(message.message_id)
        if before is not None and before.body != answer.body:
            raise ViolationError(f"{message.message_id} was answered otherwise before: {answer.body!r}")
        if mine.request != message.request:
            self.sent[message.message_id] = message  # the other request came first
        self.answered[message.message_id] = replace(answer, replayed=False)
        self.waiting = [other for other in self.waiting if other.message_id != message.message_id]
        self._conclude(message, answer)

    def _conclude(self, message: Message, answer: Answer) -> None:
        request, body = message.request, said(answer)
        if answer.outcome == "nothing":
            assert isinstance(request, ReverseRequest)
            if request.original_message_id is not None:
                self.never.add(request.original_message_id)
        elif answer.outcome == "done":
            self.settlements.append(body["settlement_id"])
        for reversed_early in {message.message_id, getattr(request, "original_message_id", None)} & self.never:
            known = self.answered.get(reversed_early)
            if known is not None and known.outcome == "done":
                raise ViolationError(f"{reversed_early} was reversed before it came, and yet was done")
