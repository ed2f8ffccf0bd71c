"""One transaction: messages that wait together are locked, decided, adjudicated and written together.

No two messages of a group touch the same holder, message or receipt; one that would waits for the next group. So every
row is computed from counters that nothing else in the group changes, and any order of the group gives the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from api.ledger import books, counters, journal
from api.ledger.counters import Counters
from api.ledger.nonces import keep_nonces
from api.ledger.periods import last_closed
from api.ledger.rows import JournalRow, Outcome, RequestRow
from api.service.adjudication import Adjudicator, Judgement, Verdict
from api.service.answers import Answer, nothing_body, refused_body
from api.service.cases import Case
from api.service.days import book_day
from api.service.lives import Life, read_life
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.recording import Recorder
from api.service.requests import Message
from api.service.undoing import undo
from api.service.work import (
    Asked,
    Nothing,
    Refused,
    Reversing,
    Settling,
    Standing,
    Work,
    by_agency,
    messages_named,
    work_of,
)
from api.service.world import World
from api.wire.identity import Keyring
from api.wire.problems import Mistake


@dataclass(frozen=True, slots=True)
class Tools:
    """What every transaction works with."""

    adjudicator: Adjudicator
    provenance: Provenance
    keyring: Keyring
    world: World


def run_group(connection: Connection, tools: Tools, messages: Sequence[Message]) -> dict[int, Answer]:
    """Decide and write, in one transaction, as many messages as can go together; give answers by place in `messages`.

    The answers hold once the transaction is committed. At least the first message is among them.
    """
    tools.world.reached("begun")
    work = work_of(connection, messages, tools.keyring)
    chosen = _together(work, tools.adjudicator)
    repeated = _repeated(connection, messages, chosen)
    chosen = [place for place in chosen if place not in repeated]
    together = [work[place] for place in chosen]
    holders = {holder for item in together for holder in _holders(item, tools.adjudicator)}
    heads = books.lock_holders(connection, holders)
    tools.world.reached("locked")
    now = tools.world.now_ms()
    open_counters = counters.read_counters(connection, holders)
    lives = {item.asked.key: read_life(connection, item.target) for item in together if isinstance(item, Reversing)}
    stand = journal.standing(connection, [item.receipt for item in together if isinstance(item, Settling)])
    posting = Posting(journal.take_seqs(connection, sum(_most_rows(item, lives) for item in together)), heads)
    recorder = Recorder(tools.adjudicator, tools.provenance, tools.world, posting, now, last_closed(connection))
    answers = _Group(recorder, open_counters, lives).decide(together, stand)
    tools.world.reached("decided")
    posting.write(connection)
    tools.world.reached("written")
    return repeated | dict(zip(chosen, answers, strict=True))


def _repeated(connection: Connection, messages: Sequence[Message], chosen: Sequence[int]) -> dict[int, Answer]:
    """Keep the nonces of messages; give the answer to those whose nonce was there before."""
    nonces = {place: nonce for place in chosen if (nonce := messages[place].nonce) is not None}
    new = keep_nonces(connection, {nonce.digest: nonce.kept_until for nonce in nonces.values()})
    return {place: Answer("repeated", b"") for place, nonce in nonces.items() if nonce.digest not in new}


def _holders(item: Work, adjudicator: Adjudicator) -> frozenset[str]:
    match item:
        case Settling(case=case):
            return adjudicator.holders(case)
        case Reversing(cases=cases):
            return frozenset().union(*(adjudicator.holders(case) for case in cases))
    return frozenset()


def _most_rows(item: Work, lives: Mapping[journal.Message, Life]) -> int:
    """Give how many rows a message may add: what builds on a settlement is undone and settled anew with it."""
    match item:
        case Settling():
            return 1
        case Reversing(asked=asked):
            return 1 + 2 * len(lives[asked.key].dependents)
    return 0


def _together(work: Sequence[Work], adjudicator: Adjudicator) -> list[int]:
    """Choose, in order of arrival, what touches nothing that an earlier one touches."""
    touched: set[object] = set()
    chosen = []
    for place, item in enumerate(work):
        touches: set[object] = {*messages_named(item.asked.message), *_holders(item, adjudicator)}
        if isinstance(item, Settling):
            touches.add(item.receipt)
        if touched.isdisjoint(touches):
            chosen.append(place)
        touched |= touches
    return chosen


class _Group:
    """Decides the work of one transaction at one moment. lives: of what is to be reversed, by message."""

    def __init__(self, record: Recorder, opening: dict[str, Counters], lives: Mapping[journal.Message, Life]) -> None:
        self._record, self._opening, self._lives = record, opening, lives
        self._adjudicator, self._now = record.adjudicator, record.now

    def decide(self, work: Sequence[Work], stand: dict[journal.Receipt, str]) -> list[Answer]:
        """Decide everything, in order; claims are adjudicated as one batch."""
        day = book_day(self._now)
        claims = [item for item in work if isinstance(item, Settling) and item.receipt not in stand]
        cases = [replace(item.case, day=day) for item in claims]
        judged = dict(zip([item.asked.key for item in claims], self._judge(cases), strict=True))
        case_of = dict(zip(judged, cases, strict=True))
        answers = []
        for item in work:
            match item:
                case Standing(answer=answer):
                    answers.append(answer)
                case Refused(asked, refusals):
                    answers.append(self._refuse(asked, refusals))
                case Nothing():
                    answers.append(self._note_nothing(item))
                case Settling(asked=asked) if item.receipt in stand:
                    refusal = Mistake("DUPLICATE_RECEIPT", "/receipt_id", fields={"by": stand[item.receipt]})
                    answers.append(self._refuse(asked, [refusal]))
                case Settling(asked=asked):
                    answers.append(self._settle(item, case_of[asked.key], judged[asked.key]))
                case Reversing():
                    answers.append(self._reverse(item))
        return answers

    def _judge(self, cases: Sequence[Case]) -> list[Verdict]:
        return self._adjudicator.judge(cases, self._opening) if cases else []

    def _settle(self, item: Settling, case: Case, verdict: Verdict) -> Answer:
        if not isinstance(verdict, Judgement):
            return self._refuse(item.asked, verdict)
        return self._done(item.asked, self._record.settle(item.asked, case, item.person.cover, verdict))

    def _reverse(self, item: Reversing) -> Answer:
        own = {holder: self._opening[holder] for holder in _holders(item, self._adjudicator)}
        reversal = undo(self._lives[item.asked.key], item.target, own, self._adjudicator, by_agency(item.asked.message))
        if isinstance(reversal, Mistake):
            return self._refuse(item.asked, [reversal])
        return self._done(item.asked, self._record.undo(item.asked, reversal))

    def _done(self, asked: Asked, row: JournalRow) -> Answer:
        self._remember(asked, "done", None, row.seq)
        return Answer("done", row.answer)

    def _refuse(self, asked: Asked, refusals: Sequence[Mistake]) -> Answer:
        body = refused_body("NOT_SETTLED" if asked.kind == "settle" else "NOT_REVERSED", refusals)
        self._remember(asked, "refused", body)
        return Answer("refused", body)

    def _note_nothing(self, item: Nothing) -> Answer:
        """Answer a reversal that finds nothing; a message that never came is refused for ever from now on."""
        institution, original = item.original
        body = nothing_body(original)
        self._remember(item.asked, "nothing", body)
        if item.unseen:
            never = refused_body("NOT_SETTLED", [Mistake("REVERSED_BEFORE_ARRIVAL")])
            self._record.posting.remember(
                RequestRow(institution, original, "unknown", "", "void", None, never, self._now)
            )
        return Answer("nothing", body)

    def _remember(self, asked: Asked, outcome: Outcome, answer: bytes | None, seq: int | None = None) -> None:
        institution, message_id = asked.key
        row = RequestRow(institution, message_id, asked.kind, asked.digest, outcome, seq, answer, self._now)
        self._record.posting.remember(row)
