"""Planted faults: each breaks one rule of the production code, and the simulation must notice every one of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from api.ledger import books, counters, journal
from api.service import group, lives, recording, undoing, work
from api.service.adjudication import Adjudicator
from api.service.answers import Answer
from api.service.posting import Posting
from api.service.requests import Principal
from api.service.service import Service

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]


def no_tombstone(patch: Patch) -> None:
    """A message that was reversed before it came is not remembered."""
    note = group._Group._note_nothing
    patch.setattr(group._Group, "_note_nothing", lambda self, item: note(self, replace(item, unseen=False)))


def no_lifo(patch: Patch) -> None:
    """What later settlements build on is taken from under them."""
    patch.setattr(lives, "dependents_of", lambda connection, row: [])


def forgets_messages(patch: Patch) -> None:
    """What was done is not remembered by its message id."""
    remember = journal.remember
    patch.setattr(
        journal, "remember", lambda connection, rows: remember(connection, [r for r in rows if r.outcome != "done"])
    )


def counters_not_restored(patch: Patch) -> None:
    """A reversal leaves the counters as they are."""
    patch.setattr(undoing, "undone", lambda opening, closing, now: {place: now.get(place, 0) for place in closing})


def two_transactions(patch: Patch) -> None:
    """Counters are written after the journal is committed, in a transaction of their own."""
    write = Posting.write
    later: list[dict[counters.Place, int]] = []

    def without_counters(self: Posting, connection: Any) -> None:
        later.append(dict(self.changed))
        self.changed.clear()
        write(self, connection)

    transaction = Service._transaction

    def then_counters(self: Service, messages: Any) -> dict[int, Answer]:
        later.clear()
        answers = transaction(self, messages)
        with self._database.write() as connection:
            counters.write_counters(connection, later[-1])
        return answers

    patch.setattr(Posting, "write", without_counters)
    patch.setattr(Service, "_transaction", then_counters)


def starts_from_zero(patch: Patch) -> None:
    """Counters are not read before a settlement: deductibles and caps begin anew with every claim."""
    patch.setattr(counters, "read_counters", lambda connection, holders: {holder: {} for holder in holders})


def any_body_will_do(patch: Patch) -> None:
    """Another request under a used message id is answered as if it were the first."""
    standing = work.standing_answer
    patch.setattr(work, "standing_answer", lambda asked, row, sent: standing(asked, row._replace(digest=""), sent))


def answers_before_commit(patch: Patch) -> None:
    """Now and then an answer is given and the transaction is not committed."""
    transaction = Service._transaction
    turns = iter(range(10**9))

    class UndoneError(Exception):
        pass

    def loses_some(self: Service, messages: Any) -> dict[int, Answer]:
        if next(turns) % 20 < 19:
            return transaction(self, messages)
        answers: dict[int, Answer] = {}
        with suppress(UndoneError), self._database.write() as connection:
            answers = group.run_group(connection, self._tools, messages)
            raise UndoneError
        return answers

    patch.setattr(Service, "_transaction", loses_some)


def receipts_settled_twice(patch: Patch) -> None:
    """A receipt is settled again under a new message id."""
    patch.setattr(journal, "standing", lambda connection, receipts: {})
    begin = journal.begin_lives

    def over(connection: Any, settled: Any) -> None:
        for receipt, origin in settled:
            institution, visit, number = receipt
            connection.exec_driver_sql(
                "DELETE FROM live WHERE institution = ? AND visit_id = ? AND receipt_id = ?",
                (institution, visit, number),
            )
            begin(connection, [(receipt, origin)])

    patch.setattr(journal, "begin_lives", over)


def comes_back_regardless(patch: Patch) -> None:
    """A settlement comes into force again though the person's accounts have moved on."""
    patch.setattr(undoing, "as_before", lambda verdict, decided, lines: True)


def reverses_for_others(patch: Patch) -> None:
    """Every institution may undo the settlements of every other, as only the agency may."""
    patch.setattr(Principal, "sees", None)


def answers_are_made_anew(patch: Patch) -> None:
    """A replay is written anew instead of repeated."""
    standing = work.standing_answer
    patch.setattr(
        work, "standing_answer", lambda asked, row, sent: standing(asked, row, sent.replace(b"2023-", b"2024-"))
    )


def one_group_for_one_person(patch: Patch) -> None:
    """Messages of one person are decided in one transaction, from the same counters."""

    def together(items: Any, adjudicator: Adjudicator) -> list[int]:
        touched: set[object] = set()
        chosen = []
        for place, item in enumerate(items):
            touches = {*work.messages_named(item.asked.message), *([item.receipt] if hasattr(item, "receipt") else [])}
            reversal = {("life", item.target.origin_seq)} if hasattr(item, "target") else set()
            if touched.isdisjoint(touches | reversal):
                chosen.append(place)
            touched |= touches | reversal
        return chosen

    patch.setattr(group, "_together", together)


def heads_not_moved(patch: Patch) -> None:
    """The head of a person's chain stays where it was."""
    patch.setattr(books, "move_heads", lambda connection, heads: None)


def book_date_of_utc(patch: Patch) -> None:
    """The day of a settlement is that of Greenwich."""
    for module in (group, recording):
        patch.setattr(module, "book_day", lambda moment: moment // 86_400_000)


FAULTS: tuple[Fault, ...] = (
    no_tombstone,
    no_lifo,
    forgets_messages,
    counters_not_restored,
    two_transactions,
    starts_from_zero,
    any_body_will_do,
    answers_before_commit,
    receipts_settled_twice,
    comes_back_regardless,
    reverses_for_others,
    answers_are_made_anew,
    one_group_for_one_person,
    heads_not_moved,
    book_date_of_utc,
)
