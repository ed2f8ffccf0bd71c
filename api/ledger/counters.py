"""Counters of holders: what stands open for a settlement, and what it leaves.

In a journal row they are the canonical JSON of `[holder, plan, counter, keys, period, value]`, sorted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import orjson
from sqlalchemy import Connection, bindparam, select

from adjudicator.accounts import Accounts
from api.ledger.database.statements import insert_or_set, padded
from api.ledger.schema import counter

Place = tuple[str, str, str, str, int]
"""holder, plan, counter, keys, period"""

Counters = dict[Place, int]
"""Values by place. A place that was ever written stays, at 0 too: that a later row has read it matters."""


_OF_HOLDERS = select(counter).where(counter.c.holder_key.in_(bindparam("holders", expanding=True)))
"""Built once: every transaction asks it."""


def read_counters(connection: Connection, holders: Collection[str]) -> dict[str, Counters]:
    """Give the counters of some holders, by holder; empty for one that has none."""
    found: dict[str, Counters] = {holder: {} for holder in holders}
    for row in connection.execute(_OF_HOLDERS, {"holders": padded(holders)}) if holders else ():
        holder, plan, name, keys, period, value = row
        found[holder][(holder, plan, name, keys, period)] = value
    return found


def write_counters(connection: Connection, changed: Mapping[Place, int]) -> None:
    """Set the values of some places."""
    insert_or_set(connection, counter, [(*place, value) for place, value in changed.items()])


def pack(counters: Mapping[Place, int]) -> bytes:
    """Write counters as a journal row keeps them."""
    return orjson.dumps([[*place, counters[place]] for place in sorted(counters)])


def unpack(body: bytes) -> Counters:
    """Read counters of a journal row."""
    return {(holder, plan, name, keys, period): value for holder, plan, name, keys, period, value in orjson.loads(body)}


def accounts_of(counters: Iterable[Mapping[Place, int]]) -> Accounts:
    """Give counters as the kernel takes them; it knows no zeros."""
    entries = [
        (plan, holder, name, keys, period, value)
        for some in counters
        for (holder, plan, name, keys, period), value in some.items()
        if value
    ]
    return Accounts.of(entries)


def counters_of(accounts: Accounts) -> dict[str, Counters]:
    """Give the kernel's accounts as counters by holder."""
    found: dict[str, Counters] = {}
    for plan, holder, name, keys, period, value in accounts.entries():
        found.setdefault(holder, {})[(holder, plan, name, keys, period)] = value
    return found


def changes(opening: Mapping[Place, int], closing: Mapping[Place, int]) -> Counters:
    """Give the places whose value differs, with the value they close at."""
    places = opening.keys() | closing.keys()
    return {place: closing.get(place, 0) for place in places if opening.get(place, 0) != closing.get(place, 0)}


def undone(opening: Mapping[Place, int], closing: Mapping[Place, int], now: Mapping[Place, int]) -> Counters:
    """Give the values of `now` less what a row added: it changed `closing` from what stood in `opening`."""
    return {place: now.get(place, 0) - (value - opening.get(place, 0)) for place, value in closing.items()}


def shared(counters: Sequence[Mapping[Place, int]]) -> frozenset[Place]:
    """Give all places that some counters have."""
    return frozenset(place for some in counters for place in some)
