"""Rows of the journal, made of what was decided: a claim settled, a row undone, a settlement settled anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.ledger import counters
from api.ledger.chain import sha256
from api.ledger.periods import clearing_month
from api.ledger.rows import JournalRow
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import Adjustment, Posted, adjusted_body, balance_body, reversed_body, settled_body
from api.service.cases import Case
from api.service.days import book_day, day_text
from api.service.figures import entries_of
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.requests import BalanceRequest, DepositRequest
from api.service.undoing import Reversal, Step
from api.service.work import Asked
from api.service.world import World


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the rows of one transaction, all of the one moment `now`, and adds them to its posting.

    closed: the last clearing month that is closed, empty where none is.
    """

    adjudicator: Adjudicator
    provenance: Provenance
    world: World
    posting: Posting
    now: int
    closed: str

    def settle(self, asked: Asked, case: Case, cover: str, judged: Judgement) -> JournalRow:
        """Record a claim that is settled. cover: hash of the person's."""
        request, figures = case.request, judged.figures
        posted = self._posted(request.person_id)
        row = JournalRow(
            seq=self.posting.seq,
            kind="SETTLE",
            settlement_id=posted.settlement_id,
            origin_seq=self.posting.seq,
            refers_seq=None,
            caused_by=None,
            institution=case.institution,
            sender=case.institution,
            message_id=asked.message.message_id,
            visit_id=request.visit_id,
            receipt_id=request.receipt_id,
            person_key=request.person_id,
            person_seq=posted.person_seq,
            settled_at=self.now,
            book_date=self._book_date,
            period=clearing_month(self._book_date, self.closed),
            scheme=self.adjudicator.scheme_of(figures.plan) or request.scheme or "",
            clearing=request.visit,
            plan=figures.plan,
            total_fen=figures.total_fen,
            input=asked.form,
            cover=cover,
            opening=counters.pack(judged.opening),
            closing=counters.pack(judged.closing),
            answer=settled_body(posted, figures, request.lines),
            engine=self.provenance.engine,
            rules=self.provenance.rules,
            prev_hash=self.posting.heads[request.person_id].row_hash,
        )
        row = self.posting.add(
            row, entries_of(figures, case.institution), judged.closing, self.adjudicator.holders(case)
        )
        self.posting.begun.append(((row.institution, row.visit_id, row.receipt_id), row.seq))
        return row

    def balance(
        self, asked: Asked, request: BalanceRequest, cover: str, opening: counters.Counters,
        closing: counters.Counters, amounts: Sequence[tuple[str, int]],
    ) -> JournalRow:  # fmt: skip
        """Record counters that are opened, or an account that is credited. cover: hash of none."""
        posted = self._posted(request.holder)
        plan = request.plan if isinstance(request, DepositRequest) else ""
        row = JournalRow(
            seq=self.posting.seq,
            kind="DEPOSIT" if isinstance(request, DepositRequest) else "OPEN",
            settlement_id=posted.settlement_id,
            origin_seq=self.posting.seq,
            refers_seq=None,
            caused_by=None,
            institution="",
            sender=asked.key[0],
            message_id=asked.message.message_id,
            visit_id="",
            receipt_id="",
            person_key=request.holder,
            person_seq=posted.person_seq,
            settled_at=self.now,
            book_date=self._book_date,
            period=clearing_month(self._book_date, self.closed),
            scheme=self.adjudicator.scheme_of(plan),
            clearing="",
            plan=plan,
            total_fen=0,
            input=asked.form,
            cover=cover,
            opening=counters.pack(opening),
            closing=counters.pack(closing),
            answer=balance_body(posted, amounts),
            engine=self.provenance.engine,
            rules=self.provenance.rules,
            prev_hash=self.posting.heads[request.holder].row_hash,
        )
        return self.posting.add(row, amounts, closing, {request.holder})

    def undo(self, asked: Asked, reversal: Reversal) -> JournalRow:
        """Record a reversal with all that it makes necessary; give the row of the reversal itself.

        What builds on a settlement is undone before it, the last first, and settled anew after it.
        """
        cause = self.world.new_id()
        for step in reversal.before:
            self._reverse(asked, step, caused_by=cause)
        row = self._reverse(asked, reversal.main, cause, adjusted=reversal.adjustments)
        for step in reversal.after:
            self._adjust(step, cause)
        life = reversal.main.life
        if reversal.comes_back:
            return row
        if life.in_force:
            self.posting.ended.append(life.origin.seq)
        else:
            self.posting.begun.append((life.receipt, life.origin.seq))
        return row

    def _reverse(
        self, asked: Asked, step: Step, own_id: str = "", caused_by: str | None = None,
        adjusted: Sequence[Adjustment] = (),
    ) -> JournalRow:  # fmt: skip
        origin, undone = step.life.origin, step.life.last
        posted = self._posted(origin.person_key, own_id)
        in_force = not step.life.in_force
        row = self._follows(step, posted, caused_by)._replace(
            kind="REVERSE",
            sender="" if caused_by else asked.message.principal.institution,
            message_id=None if caused_by else asked.message.message_id,
            total_fen=-undone.total_fen,
            input=asked.form,
            answer=reversed_body(
                posted, undone.settlement_id, origin.settlement_id, in_force, step.amounts, caused_by, adjusted
            ),
        )
        return self._add(row, step)

    def _adjust(self, step: Step, caused_by: str) -> JournalRow:
        life, figures = step.life, step.figures
        assert figures is not None, "what is settled anew has figures"
        posted = self._posted(life.origin.person_key)
        row = self._follows(step, posted, caused_by)._replace(
            kind="ADJUST",
            refers_seq=self.posting.last_of_life(life.origin.seq),
            sender="",
            message_id=None,
            scheme=self.adjudicator.scheme_of(figures.plan) or life.last.scheme,
            plan=figures.plan,
            total_fen=figures.total_fen,
            input=life.decided.input,
            cover=sha256(life.case.spans),
            answer=adjusted_body(posted, life.origin.settlement_id, caused_by, figures, life.case.request.lines),
        )
        return self._add(row, step)

    def _follows(self, step: Step, posted: Posted, caused_by: str | None) -> JournalRow:
        """Give the next row of a life, as far as every such row is alike."""
        return step.life.last._replace(
            seq=self.posting.seq,
            settlement_id=posted.settlement_id,
            refers_seq=step.life.last.seq,
            caused_by=caused_by,
            person_seq=posted.person_seq,
            settled_at=self.now,
            book_date=self._book_date,
            period=clearing_month(self._book_date, self.closed),
            opening=counters.pack(step.opening),
            closing=counters.pack(step.closing),
            engine=self.provenance.engine,
            rules=self.provenance.rules,
            prev_hash=self.posting.heads[step.life.last.person_key].row_hash,
        )

    def _add(self, row: JournalRow, step: Step) -> JournalRow:
        return self.posting.add(row, step.amounts, step.closing, self.adjudicator.holders(step.life.case))

    def _posted(self, person_key: str, own_id: str = "") -> Posted:
        seq = self.posting.heads[person_key].person_seq + 1
        return Posted(own_id or self.world.new_id(), seq, self.now)

    @property
    def _book_date(self) -> str:
        return day_text(book_day(self.now))
