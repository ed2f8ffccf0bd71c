"""Rows of the journal, made of what was decided: a claim settled, a row undone, a settlement settled anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.ledger import counters
from api.ledger.rows import GENESIS, JournalRow
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import Adjustment, Posted, adjusted_body, reversed_body, settled_body
from api.service.cases import Case
from api.service.days import book_day, day_text
from api.service.figures import entries_of
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.undoing import Reversal, Step
from api.service.work import Asked
from api.service.world import World


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the rows of one transaction, all of the one moment `now`, and adds them to its posting."""

    adjudicator: Adjudicator
    provenance: Provenance
    world: World
    posting: Posting
    now: int

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
            period=self._book_date[:7],
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
            prev_hash=GENESIS,
        )
        row = self.posting.add(
            row, entries_of(figures, case.institution), judged.closing, self.adjudicator.holders(case)
        )
        self.posting.begun.append(((row.institution, row.visit_id, row.receipt_id), row.seq))
        return row

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
        row = replace(
            self._follows(step, posted, caused_by),
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
        row = replace(
            self._follows(step, posted, caused_by),
            kind="ADJUST",
            refers_seq=self.posting.last_of_life(life.origin.seq),
            sender="",
            message_id=None,
            plan=figures.plan,
            total_fen=figures.total_fen,
            input=life.decided.input,
            answer=adjusted_body(posted, life.origin.settlement_id, caused_by, figures, life.case.request.lines),
        )
        return self._add(row, step)

    def _follows(self, step: Step, posted: Posted, caused_by: str | None) -> JournalRow:
        """Give the next row of a life, as far as every such row is alike."""
        return replace(
            step.life.last,
            seq=self.posting.seq,
            settlement_id=posted.settlement_id,
            refers_seq=step.life.last.seq,
            caused_by=caused_by,
            person_seq=posted.person_seq,
            settled_at=self.now,
            book_date=self._book_date,
            period=self._book_date[:7],
            opening=counters.pack(step.opening),
            closing=counters.pack(step.closing),
            engine=self.provenance.engine,
            rules=self.provenance.rules,
        )

    def _add(self, row: JournalRow, step: Step) -> JournalRow:
        return self.posting.add(row, step.amounts, step.closing, self.adjudicator.holders(step.life.case))

    def _posted(self, person_key: str, own_id: str = "") -> Posted:
        seq = self.posting.heads[person_key].person_seq + 1
        return Posted(own_id or self.world.new_id(), seq, self.now)

    @property
    def _book_date(self) -> str:
        return day_text(book_day(self.now))
