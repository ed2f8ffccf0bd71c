"""`adjudicator ledger key add | disable | list`: the keys that sign requests."""

from __future__ import annotations

import getpass
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from api.commands.ledger import open_ledger
from api.failures import CannotRunError
from api.service.days import day_start, moment_text
from api.service.handover import handed_over
from api.service.keys import read_keys
from api.service.loading import check_keys
from api.service.requests import Principal, Role
from api.service.signers import NewKey, add_key, disable_key, list_keys, standing
from api.service.verifiers import installed_verifiers
from api.service.world import SystemWorld
from api.terminal import Terminal
from api.wire.signing import ALGORITHMS
from api.wire.values import ID


@dataclass(frozen=True, slots=True)
class Asked:
    """A key as it is asked for on the command line; days as YYYY-MM-DD, empty where they are not said.

    out: where a secret is written to; public_key: file of the key of who signs, for algorithms that are not built in.
    """

    key_id: str
    role: str
    institution: str
    algorithm: str
    first: str
    until: str
    out: Path | None
    public_key: Path | None


def add(url: str, keys: Path, asked: Asked, terminal: Terminal) -> int:
    """Keep a key: one that is made here and written to a file, or the public one of who signs."""
    if not ID.fullmatch(asked.key_id):
        raise CannotRunError("KEY_ID_NOT_READ", key=asked.key_id)
    if bool(asked.institution) != (asked.role == Role.INSTITUTION):
        raise CannotRunError("KEY_ROLE_AND_INSTITUTION")
    known, out = installed_verifiers(), asked.out
    if asked.algorithm not in known:
        raise CannotRunError("KEY_ALGORITHM_UNKNOWN", found=asked.algorithm, known=", ".join(sorted(known)))
    if (out is None) == (asked.algorithm in ALGORITHMS) or (out is None) != (asked.public_key is not None):
        raise CannotRunError("KEY_FILE_WHICH", algorithm=asked.algorithm)
    public_key = asked.public_key.read_bytes() if asked.public_key else None
    keyring, world = read_keys(keys), SystemWorld()
    principal = Principal(asked.key_id, asked.institution, Role(asked.role))
    first = day_start(asked.first) if asked.first else world.now_ms()
    until = day_start(asked.until) if asked.until else None
    new = NewKey(principal, asked.algorithm, first, until, public_key)
    if out is not None and out.exists():
        raise CannotRunError("KEY_FILE_THERE", path=out)
    with closing(open_ledger(url)) as database:
        check_keys(database, keyring, keys)
        if out is None:
            add_key(database, keyring, world, actor(), new)
        else:
            with handed_over(out) as write:
                write(add_key(database, keyring, world, actor(), new))
    if out is None:
        terminal.print(terminal.say("KEY_OF_SIGNER_ADDED", key=asked.key_id), soft_wrap=True)
        terminal.write_json({"key_id": asked.key_id})
        return 0
    terminal.print(terminal.say("KEY_ADDED", key=asked.key_id, out=out), soft_wrap=True)
    terminal.write_json({"key_id": asked.key_id, "file": str(out)})
    return 0


def disable(url: str, key_id: str, terminal: Terminal) -> int:
    """Take a key away."""
    with closing(open_ledger(url)) as database:
        disable_key(database, SystemWorld(), actor(), key_id)
    terminal.print(terminal.say("KEY_DISABLED", key=key_id), soft_wrap=True)
    terminal.write_json({"key_id": key_id})
    return 0


def list_all(url: str, terminal: Terminal) -> int:
    """Print every key with how it stands."""
    now = SystemWorld().now_ms()
    with closing(open_ledger(url)) as database:
        rows = list_keys(database)
    listed = [
        {
            "key_id": row.key_id,
            "standing": standing(row, now),
            "role": row.role,
            "institution": row.institution,
            "algorithm": row.algorithm,
            "valid_from": moment_text(row.valid_from),
            "valid_until": moment_text(row.valid_until) if row.valid_until is not None else "",
            "disabled_at": moment_text(row.disabled_at) if row.disabled_at is not None else "",
        }
        for row in rows
    ]
    for said in listed:
        terminal.print("  ".join(filter(None, said.values())), markup=False, soft_wrap=True)
    terminal.write_json({"keys": listed})
    return 0


def actor() -> str:
    """Name who runs a command, for the audit."""
    return f"command:{getpass.getuser()}"
