"""What can be proved of a ledger without any rules: hashes, chains, seals, the double entry, and all that is derived.

Law C: counters are the fold of the journal, at its end and at every row. Law D: the entries of every row sum to 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import Connection, Table, select

from api.ledger.audit import CHAIN, audit_head, whole_audit
from api.ledger.chain import journal_hash, row_hash, sealed, sha256
from api.ledger.counters import Counters, unpack
from api.ledger.journal import Receipt, all_rows, entries_of_rows
from api.ledger.periods import FIRST, clearing_month, closed_periods, hashes_of
from api.ledger.rows import BALANCES, GENESIS, EntryRow, Head, JournalRow, RequestRow
from api.ledger.schema import content, counter, entry, holder, journal, live, request, seal
from api.ledger.seals import Seal
from api.ledger.verify.report import Report
from api.service.days import book_day, day_text

ENTRIES_AT_ONCE = 500

Key = TypeVar("Key")


def verify_records(connection: Connection, report: Report, anchor: tuple[int, str] | None = None) -> None:
    """Prove everything that needs no rules. anchor: number and root of a block that was kept elsewhere."""
    _Fold(connection, report).run()
    _check_content(connection, report)
    _check_periods(connection, report)
    _check_seals(connection, report, anchor)


class _Fold:
    """Goes through the journal once and builds up what must stand in every other table at its end."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self._connection, self._report = connection, report
        self._heads: dict[str, Head] = {}
        self._counters: Counters = {}
        self._lives: dict[Receipt, int] = {}
        self._last: dict[int, int] = {}
        self._answers: dict[tuple[str, str], int] = {}
        self._causes: dict[str, int] = {}
        self._reversals: set[str] = set()
        self._closed = closed_periods(connection)

    def run(self) -> None:
        pending: list[JournalRow] = []
        for row in all_rows(self._connection):
            pending.append(row)
            if len(pending) == ENTRIES_AT_ONCE:
                self._rows(pending)
                pending = []
        self._rows(pending)
        self._follow_audit()
        self._compare_causes()
        self._compare_heads()
        self._compare_counters()
        self._compare_lives()
        self._compare_requests()
        self._compare_entries()

    def _rows(self, rows: list[JournalRow]) -> None:
        entries = entries_of_rows(self._connection, [row.seq for row in rows])
        for row in rows:
            self._report.count("journal")
            self._report.count("entry", len(entries[row.seq]))
            self._row(row, entries[row.seq])

    def _row(self, row: JournalRow, entries: list[EntryRow]) -> None:
        wrong = self._report.wrong
        hashed = journal_hash(row, entries)
        if hashed != row.row_hash:
            wrong("LEDGER_ROW_CHANGED", "journal", row.seq, "row_hash", row.row_hash, hashed)
        head = self._heads.get(row.person_key, Head())
        if (row.prev_hash, row.person_seq) != (head.row_hash, head.person_seq + 1):
            found, expected = f"{row.person_seq} {row.prev_hash}", f"{head.person_seq + 1} {head.row_hash}"
            wrong("LEDGER_CHAIN_BROKEN", "journal", row.seq, "prev_hash", found, expected)
        self._heads[row.person_key] = Head(row.person_seq, row.row_hash)
        day = day_text(book_day(row.settled_at))
        if row.book_date != day:
            wrong("LEDGER_DAY_WRONG", "journal", row.seq, "book_date", row.book_date, day)
        closed = max((one.period for one in self._closed if one.to_seq < row.seq), default=FIRST)
        month = clearing_month(row.book_date, closed)
        if row.period != month:
            wrong("LEDGER_PERIOD_WRONG", "journal", row.seq, "period", row.period, month)
        total = sum(entry.amount for entry in entries)
        if total or not (entries or row.kind == "OPEN"):
            wrong("LEDGER_UNBALANCED", "entry", row.seq, "amount", total, 0)
        self._life(row, entries)
        self._fold(row)
        if row.message_id is not None:
            self._answers[row.sender, row.message_id] = row.seq
        if row.caused_by is not None:
            self._causes.setdefault(row.caused_by, row.seq)
        elif row.kind == "REVERSE":
            self._reversals.add(row.settlement_id)

    def _life(self, row: JournalRow, entries: list[EntryRow]) -> None:
        """Follow settlements into and out of force; a reversal is the exact opposite of what it undoes."""
        if row.kind in BALANCES:
            return
        receipt = (row.institution, row.visit_id, row.receipt_id)
        if row.kind == "SETTLE":
            self._begin(row, receipt)
            self._last[row.seq] = row.seq
            return
        last = self._last.get(row.origin_seq, 0)
        if last != row.refers_seq:
            self._report.wrong("LEDGER_LIFE_BROKEN", "journal", row.seq, "refers_seq", row.refers_seq, last)
            return
        if row.kind == "REVERSE":
            before = entries_of_rows(self._connection, [last])[last]
            found, expected = [(e.account, e.amount) for e in entries], [(e.account, -e.amount) for e in before]
            if found != expected:
                self._report.wrong("LEDGER_NOT_OPPOSITE", "entry", row.seq, "amount", found, expected)
        if receipt in self._lives and self._lives[receipt] == row.origin_seq:
            del self._lives[receipt]
        else:
            self._begin(row, receipt)
        self._last[row.origin_seq] = row.seq

    def _begin(self, row: JournalRow, receipt: Receipt) -> None:
        if receipt in self._lives:
            self._report.wrong("LEDGER_SETTLED_TWICE", "journal", row.seq, "receipt_id", row.seq, self._lives[receipt])
        self._lives[receipt] = row.origin_seq

    def _fold(self, row: JournalRow) -> None:
        opening, closing = unpack(row.opening), unpack(row.closing)
        for place, value in opening.items():
            if value != self._counters.get(place, 0):
                found, expected = [*place, value], self._counters.get(place, 0)
                self._report.wrong("LEDGER_OPENING_WRONG", "journal", row.seq, "opening", found, expected)
        unread = [place for place in closing if place not in opening and self._counters.get(place, 0)]
        if unread:
            self._report.wrong("LEDGER_OPENING_WRONG", "journal", row.seq, "opening", "-", unread)
        for place, value in closing.items():
            if value < 0:
                self._report.wrong("LEDGER_COUNTER_NEGATIVE", "journal", row.seq, "closing", [*place, value], ">= 0")
        self._counters |= closing

    def _follow_audit(self) -> None:
        """The audit is one chain, without a gap from its first row to its end."""
        head = Head()
        for row in whole_audit(self._connection):
            self._report.count("audit")
            if row_hash(row) != row.row_hash:
                self._report.wrong("LEDGER_ROW_CHANGED", "audit", row.seq, "row_hash", row.row_hash, row_hash(row))
            if (row.prev_hash, row.seq) != (head.row_hash, head.person_seq + 1):
                found, expected = f"{row.seq} {row.prev_hash}", f"{head.person_seq + 1} {head.row_hash}"
                self._report.wrong("LEDGER_CHAIN_BROKEN", "audit", row.seq, "prev_hash", found, expected)
            head = Head(row.seq, row.row_hash)
        if head != Head():
            self._heads[CHAIN] = head

    def _compare_causes(self) -> None:
        """Rows that no message asked for name the reversal, by a message, that made them necessary."""
        for cause in sorted(self._causes.keys() - self._reversals):
            self._report.wrong("LEDGER_CAUSE_MISSING", "journal", self._causes[cause], "caused_by", cause, "-")

    def _compare_heads(self) -> None:
        stored = {row.holder_key: Head(row.person_seq, row.head) for row in self._connection.execute(select(holder))}
        stored = {key: head for key, head in stored.items() if head != Head() or key in self._heads}
        self._compare("LEDGER_HEAD_WRONG", holder, stored, self._heads)

    def _compare_counters(self) -> None:
        stored = {tuple(row[:-1]): row.value for row in self._connection.execute(select(counter))}
        self._report.count("counter", len(stored))
        for place in sorted(stored.keys() | self._counters.keys()):
            found, expected = stored.get(place, 0), self._counters.get(place, 0)
            if found != expected:
                self._report.wrong(
                    "LEDGER_COUNTER_WRONG", "counter", " ".join(map(str, place)), "value", found, expected
                )

    def _compare_lives(self) -> None:
        rows = self._connection.execute(select(live))
        stored = {(row.institution, row.visit_id, row.receipt_id): row.origin_seq for row in rows}
        self._compare("LEDGER_LIVE_WRONG", live, stored, self._lives)

    def _compare_requests(self) -> None:
        """A message that was done names its row, every row its message, and no remembered answer was changed."""
        done: dict[tuple[str, str], int | None] = {}
        for columns in self._connection.execute(select(request)):
            row = RequestRow(*columns)
            self._report.count("request")
            key = f"{row.institution} {row.message_id}"
            if row_hash(row) != row.row_hash:
                self._report.wrong("LEDGER_ROW_CHANGED", "request", key, "row_hash", row.row_hash, row_hash(row))
            if row.outcome == "done":
                done[row.institution, row.message_id] = row.seq
        self._compare("LEDGER_REQUEST_WRONG", request, done, self._answers)

    def _compare_entries(self) -> None:
        """No entry stands without its row."""
        stray = select(entry.c.seq).where(entry.c.seq.not_in(select(journal.c.seq))).distinct()
        for seq in self._connection.execute(stray).scalars():
            self._report.wrong("LEDGER_ROW_MISSING", "entry", int(seq), "seq", seq, "-")

    def _compare(self, code: str, table: Table, stored: Mapping[Key, object], expected: Mapping[Key, object]) -> None:
        for key in sorted(stored.keys() | expected.keys(), key=str):
            if stored.get(key) != expected.get(key):
                shown = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
                self._report.wrong(code, table.name, shown, "", stored.get(key, "-"), expected.get(key, "-"))


