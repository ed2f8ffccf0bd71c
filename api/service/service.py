"""The settlement service: the use cases, one method each. What HTTP, a console or a test may ask of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from api.ledger import books, counters, journal
from api.ledger.database import Database, OutcomeUnknownError
from api.ledger.rows import BALANCES, JournalRow
from api.service.adjudication import Judgement
from api.service.answers import Answer, history_row, preview_body, refused_body
from api.service.cases import Case
from api.service.days import book_day
from api.service.group import Tools, run_group
from api.service.loading import Loaded, put_cover
from api.service.requests import ClaimRequest, Message, Principal, Role
from api.service.work import blind_of
from api.wire.problems import Mistake


class Service:
    """The use cases over one ledger. On SQLite one process settles, on PostgreSQL any number."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._tools = database, tools

    def submit(self, messages: Sequence[Message]) -> list[Answer]:
        """Settle and reverse; give the answers in order. Each message takes effect at most once, wholly or not at all.

        Messages are decided in groups of one transaction each. Where the database refuses a group, its messages are
        decided one by one. Raises OutcomeUnknownError when the database fails while it commits.
        """
        answers: dict[int, Answer] = {}
        waiting = list(range(len(messages)))
        while waiting:
            found = self._group([messages[place] for place in waiting])
            answers |= {waiting[place]: answer for place, answer in found.items()}
            waiting = [place for place in waiting if place not in answers]
        return [answers[place] for place in range(len(messages))]

    def _group(self, messages: Sequence[Message]) -> dict[int, Answer]:
        try:
            return self._transaction(messages)
        except OutcomeUnknownError:
            raise
        except Exception as failure:
            if len(messages) == 1:
                return {0: Answer("failed", refused_body("NOT_DONE", ()), cause=failure)}
            return {place: self._group([message])[0] for place, message in enumerate(messages)}

    def _transaction(self, messages: Sequence[Message]) -> dict[int, Answer]:
        answers = self._database.transact(lambda connection: run_group(connection, self._tools, messages))
        self._tools.world.reached("committed")
        return answers

    def preview(self, principal: Principal, request: ClaimRequest) -> Answer:
        """Say what a settlement would come to now. Nothing is changed, locked or remembered."""
        tools = self._tools
        with self._database.read() as connection:
            blind = blind_of(tools.keyring, request.person_id)
            person = books.persons(connection, [blind]).get(blind)
            if person is None:
                return _not_settled(Mistake("PERSON_UNKNOWN", "/person_id"))
            day = book_day(tools.world.now_ms())
            own = replace(request, person_id=person.person_key)
            case = Case(own, principal.institution, person.spans, day)
            receipt = (principal.institution, request.visit_id, request.receipt_id)
            stands = journal.standing(connection, [receipt])
            if stands:
                return _not_settled(Mistake("DUPLICATE_RECEIPT", "/receipt_id", fields={"by": stands[receipt]}))
            head = books.heads_of(connection, [person.person_key])[person.person_key]
            opening = counters.read_counters(connection, tools.adjudicator.holders(case))
        (verdict,) = tools.adjudicator.judge([case], opening)
        if not isinstance(verdict, Judgement):
            return _not_settled(*verdict)
        return Answer("done", preview_body(head.person_seq, verdict.figures, request.lines))

    def find(self, principal: Principal, message_id: str) -> Answer | None:
        """Give what a message of the principal's institution was answered; None where it never came."""
        key = (principal.institution, message_id)
        with self._database.read() as connection:
            found = journal.answered(connection, [key]).get(key)
        if found is None:
            return None
        row, sent = found
        return Answer("refused" if row.outcome == "void" else row.outcome, sent, replayed=True)

    def settlement(self, principal: Principal, settlement_id: str) -> bytes | None:
        """Give the answer that a settlement or reversal was given; None where it is not there, or another's."""
        with self._database.read() as connection:
            row = journal.row_by_settlement(connection, settlement_id, principal.sees)
        if row is None:
            return None
        return row.answer if principal.role is not Role.INSTITUTION else _without_others(row)

    def history(self, principal: Principal, settlement_id: str) -> bytes | None:
        """Give all rows of the settlement that a row is about, and whether it counts; None as for `settlement`."""
        with self._database.read() as connection:
            named = journal.row_by_settlement(connection, settlement_id, principal.sees)
            if named is None or named.kind in BALANCES:
                return None
            rows = journal.life_of(connection, named.origin_seq)
            entries = journal.entries_of_rows(connection, [row.seq for row in rows])
        listed = [history_row(row, entries[row.seq]) for row in rows]
        return orjson.dumps({"settlement": rows[0].settlement_id, "in_force": len(rows) % 2 == 1, "rows": listed})

    def subject(self, number: str) -> str:
        """Give the keyed digest of a person's number, by which an audit names the person."""
        return blind_of(self._tools.keyring, number)

    def accounts(self, number: str) -> bytes | None:
        """Give the counters of a person and where the chain stands; None for a person who is not known."""
        blind = blind_of(self._tools.keyring, number)
        with self._database.read() as connection:
            key = books.known_persons(connection, [blind]).get(blind)
            if key is None:
                return None
            head = books.heads_of(connection, [key])[key]
            own = counters.read_counters(connection, [key])[key]
        listed = [
            {"plan": plan, "counter": name, "keys": keys, "period": period, "value": value}
            for (_, plan, name, keys, period), value in sorted(own.items())
            if value
        ]
        return orjson.dumps({"person_seq": head.person_seq, "counters": listed})

    def put_cover(self, rows: Sequence[Mapping[str, str]]) -> Loaded:
        """Put spans of cover in the place of what was known of their persons. Raises RequestError."""
        return put_cover(self._database, rows, self._tools.keyring, self._tools.world)

    def put_institutions(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Add institutions, or change their names and places."""
        with self._database.write(patient=True) as connection:
            books.put_institutions(connection, rows)


def _not_settled(*refusals: Mistake) -> Answer:
    return Answer("refused", refused_body("NOT_SETTLED", refusals))


def _without_others(row: JournalRow) -> bytes:
    """Give the answer of a row as its institution may see it: a cascade may have touched settlements of others."""
    body = orjson.loads(row.answer)
    if "adjusted" not in body:
        return row.answer
    own = [one for one in body["adjusted"] if one["institution"] == row.institution]
    return orjson.dumps(body | {"adjusted": own})
