"""One transaction: messages that wait together are locked, decided, adjudicated and written together.

No two messages of a group touch the same holder, message or receipt; one that would waits for the next group. So every
row is computed from counters that nothing else in the group changes, and any order of the group gives the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from api.ledger import books, counters, journal
from api.ledger.counters import Counters
from api.ledger.rows import GENESIS, JournalRow, Outcome, RequestRow
from api.service.adjudication import Adjudicator, Judgement, Verdict
from api.service.answers import Answer, Posted, nothing_body, refused_body, reversed_body, settled_body
from api.service.cases import Case
from api.service.days import book_day, day_text
from api.service.figures import entries_of
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.requests import Message
from api.service.reversing import Life, read_life, undo
from api.service.work import Asked, Nothing, Refused, Reversing, Settling, Standing, Work, messages_named, work_of
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
    together = [work[place] for place in chosen]
    holders = {holder for item in together for holder in _holders(item, tools.adjudicator)}
    heads = books.lock_holders(connection, holders)
    tools.world.reached("locked")
    now = tools.world.now_ms()
    open_counters = counters.read_counters(connection, holders)
    lives = {
        item.asked.key: read_life(connection, item.target, item.case, tools.adjudicator)
        for item in together
        if isinstance(item, Reversing)
    }
    stand = journal.standing(connection, [item.receipt for item in together if isinstance(item, Settling)])
    seqs = journal.take_seqs(connection, sum(isinstance(item, Settling | Reversing) for item in together))
    group = _Group(tools, now, open_counters, lives, Posting(seqs, heads))
    answers = group.decide(together, stand)
    tools.world.reached("decided")
    group.posting.write(connection)
    tools.world.reached("written")
    return dict(zip(chosen, answers, strict=True))


def _holders(item: Work, adjudicator: Adjudicator) -> frozenset[str]:
    return adjudicator.holders(item.case) if isinstance(item, Settling | Reversing) else frozenset()


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

    def __init__(
        self, tools: Tools, now: int, opening: dict[str, Counters], lives: dict[journal.Message, Life], posting: Posting
    ) -> None:
        self._tools, self._now, self._opening, self._lives = tools, now, opening, lives
        self.posting = posting

    def decide(self, work: Sequence[Work], stand: dict[journal.Receipt, str]) -> list[Answer]:
        """Decide everything, in order; claims are adjudicated as one batch."""
        day = book_day(self._now)
        claims = [item for item in work if isinstance(item, Settling) and item.receipt not in stand]
        cases = [replace(item.case, day=day) for item in claims]
        judged = dict(zip([item.asked.key for item in claims], self._judge(cases), strict=True))
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
                    answers.append(self._settle(item, judged[asked.key]))
                case Reversing():
                    answers.append(self._reverse(item))
        return answers

    def _judge(self, cases: Sequence[Case]) -> list[Verdict]:
        return self._tools.adjudicator.judge(cases, self._opening) if cases else []

    def _settle(self, item: Settling, verdict: Verdict) -> Answer:
        if not isinstance(verdict, Judgement):
            return self._refuse(item.asked, verdict)
        institution, visit, receipt = item.receipt
        lines = item.case.request.lines
        posted = self._posted(item.person.person_key)
        row = JournalRow(
            seq=self.posting.seq,
            kind="SETTLE",
            settlement_id=posted.settlement_id,
            origin_seq=self.posting.seq,
            refers_seq=None,
            institution=institution,
            message_id=item.asked.message.message_id,
            visit_id=visit,
            receipt_id=receipt,
            person_key=item.person.person_key,
            person_seq=posted.person_seq,
            settled_at=self._now,
            book_date=day_text(book_day(self._now)),
            plan=verdict.figures.plan,
            total_fen=verdict.figures.total_fen,
            input=item.asked.form,
            cover=item.person.cover,
            opening=counters.pack(verdict.opening),
            closing=counters.pack(verdict.closing),
            answer=settled_body(posted, verdict.figures, lines),
            engine=self._tools.provenance.engine,
            rules=self._tools.provenance.rules,
            prev_hash=GENESIS,
        )
        holders = self._tools.adjudicator.holders(item.case)
        row = self.posting.add(row, entries_of(verdict.figures, institution), verdict.closing, holders)
        self.posting.begun.append((item.receipt, row.seq))
        return self._done(item.asked, row)

    def _reverse(self, item: Reversing) -> Answer:
        life, adjudicator = self._lives[item.asked.key], self._tools.adjudicator
        own = {holder: self._opening[holder] for holder in adjudicator.holders(item.case)}
        undoing = undo(life, item.target, own, adjudicator)
        if isinstance(undoing, Mistake):
            return self._refuse(item.asked, [undoing])
        undone, origin = undoing.undoes, life.origin
        posted = self._posted(origin.person_key)
        amounts = [(entry.account, -entry.amount) for entry in life.entries]
        body = reversed_body(posted, undone.settlement_id, origin.settlement_id, not life.in_force, amounts)
        row = replace(
            undone,
            seq=self.posting.seq,
            kind="REVERSE",
            settlement_id=posted.settlement_id,
            refers_seq=undone.seq,
            message_id=item.asked.message.message_id,
            person_seq=posted.person_seq,
            settled_at=self._now,
            book_date=day_text(book_day(self._now)),
            total_fen=-undone.total_fen,
            input=item.asked.form,
            opening=counters.pack(undoing.opening),
            closing=counters.pack(undoing.closing),
            answer=body,
            engine=self._tools.provenance.engine,
            rules=self._tools.provenance.rules,
        )
        row = self.posting.add(row, amounts, undoing.closing, adjudicator.holders(item.case))
        if life.in_force:
            self.posting.ended.append(origin.seq)
        else:
            self.posting.begun.append(((origin.institution, origin.visit_id, origin.receipt_id), origin.seq))
        return self._done(item.asked, row)

    def _posted(self, person_key: str) -> Posted:
        return Posted(self._tools.world.new_id(), self.posting.heads[person_key].person_seq + 1, self._now)

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
            self.posting.remember(RequestRow(institution, original, "unknown", "", "void", None, never, self._now))
        return Answer("nothing", body)

    def _remember(self, asked: Asked, outcome: Outcome, answer: bytes | None, seq: int | None = None) -> None:
        institution, message_id = asked.key
        row = RequestRow(institution, message_id, asked.kind, asked.digest, outcome, seq, answer, self._now)
        self.posting.remember(row)
