"""Rows of the ledger as the service sees them. What every settlement adds are tuples, as the tables take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["SETTLE", "REVERSE", "ADJUST", "OPEN", "DEPOSIT"]
BALANCES = frozenset({"OPEN", "DEPOSIT"})
"""Kinds of rows that are about counters alone: of no institution, undone by no reversal."""

RequestKind = Literal["settle", "reverse", "readjudicate", "open", "deposit", "unknown"]
Outcome = Literal["done", "refused", "nothing", "void"]
"""done: has a journal row. refused: with reasons. nothing: a reversal that found nothing to undo. void: of a message
that was reversed before it came."""

GENESIS = "0" * 64
"""What stands before the first row of a person's chain."""


class JournalRow(NamedTuple):
    """One settlement, reversal, adjustment or balance. What reproduces it stands in it, or by hash in `content`.

    origin_seq: the settlement whose life this row is part of (its own, for a SETTLE). refers_seq: the row it follows
    in that life: what a REVERSE undoes; the REVERSE after which an ADJUST settles anew. caused_by: settlement_id of the
    reversal that made this row necessary, None where a message asked for it. institution: to whom it is owed; sender:
    who sent the message, empty for the agency. period: clearing month (清算期, YYYY-MM) it is posted to. clearing:
    清算类别 (clr_type), the kind of visit. input: the canonical request, without the number of the person. cover:
    hash of the person's cover. opening: counters the row was computed from; closing: counters it changed
    (`api.ledger.counters`). answer: what was sent.
    """

    seq: int
    kind: Kind
    settlement_id: str
    origin_seq: int
    refers_seq: int | None
    caused_by: str | None
    institution: str
    sender: str
    message_id: str | None
    visit_id: str
    receipt_id: str
    person_key: str
    person_seq: int
    settled_at: int
    book_date: str
    period: str
    scheme: str
    clearing: str
    plan: str
    total_fen: int
    input: bytes
    cover: str
    opening: bytes
    closing: bytes
    answer: bytes
    engine: str
    rules: str
    prev_hash: str
    row_hash: str = ""


class EntryRow(NamedTuple):
    """One amount of the double entry of a journal row; those of a row sum to 0."""

    seq: int
    n: int
    account: str
    amount: int


class RequestRow(NamedTuple):
    """What a message was answered. `answer` None: see the journal row `seq`."""

    institution: str
    message_id: str
    kind: RequestKind
    digest: str
    outcome: Outcome
    seq: int | None
    answer: bytes | None
    decided_at: int
    row_hash: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain of a holder stands; holders that are neither persons nor the audit have no rows of their own."""

    person_seq: int = 0
    row_hash: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One deed of the agency. request_id: that of the answer, and of the log. at: milliseconds since 1970.

    actor: id of the key, or `command:` and the user of the machine. deed: method and route, or the command. subject:
    the id that was asked for; of a person, the keyed digest of the number. outcome: `done`, `refused` or `failed`.
    seq and the hashes: its place in the chain, given when it is written.
    """

    seq: int = 0
    request_id: str
    at: int
    actor: str
    role: str
    deed: str
    subject: str
    outcome: str
    prev_hash: str = GENESIS
    row_hash: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the ledger knows one. `cover`: hash of the spans; `spans`: their bytes."""

    person_key: str
    cover: str
    spans: bytes
