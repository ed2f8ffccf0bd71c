"""Balances from files: counters as `adjudicator settle` writes them, credits as a table of persons, plans and yuan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.failures import CannotRunError
from api.output.accounts import read_accounts
from api.service.balances import Balanced, Balances, Counted, Credit, Opening, UnknownError
from api.wire.values import AMOUNT_DECIMALS, AMOUNT_FORM, units

DEPOSIT_HEADINGS = ("person_id", "plan", "amount")
FIRST_LINE = 2


def open_file(balances: Balances, path: Path, name: str) -> Balanced:
    """Post the counters of an accounts file; what cannot be posted is told by line. Raises CannotRunError."""
    accounts = read_accounts(path)
    texts = (column.decode() for column in (accounts.plan, accounts.holder, accounts.counter, accounts.keys))
    rows = zip(*texts, accounts.period.tolist(), accounts.value.tolist(), strict=True)
    found: dict[str, tuple[list[int], list[Counted]]] = {}
    for line, (plan, holder, counter, keys, period, value) in enumerate(rows, FIRST_LINE):
        lines, counters = found.setdefault(str(holder), ([], []))
        lines.append(line)
        counters.append((str(plan), str(counter), str(keys), period, value))
    try:
        done = balances.open([Opening(holder, tuple(own)) for holder, (_, own) in found.items()], name)
    except UnknownError as unknown:
        raise _unknown(unknown, path, [lines for lines, _ in found.values()]) from None
    return _by_line(done, [lines[0] for lines, _ in found.values()])


def deposit_file(balances: Balances, path: Path, name: str) -> Balanced:
    """Post the credits of a file; what cannot be posted is told by line. Raises CannotRunError."""
    heading, *rows = path.read_text(encoding="utf-8-sig").splitlines() or [""]
    if tuple(heading.split(",")) != DEPOSIT_HEADINGS:
        raise CannotRunError("BALANCE_NOT_READ", path=path, line=1, expected=",".join(DEPOSIT_HEADINGS))
    credits = [_credit(path, line, row) for line, row in enumerate(rows, FIRST_LINE)]
    lines = range(FIRST_LINE, FIRST_LINE + len(rows))
    try:
        return _by_line(balances.deposit(credits, name), lines)
    except UnknownError as unknown:
        raise _unknown(unknown, path, [[line] for line in lines]) from None


def _credit(path: Path, line: int, row: str) -> Credit:
    cells = [cell.strip() for cell in row.split(",")]
    if len(cells) != len(DEPOSIT_HEADINGS) or not AMOUNT_FORM.matches(cells[-1]):
        raise CannotRunError("BALANCE_NOT_READ", path=path, line=line, expected="S0000001,PLAN,120.50")
    return Credit(cells[0], cells[1], units(cells[2], AMOUNT_DECIMALS))


def _by_line(done: Balanced, lines: Sequence[int]) -> Balanced:
    return Balanced(done.posted, done.before, [(lines[place], outcome) for place, outcome in done.refused])


def _unknown(unknown: UnknownError, path: Path, lines: Sequence[Sequence[int]]) -> CannotRunError:
    """Name the first of what is unknown. lines: of each balance, those of its counters."""
    for (place, number), counter in unknown.counters.items():
        return CannotRunError("BALANCE_COUNTER_UNKNOWN", path=path, line=lines[place][number], counter=counter)
    first = lines[unknown.persons[0]][0]
    return CannotRunError("BALANCE_PERSON_UNKNOWN", path=path, count=len(unknown.persons), line=first)
