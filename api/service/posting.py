"""What one transaction adds to the ledger, gathered while its messages are decided and written at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from api.ledger import books, counters, journal
from api.ledger.chain import journal_hash, row_hash
from api.ledger.counters import Counters
from api.ledger.database.statements import at_once
from api.ledger.rows import EntryRow, Head, JournalRow, RequestRow


@dataclass(slots=True)
class Posting:
    """Rows to be added, and what they change. `seqs`: numbers for rows, in order; `heads`: of all locked holders.

    Chains are continued as rows are added, so a row can only follow what stands before it.
    """

    seqs: Sequence[int]
    heads: dict[str, Head]
    rows: list[JournalRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    changed: Counters = field(default_factory=dict)
    joined: list[tuple[str, int]] = field(default_factory=list)
    begun: list[tuple[journal.Receipt, int]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    requests: list[RequestRow] = field(default_factory=list)

    @property
    def seq(self) -> int:
        """Number of the next row."""
        return self.seqs[len(self.rows)]

    def add(
        self, row: JournalRow, amounts: Sequence[tuple[str, int]], closing: Mapping[counters.Place, int],
        holders: Collection[str],
    ) -> JournalRow:  # fmt: skip
        """Add a row with its double entry and the counters it changes; give it with its place in the chain."""
        head = self.heads[row.person_key]
        assert (row.seq, row.person_seq, row.prev_hash) == (self.seq, head.person_seq + 1, head.row_hash)
        assert sum(amount for _, amount in amounts) == 0, "double entry"
        entries = [EntryRow(row.seq, n, account, amount) for n, (account, amount) in enumerate(amounts)]
        row = row._replace(row_hash=journal_hash(row, entries))
        self.rows.append(row)
        self.entries += entries
        self.changed |= closing
        self.joined += [(holder, row.seq) for holder in sorted(holders) if holder != row.person_key]
        self.heads[row.person_key] = Head(row.person_seq, row.row_hash)
        return row

    def last_of_life(self, origin_seq: int) -> int:
        """Give the number of the row added last to the life of a settlement."""
        return next(row.seq for row in reversed(self.rows) if row.origin_seq == origin_seq)

    def remember(self, row: RequestRow) -> None:
        """Keep what a message is answered."""
        self.requests.append(row._replace(row_hash=row_hash(row)))

    def write(self, connection: Connection) -> None:
        """Write everything."""
        with at_once(connection):
            journal.append_rows(connection, self.rows, self.entries)
            journal.join_holders(connection, self.joined)
            journal.end_lives(connection, self.ended)
            journal.begin_lives(connection, self.begun)
            counters.write_counters(connection, self.changed)
            books.move_heads(connection, {row.person_key: self.heads[row.person_key] for row in self.rows})
            journal.remember(connection, self.requests)
