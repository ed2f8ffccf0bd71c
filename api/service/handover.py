"""The file in which a key is handed to who signs with it: made by `adjudicator ledger key add`, for its owner alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from api.failures import CannotRunError
from api.service.requests import Principal, Role
from api.wire.signing import Credential
from api.wire.values import Identifier


class _Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key_id: Identifier
    role: Role
    institution: str = ""
    algorithm: Literal["hmac-sha256", "hmac-sm3"] = "hmac-sha256"
    secret: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$")]


_KEYS = TypeAdapter(list[_Key])


@contextmanager
def handed_over(path: Path) -> Iterator[Callable[[Credential], None]]:
    """Make the file that a key is handed over in, for its owner alone, before the key is kept anywhere; give what
    writes the key to it. Raises FileExistsError where there is a file; one that was not written is taken away."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield lambda credential: _write(file, credential)
    except BaseException:
        path.unlink()
        raise


def _write(file: IO[bytes], credential: Credential) -> None:
    principal = credential.principal
    key = _Key(
        key_id=principal.key_id,
        role=principal.role,
        institution=principal.institution,
        algorithm=credential.algorithm,  # type: ignore[arg-type]
        secret=credential.secret.hex(),
    )
    file.write(orjson.dumps([key.model_dump(mode="json")], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    file.flush()
    os.fsync(file.fileno())


def read_credentials(path: Path) -> dict[str, Credential]:
    """Read a file of keys, by key id. Raises CannotRunError, which shows nothing of what the file holds."""
    try:
        listed = _KEYS.validate_json(path.read_bytes())
    except ValidationError as error:
        places = ", ".join(".".join(map(str, found["loc"])) for found in error.errors(include_input=False))
        raise CannotRunError("CREDENTIALS_NOT_READ", path=path, problem=places or "JSON") from None
    return {
        key.key_id: Credential(
            Principal(key.key_id, key.institution, key.role), key.algorithm, bytes.fromhex(key.secret)
        )
        for key in listed
    }
