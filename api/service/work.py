"""What each message comes to before anything is decided: a settlement, a reversal, an answer that stands, a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from api.ledger import books, journal
from api.ledger.chain import sha256
from api.ledger.rows import BALANCES, JournalRow, Person, RequestKind, RequestRow
from api.service.answers import Answer, refused_body
from api.service.cases import Case
from api.service.lives import decided_case, read_life
from api.service.requests import (
    ClaimRequest,
    DepositRequest,
    Message,
    OpenRequest,
    ReadjudicateRequest,
    ReverseRequest,
    Role,
)
from api.wire.canonical import canonical
from api.wire.identity import Keyring
from api.wire.problems import Mistake

KINDS: dict[type, RequestKind] = {
    ClaimRequest: "settle",
    ReverseRequest: "reverse",
    ReadjudicateRequest: "readjudicate",
    OpenRequest: "open",
    DepositRequest: "deposit",
}
"""How the ledger calls what a message asks for."""

NUMBER = "person"
"""What kind of text the numbers of persons are, for their blind index."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message, what it asks in canonical form without the number of a person, and the hash of both.

    The number enters the hash only as its keyed digest.
    """

    message: Message
    form: bytes
    digest: str

    @property
    def key(self) -> journal.Message:
        """What names the message."""
        return self.message.principal.institution, self.message.message_id

    @property
    def kind(self) -> RequestKind:
        """What it asks for."""
        return KINDS[type(self.message.request)]


@dataclass(frozen=True, slots=True)
class Settling:
    """A claim that may be settled; `case` has the person's key for the number, and its day once the clock is read."""

    asked: Asked
    person: Person
    case: Case

    @property
    def receipt(self) -> journal.Receipt:
        """What is settled at most once."""
        return self.case.institution, self.case.request.visit_id, self.case.request.receipt_id


@dataclass(frozen=True, slots=True)
class Reversing:
    """A reversal of a row that is there; `cases`: whose holders it may touch, first that of the settlement itself."""

    asked: Asked
    target: JournalRow
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """A reversal of a message without effect. unseen: it never came, and may never succeed later."""

    asked: Asked
    original: journal.Message
    unseen: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that can have no effect."""

    asked: Asked
    refusals: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A message that was decided before; its answer stands."""

    asked: Asked
    answer: Answer


Work = Settling | Reversing | Nothing | Refused | Standing


def blind_of(keyring: Keyring, number: str) -> str:
    """Give the keyed digest by which a person is found."""
    return keyring.blind_index(NUMBER, number).hex()


def work_of(connection: Connection, messages: Sequence[Message], keyring: Keyring) -> list[Work]:
    """Look everything up that the messages name, and say what each comes to, in their order.

    Nothing is locked yet. What is read here stays as it is, once it is there; that a message was decided meanwhile, or
    a receipt settled, the database finds when the rows are added, and then all is read again.
    """
    sorter = _Sorter(connection, messages, keyring)
    return [sorter.work(message) for message in messages]


class _Sorter:
    def __init__(self, connection: Connection, messages: Sequence[Message], keyring: Keyring) -> None:
        self._connection, self._keyring = connection, keyring
        self._blinds = {
            message.request.person_id: blind_of(keyring, message.request.person_id)
            for message in messages
            if isinstance(message.request, ClaimRequest)
        }
        named = {key for message in messages for key in messages_named(message)}
        self._answered = journal.answered(connection, named)
        self._persons = books.persons(connection, self._blinds.values())
        self._institutions = books.institutions_known(connection, {m.principal.institution for m in messages})

    def work(self, message: Message) -> Work:
        asked = self._asked(message)
        if asked.key in self._answered:
            return Standing(asked, standing_answer(asked, *self._answered[asked.key]))
        if asked.key[0] not in self._institutions and not by_agency(message):
            return Refused(asked, (Mistake("INSTITUTION_UNKNOWN"),))
        if isinstance(message.request, ClaimRequest):
            return self._settling(asked, message.request)
        assert isinstance(message.request, ReverseRequest), "what else is asked has transactions of its own"
        return self._reversing(asked, message.request)

    def _asked(self, message: Message) -> Asked:
        request, blind = message.request, ""
        if isinstance(request, ClaimRequest):
            request, blind = replace(request, person_id=""), self._blinds[request.person_id]
        form = canonical(request)
        return Asked(message, form, sha256(blind.encode() + form))

    def _settling(self, asked: Asked, request: ClaimRequest) -> Work:
        person = self._persons.get(self._blinds[request.person_id])
        if person is None:
            return Refused(asked, (Mistake("PERSON_UNKNOWN", "/person_id"),))
        case = Case(replace(request, person_id=person.person_key), asked.key[0], person.spans, day=0)
        return Settling(asked, person, case)

    def _reversing(self, asked: Asked, request: ReverseRequest) -> Work:
        institution, _ = asked.key
        if request.original_message_id is not None:
            original = (institution, request.original_message_id)
            row, _ = self._answered.get(original, (None, b""))
            if row is None or row.seq is None:
                return Nothing(asked, original, unseen=row is None)
            target: JournalRow | None = journal.rows_by_seq(self._connection, [row.seq])[row.seq]
        else:
            assert request.settlement_id is not None, "one of the two is given"
            sees = asked.message.principal.sees
            target = journal.row_by_settlement(self._connection, request.settlement_id, sees)
        if target is None or target.kind in BALANCES:
            return Refused(asked, (Mistake("SETTLEMENT_UNKNOWN", "/settlement_id"),))
        if by_agency(asked.message):
            return Reversing(asked, target, read_life(self._connection, target).cases)
        return Reversing(asked, target, (decided_case(self._connection, target.origin_seq),))


def by_agency(message: Message) -> bool:
    """Say whether the agency asks, which may undo settlements of every institution."""
    return message.principal.role is Role.OPERATOR


def messages_named(message: Message) -> list[journal.Message]:
    """Give the keys of all messages that a message names: itself, and the one it reverses."""
    institution, request = message.principal.institution, message.request
    own = [(institution, message.message_id)]
    if isinstance(request, ReverseRequest) and request.original_message_id is not None:
        own.append((institution, request.original_message_id))
    return own


def standing_answer(asked: Asked, row: RequestRow, sent: bytes) -> Answer:
    """Give the bytes a message was answered, if it is the same message; one reversed before it came has no body."""
    if row.digest not in ("", asked.digest):
        return Answer("conflict", refused_body("MESSAGE_ID_REUSED", ()))
    outcome = "refused" if row.outcome == "void" else row.outcome
    return Answer(outcome, sent, replayed=True)
