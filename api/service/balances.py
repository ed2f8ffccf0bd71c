"""Balances that no settlement made: counters carried in from an older system (OPEN), credits of the personal account
(DEPOSIT). Each is a message of the agency, so what broke off is given again under the same name and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection

from adjudicator import Rulebook
from adjudicator.errors import AdjudicatorError
from api.ledger import books, counters, journal
from api.ledger.chain import sha256
from api.ledger.counters import Counters
from api.ledger.database import Database
from api.ledger.periods import last_closed
from api.ledger.rows import RequestRow
from api.output.tables import ACCOUNT
from api.service.adjudication import Adjudicator
from api.service.lives import in_force, touches
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.recording import Recorder
from api.service.requests import BalanceRequest, DepositRequest, Message, OpenRequest, Principal, Role
from api.service.work import Asked, blind_of, standing_answer
from api.service.world import World
from api.wire.canonical import canonical
from api.wire.identity import Keyring

CONSOLE = Principal("console", "", Role.OPERATOR)
"""Who loads balances, from wherever they come: the agency."""

HOLDERS_AT_ONCE = 200
"""Rows of one transaction."""

Counted = tuple[str, str, str, int, int]
"""plan, counter, keys, period, value"""


@dataclass(frozen=True, slots=True)
class Opening:
    """Counters of a holder as an older system left them. holder: number of a person, or another, as `household:H1`."""

    holder: str
    counters: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """What is paid into a personal account of a plan; below zero: taken back."""

    person_id: str
    plan: str
    fen: int


class UnknownError(AdjudicatorError):
    """Balances name what is not there, and none is posted.

    persons: places, among the balances given, of those whose person is not insured here. counters: place of the balance
    and of the counter in it, with what no plan has.
    """

    def __init__(self, persons: Sequence[int], counters: Mapping[tuple[int, int], str]) -> None:
        super().__init__(f"{len(persons)} persons, {len(counters)} counters")
        self.persons, self.counters = persons, counters


class Outcome(StrEnum):
    """What became of a balance."""

    POSTED = "posted"
    BEFORE = "before"  # it was posted under this name before
    NAME_USED = "name_used"  # under this name something else was posted for the holder
    BELOW_ZERO = "below_zero"  # the balance would fall below zero
    BUILT_ON = "built_on"  # settlements in force have used the counters


DONE = frozenset({Outcome.POSTED, Outcome.BEFORE})


@dataclass(slots=True)
class Balanced:
    """What became of balances. refused: place, the first one of a holder, and why it cannot be posted."""

    posted: int = 0
    before: int = 0
    refused: list[tuple[int, Outcome]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Balances:
    """Posts balances to one ledger."""

    database: Database
    adjudicator: Adjudicator
    provenance: Provenance
    keyring: Keyring
    world: World

    def open(self, openings: Sequence[Opening], name: str) -> Balanced:
        """Post counters, one row a holder. Raises UnknownError."""
        programs = self.adjudicator.rulebook.programs
        counted = {(program.name, rule.name) for program in programs for rule in program.counters}
        unknown = {
            (place, number): f"{plan} {counter}"
            for place, one in enumerate(openings)
            for number, (plan, counter, *_) in enumerate(one.counters)
            if (plan, counter) not in counted
        }
        known = self._known({place: one.holder for place, one in enumerate(openings) if ":" not in one.holder}, unknown)
        found: dict[str, tuple[int, list[Counted]]] = {}
        for place, one in enumerate(openings):
            found.setdefault(known.get(one.holder, one.holder), (place, []))[1].extend(one.counters)
        return self._post([(place, OpenRequest(holder, tuple(own))) for holder, (place, own) in found.items()], name)

    def deposit(self, credits: Sequence[Credit], name: str) -> Balanced:
        """Post credits, one row a person and plan. Raises UnknownError."""
        of_plan = account_counters(self.adjudicator.rulebook)
        unknown = {(place, 0): one.plan for place, one in enumerate(credits) if one.plan not in of_plan}
        known = self._known({place: one.person_id for place, one in enumerate(credits)}, unknown)
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for place, one in enumerate(credits):
            first, before = found.get((known[one.person_id], one.plan), (place, 0))
            found[known[one.person_id], one.plan] = first, before + one.fen
        requests: list[tuple[int, BalanceRequest]] = [
            (place, DepositRequest(person, plan, of_plan[plan], fen))
            for (person, plan), (place, fen) in found.items()
            if fen
        ]
        return self._post(requests, name)

    def _known(self, numbers: Mapping[int, str], counters: Mapping[tuple[int, int], str]) -> dict[str, str]:
        """Give the keys of persons by number. counters: those that no plan has. Raises UnknownError where any is."""
        blinds = {number: blind_of(self.keyring, number) for number in numbers.values()}
        with self.database.read() as connection:
            known = books.known_persons(connection, list(blinds.values()))
        missing = [place for place, number in numbers.items() if blinds[number] not in known]
        if missing or counters:
            raise UnknownError(missing, counters)
        return {number: known[blind] for number, blind in blinds.items()}

    def _post(self, requests: Sequence[tuple[int, BalanceRequest]], name: str) -> Balanced:
        """Post rows, each at most once under a name; no transaction has two of one holder."""
        done = Balanced()
        left = requests
        while left:
            chosen: dict[str, tuple[int, BalanceRequest]] = {}
            later = []
            for place, request in left:
                if len(chosen) == HOLDERS_AT_ONCE or request.holder in chosen:
                    later.append((place, request))
                else:
                    chosen[request.holder] = place, request
            asked = {place: _asked(request, name) for place, request in chosen.values()}
            said = self.database.transact(partial(self._transaction, asked=asked))
            self.world.reached("committed")
            counted = Counter(said.values())
            done.posted += counted[Outcome.POSTED]
            done.before += counted[Outcome.BEFORE]
            done.refused += [(place, found) for place, found in said.items() if found not in DONE]
            left = later
        return done

    def _transaction(self, connection: Connection, asked: dict[int, Asked]) -> dict[int, Outcome]:
        """Post some rows; give what became of each, by place."""
        holders = {_request(one).holder for one in asked.values()}
        heads = books.lock_holders(connection, holders)
        self.world.reached("locked")
        answered = journal.answered(connection, [one.key for one in asked.values()])
        standing = counters.read_counters(connection, holders)
        now = self.world.now_ms()
        posting = Posting(journal.take_seqs(connection, len(asked)), heads)
        recorder = Recorder(self.adjudicator, self.provenance, self.world, posting, now, last_closed(connection))
        (cover,) = books.keep_content(connection, "cover", [b"[]"])
        said: dict[int, Outcome] = {}
        for place, one in asked.items():
            request = _request(one)
            if one.key in answered:
                conflict = standing_answer(one, *answered[one.key]).outcome == "conflict"
                said[place] = Outcome.NAME_USED if conflict else Outcome.BEFORE
                continue
            opening, closing = change(request, standing[request.holder])
            said[place] = self._outcome(connection, request, closing)
            if said[place] is not Outcome.POSTED:
                continue
            row = recorder.balance(one, request, cover, opening, closing, self._entries(request, opening, closing))
            posting.remember(RequestRow(*one.key, one.kind, one.digest, "done", row.seq, None, now))
        posting.write(connection)
        self.world.reached("written")
        return said

    def _outcome(self, connection: Connection, request: BalanceRequest, closing: Counters) -> Outcome:
        if min(closing.values()) < 0:
            return Outcome.BELOW_ZERO
        if isinstance(request, OpenRequest):
            rows = in_force(connection, journal.rows_of_holders_after(connection, [request.holder], 0))
            if any(touches(row, set(closing)) for row in rows):
                return Outcome.BUILT_ON
        return Outcome.POSTED

    def _entries(self, request: BalanceRequest, opening: Counters, closing: Counters) -> list[tuple[str, int]]:
        """Give the double entry: what is on the account is owed to the person; what else is counted is no money."""
        of_plan = account_counters(self.adjudicator.rulebook)
        added = sum(value - opening[place] for place, value in closing.items() if of_plan.get(place[1]) == place[2])
        source = "opening:person" if isinstance(request, OpenRequest) else "deposit:person"
        return [(source, added), ("account:person", -added)] if added else []


def change(request: BalanceRequest, standing: Counters) -> tuple[Counters, Counters]:
    """Give the counters a balance is about, as they stand and as it leaves them."""
    if isinstance(request, OpenRequest):
        closing = {
            (request.holder, plan, counter, keys, period): value
            for plan, counter, keys, period, value in request.counters
        }
    else:
        place = (request.holder, request.plan, request.counter, "", 0)
        closing = {place: standing.get(place, 0) + request.amount_fen}
    return {place: standing.get(place, 0) for place in closing}, closing


def account_counters(rulebook: Rulebook) -> dict[str, str]:
    """Give, by plan, the counter that is the balance of the personal account: what that pays is taken from it."""
    found = {}
    for program in rulebook.programs:
        paid = {f"{layer.name}.paid" for layer in program.layers if layer.fund == ACCOUNT}
        for rule in program.counters:
            if paid & {amount for amount, _ in rule.adds}:
                found[program.name] = rule.name
    return found


def _asked(request: BalanceRequest, name: str) -> Asked:
    plan = f"/{request.plan}" if isinstance(request, DepositRequest) else ""
    form = canonical(request)
    return Asked(Message(CONSOLE, f"{name}/{request.holder}{plan}", request), form, sha256(form))


def _request(asked: Asked) -> BalanceRequest:
    request = asked.message.request
    assert isinstance(request, OpenRequest | DepositRequest)
    return request
