"""Balances that no settlement made: counters carried in from an older system (OPEN), credits of the personal account
(DEPOSIT). Each row of a file is a message of the agency, so a file that broke off is given again and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from adjudicator import Accounts, Rulebook
from adjudicator.accounts import Entry
from api.failures import CannotRunError
from api.ledger import books, counters, journal
from api.ledger.chain import sha256
from api.ledger.counters import Counters
from api.ledger.database import Database
from api.ledger.periods import last_closed
from api.ledger.rows import RequestRow
from api.output.accounts import read_accounts
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
from api.wire.values import AMOUNT_DECIMALS, AMOUNT_FORM, units

CONSOLE = Principal("console", "", Role.OPERATOR)
"""Who loads balances: the agency, at its own machine."""

HOLDERS_AT_ONCE = 200
"""Rows of one transaction."""

DEPOSIT_HEADINGS = ("person_id", "plan", "amount")


class Outcome(StrEnum):
    """What became of a row."""

    POSTED = "posted"
    BEFORE = "before"  # it was posted under this name before
    NAME_USED = "name_used"  # under this name something else was posted for the holder
    BELOW_ZERO = "below_zero"  # the balance would fall below zero
    BUILT_ON = "built_on"  # settlements in force have used the counters


DONE = frozenset({Outcome.POSTED, Outcome.BEFORE})


@dataclass(slots=True)
class Balanced:
    """What became of a file. refused: line of the file, the first one of a holder, and why it cannot be posted."""

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

    def open(self, path: Path, name: str) -> Balanced:
        """Post the counters of an accounts file, one row a holder. Raises CannotRunError where one is unknown."""
        entries = list(_entries(read_accounts(path)))
        known = self._known(path, [holder for _, holder, *_ in entries if ":" not in holder])
        programs = self.adjudicator.rulebook.programs
        counted = {(program.name, rule.name) for program in programs for rule in program.counters}
        found: dict[str, tuple[int, list[tuple[str, str, str, int, int]]]] = {}
        for line, (plan, holder, counter, keys, period, value) in enumerate(entries, 2):
            if (plan, counter) not in counted:
                raise CannotRunError("BALANCE_COUNTER_UNKNOWN", path=path, line=line, counter=f"{plan} {counter}")
            found.setdefault(known.get(holder, holder), (line, []))[1].append((plan, counter, keys, period, value))
        return self._post([(line, OpenRequest(holder, tuple(own))) for holder, (line, own) in found.items()], name)

    def deposit(self, path: Path, name: str) -> Balanced:
        """Post the credits of a file, one row a person and plan. Raises CannotRunError for a mistake."""
        lines = list(_deposits(path))
        known = self._known(path, [number for number, _, _ in lines])
        of_plan = account_counters(self.adjudicator.rulebook)
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for line, (number, plan, fen) in enumerate(lines, 2):
            if plan not in of_plan:
                raise CannotRunError("BALANCE_COUNTER_UNKNOWN", path=path, line=line, counter=plan)
            first, before = found.get((known[number], plan), (line, 0))
            found[known[number], plan] = first, before + fen
        requests: list[tuple[int, BalanceRequest]] = [
            (line, DepositRequest(person, plan, of_plan[plan], fen))
            for (person, plan), (line, fen) in found.items()
            if fen
        ]
        return self._post(requests, name)

    def _known(self, path: Path, numbers: Sequence[str]) -> dict[str, str]:
        blinds = {number: blind_of(self.keyring, number) for number in numbers}
        with self.database.read() as connection:
            known = books.known_persons(connection, list(blinds.values()))
        missing = [place for place, number in enumerate(blinds, 1) if blinds[number] not in known]
        if missing:
            raise CannotRunError("BALANCE_PERSON_UNKNOWN", path=path, count=len(missing), first=missing[0])
        return {number: known[blind] for number, blind in blinds.items()}

    def _post(self, requests: Sequence[tuple[int, BalanceRequest]], name: str) -> Balanced:
        """Post rows, each at most once under a name; no transaction has two of one holder."""
        done = Balanced()
        left = requests
        while left:
            chosen: dict[str, tuple[int, BalanceRequest]] = {}
            later = []
            for line, request in left:
                if len(chosen) == HOLDERS_AT_ONCE or request.holder in chosen:
                    later.append((line, request))
                else:
                    chosen[request.holder] = line, request
            asked = {line: _asked(request, name) for line, request in chosen.values()}
            said = self.database.transact(partial(self._transaction, asked=asked))
            self.world.reached("committed")
            counted = Counter(said.values())
            done.posted += counted[Outcome.POSTED]
            done.before += counted[Outcome.BEFORE]
            done.refused += [(line, found) for line, found in said.items() if found not in DONE]
            left = later
        return done

    def _transaction(self, connection: Connection, asked: dict[int, Asked]) -> dict[int, Outcome]:
        """Post some rows; give what became of each, by line."""
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
        for line, one in asked.items():
            request = _request(one)
            if one.key in answered:
                conflict = standing_answer(one, *answered[one.key]).outcome == "conflict"
                said[line] = Outcome.NAME_USED if conflict else Outcome.BEFORE
                continue
            opening, closing = change(request, standing[request.holder])
            said[line] = self._outcome(connection, request, closing)
            if said[line] is not Outcome.POSTED:
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


def _entries(accounts: Accounts) -> Iterator[Entry]:
    """Give the entries of accounts in the order of their file."""
    texts = (column.decode() for column in (accounts.plan, accounts.holder, accounts.counter, accounts.keys))
    rows = zip(*texts, accounts.period.tolist(), accounts.value.tolist(), strict=True)
    for plan, holder, counter, keys, period, value in rows:
        yield str(plan), str(holder), str(counter), str(keys), period, value


def _asked(request: BalanceRequest, name: str) -> Asked:
    plan = f"/{request.plan}" if isinstance(request, DepositRequest) else ""
    form = canonical(request)
    return Asked(Message(CONSOLE, f"{name}/{request.holder}{plan}", request), form, sha256(form))


def _request(asked: Asked) -> BalanceRequest:
    request = asked.message.request
    assert isinstance(request, OpenRequest | DepositRequest)
    return request


def _deposits(path: Path) -> Iterator[tuple[str, str, int]]:
    """Read a file of credits: number, plan, fen. Raises CannotRunError that names the line."""
    heading, *lines = path.read_text(encoding="utf-8-sig").splitlines() or [""]
    if tuple(heading.split(",")) != DEPOSIT_HEADINGS:
        raise CannotRunError("BALANCE_NOT_READ", path=path, line=1, expected=",".join(DEPOSIT_HEADINGS))
    for number, line in enumerate(lines, 2):
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(DEPOSIT_HEADINGS) or not AMOUNT_FORM.matches(cells[-1]):
            raise CannotRunError("BALANCE_NOT_READ", path=path, line=number, expected="S0000001,PLAN,120.50")
        yield cells[0], cells[1], units(cells[2], AMOUNT_DECIMALS)