def _check_content(connection: Connection, report: Report) -> None:
    for row in connection.execute(select(content)):
        report.count("content")
        if sha256(row.body) != row.sha256:
            report.wrong("LEDGER_ROW_CHANGED", "content", row.sha256, "body", sha256(row.body), row.sha256)


def _check_periods(connection: Connection, report: Report) -> None:
    """Every month was closed after its end, and still has the rows it had then."""
    previous = GENESIS
    for closed in closed_periods(connection):
        report.count("period")
        day = day_text(book_day(closed.closed_at))
        if day[:7] <= closed.period:
            report.wrong("LEDGER_PERIOD_WRONG", "period", closed.period, "closed_at", closed.period, day)
        hashes = hashes_of(connection, closed.period, 0, closed.to_seq)
        previous = sealed(previous, hashes)
        found, expected = f"{closed.count} {closed.root}", f"{len(hashes)} {previous}"
        if found != expected:
            report.wrong("LEDGER_PERIOD_CHANGED", "period", closed.period, "root", found, expected)


def _check_seals(connection: Connection, report: Report, anchor: tuple[int, str] | None) -> None:
    """Every block holds its rows and the audit of then, and follows the one before; the anchored one has its root."""
    previous, after, roots = GENESIS, 0, {}
    for row in connection.execute(select(seal).order_by(seal.c.block)):
        block = Seal(*row)
        report.count("seal")
        inside = (journal.c.seq >= block.from_seq) & (journal.c.seq <= block.to_seq)
        hashes = list(connection.execute(select(journal.c.row_hash).where(inside).order_by(journal.c.seq)).scalars())
        root = sealed(previous, [*hashes, audit_head(connection, block.audit_seq).row_hash])
        found, expected = f"{block.from_seq} {block.count} {block.root}", f"{after + 1} {len(hashes)} {root}"
        if found != expected:
            report.wrong("LEDGER_SEAL_BROKEN", "seal", block.block, "root", found, expected)
        previous, after, roots[block.block] = block.root, block.to_seq, root
    if anchor is not None and roots.get(anchor[0]) != anchor[1]:
        report.wrong("LEDGER_ANCHOR_LOST", "seal", anchor[0], "root", roots.get(anchor[0], "-"), anchor[1])
