"""A disk that remembers everything SQLite asks of it, and what it may hold when the power fails at any moment.

What was synced stays. Of what was written, cut off or created since, any part may be there: a write wholly, not at all,
or some of its sectors, in any order. A file whose removal was not followed by a sync of its folder may be back.
Not modelled: disks that say they have synced and have not, and bits that turn.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

SECTOR = 512
Deed = Literal["write", "truncate", "sync", "delete", "delete_synced"]
NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing asked of the disk. at: offset of a write, size after a truncation."""

    deed: Deed
    file: str
    at: int = 0
    data: bytes = b""


class Recorder(apsw.VFS):
    """The file system of the machine, with a record of what the named files of SQLite are asked."""

    def __init__(self) -> None:
        self.name, self.events = f"recorder{next(NUMBERS)}", list[Event]()
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 (apsw calls it)
        return _File(name, flags, self.events)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.events.append(Event("delete_synced" if syncdir else "delete", Path(filename).name))


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], events: list[Event]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name, self._events = Path(path).name if path else "", events

    def _note(self, deed: Deed, at: int = 0, data: bytes = b"") -> None:
        if self._name:  # temporary files have none, and nobody misses them
            self._events.append(Event(deed, self._name, at, data))

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._note("write", offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._note("truncate", newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._note("sync")


@dataclass
class _Inode:
    """A file on the disk: what is safe, what was asked since, and whether its name in the folder is safe."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Event] = field(default_factory=list)
    named: bool = False


@dataclass
class Disk:
    """What a disk holds for sure, and what it may or may not hold, after some events."""

    files: dict[str, _Inode] = field(default_factory=dict)
    removed: dict[str, _Inode] = field(default_factory=dict)
    """Files whose removal is not yet safe."""

    def take(self, event: Event) -> None:
        """Do what SQLite asked."""
        if event.deed in ("delete", "delete_synced"):
            gone = self.files.pop(event.file, None)
            self.removed = {} if event.deed == "delete_synced" else self.removed
            if gone is not None and gone.named and event.deed == "delete":
                self.removed[event.file] = gone
            return
        inode = self.files.setdefault(event.file, _Inode())
        if event.deed != "sync":
            inode.since.append(event)
            return
        for earlier in inode.since:
            _apply(inode.safe, earlier)
        inode.since.clear()
        if not inode.named:  # with a new file SQLite's own file system syncs the folder
            inode.named, self.removed = True, {}

    def image(self, chance: random.Random) -> dict[str, bytes]:
        """Give what may be found after the power has failed now."""
        kept = chance.choice((0.0, 0.3, 0.7, 1.0))
        found = {name: _survivors(inode, kept, chance) for name, inode in self.removed.items() if chance.random() < 0.5}
        for name, inode in self.files.items():
            if inode.named or chance.random() < 0.5:
                found[name] = _survivors(inode, kept, chance)
        return found


def _survivors(inode: _Inode, kept: float, chance: random.Random) -> bytes:
    body = bytearray(inode.safe)
    for event in inode.since:
        if chance.random() < kept:
            _apply(body, event)
        elif event.deed == "write" and kept and chance.random() < 0.5:
            for sector in _sectors(event):
                if chance.random() < 0.5:
                    _apply(body, sector)
    return bytes(body)


def _sectors(event: Event) -> Iterator[Event]:
    at, end = event.at, event.at + len(event.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        yield Event("write", event.file, at, event.data[at - event.at : upto - event.at])
        at = upto


def _apply(body: bytearray, event: Event) -> None:
    if event.deed == "truncate":
        body[event.at :] = bytes(max(0, event.at - len(body)))
        return
    if len(body) < event.at:
        body.extend(bytes(event.at - len(body)))
    body[event.at : event.at + len(event.data)] = event.data


def images(
    events: Iterable[Event], moments: Iterable[int], chance: random.Random
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Give an image for each moment (a number of events that were asked before), in order."""
    disk, done, events = Disk(), 0, list(events)
    for moment in sorted(moments):
        for event in events[done:moment]:
            disk.take(event)
        done = moment
        yield moment, disk.image(chance)
