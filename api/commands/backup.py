"""`adjudicator backup` and `adjudicator restore`: a whole ledger as one file, and back, proved there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from api.commands.ledger import open_ledger
from api.commands.verify import anchor_of, prove
from api.ledger.backup import copy_sqlite, restore_archive, write_archive
from api.ledger.database import new_database
from api.service.world import SystemWorld
from api.terminal import Terminal

FINE = 0


def back_up(url: str, out: Path, copy: bool, terminal: Terminal) -> int:
    """Write an archive, or with `copy` the file of a ledger on SQLite; print the anchor."""
    with closing(open_ledger(url)) as database, terminal.progress() as progress:
        progress("STAGE_BACKUP")
        written = (copy_sqlite if copy else write_archive)(database, out, SystemWorld().now_ms())
    anchor = _text(written.anchor)
    rows, size = sum(written.counts.values()), out.stat().st_size
    terminal.print(terminal.say("BACKUP_WRITTEN", path=out, bytes=f"{size:,}", anchor=anchor or "-"), soft_wrap=True)
    terminal.write_json({"file": str(out), "bytes": size, "rows": rows, "anchor": anchor})
    return FINE


def restore(
    path: Path, url: str, anchor: str, plans: tuple[Path, ...], catalogs: Path | None, terminal: Terminal
) -> int:
    """Fill an empty database from an archive and prove it. Gives 1 when anything is wrong with what is there then."""
    kept = anchor_of(anchor)
    path.open("rb").close()
    with new_database(url) as database, terminal.progress() as progress:
        progress("STAGE_RESTORE")
        restored = restore_archive(database, path)
    return prove(url, plans, catalogs, kept or restored.anchor, terminal)


def _text(anchor: tuple[int, str] | None) -> str | None:
    return f"{anchor[0]}:{anchor[1]}" if anchor else None
