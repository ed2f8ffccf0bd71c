"""Settings of the service: from the command line, else from the environment (ADJUDICATOR_...). Keys stand in a file.

Without files of keys the service is a sandbox: its keys are known to everyone, so it only listens on this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.failures import CannotRunError
from api.service.keys import read_keys
from api.service.requests import Principal, Role
from api.wire.identity import Keyring
from api.wire.signing import Credential
from api.wire.values import Identifier

SHORTEST_SECRET = 32
"""Bytes of the secret of a key."""


class Settings(BaseSettings):
    """How to serve. folder: where a sandbox keeps its ledger. keys: file of the keys of identity data; credentials:
    file of those who may sign."""

    model_config = SettingsConfigDict(env_prefix="ADJUDICATOR_", frozen=True)

    database_url: str = ""
    folder: Path = Path("sandbox")
    keys: Path | None = None
    credentials: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8765

    @property
    def sandbox(self) -> bool:
        """Whether the keys are those that everyone knows."""
        return self.keys is None

    @property
    def ledger(self) -> str:
        """URL of the ledger."""
        return self.database_url or f"sqlite:///{(self.folder / 'ledger.db').resolve()}"


def settings_from(**given: object) -> Settings:
    """Give the settings: what is given, else the environment, else the defaults. Raises CannotRunError."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        names = ", ".join(str(found["loc"][0]) for found in error.errors(include_input=False))
        raise CannotRunError("SERVE_SETTINGS", names=names) from None


class _Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key_id: Identifier
    role: Role
    institution: str = ""
    algorithm: Literal["hmac-sha256", "hmac-sm3"] = "hmac-sha256"
    secret: Annotated[str, StringConstraints(pattern=rf"^([0-9a-f]{{2}}){{{SHORTEST_SECRET},}}$")]

    @model_validator(mode="after")
    def _institution_fits_role(self) -> Self:
        if bool(self.institution) != (self.role is Role.INSTITUTION):
            raise ValueError("an institution, and nobody else, has a code")
        return self


_KEYS = TypeAdapter(list[_Key])


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of identity data, and credentials by key id."""

    identity: Keyring
    credentials: Mapping[str, Credential]


SANDBOX_SECRET = bytes(range(32))
SANDBOX_HOSPITAL = "H11000000001"
SANDBOX_IDENTITY = Keyring({"sandbox": b"\x01" * 32}, "sandbox", b"\x02" * 32)


def _sandbox_credential(key_id: str, role: Role, algorithm: str = "hmac-sha256") -> Credential:
    institution = SANDBOX_HOSPITAL if role is Role.INSTITUTION else ""
    return Credential(Principal(key_id, institution, role), algorithm, SANDBOX_SECRET)


SANDBOX_KEYS = Keys(
    SANDBOX_IDENTITY,
    {
        "sandbox": _sandbox_credential("sandbox", Role.INSTITUTION),
        "sandbox-sm3": _sandbox_credential("sandbox-sm3", Role.INSTITUTION, "hmac-sm3"),
        **{
            f"sandbox-{role.value}": _sandbox_credential(f"sandbox-{role.value}", role)
            for role in Role
            if role is not Role.INSTITUTION
        },
    },
)
"""Keys that everyone knows: an institution's by both algorithms, and one of each other role."""


def keys_of(settings: Settings) -> Keys:
    """Give the keys to serve with. Raises CannotRunError: for a file that is wrong, for keys that everyone knows, and
    for a sandbox that others could reach."""
    if settings.keys is None and settings.credentials is None:
        if not _is_this_machine(settings.host):
            raise CannotRunError("SERVE_SANDBOX_OPEN", host=settings.host)
        return SANDBOX_KEYS
    if settings.keys is None or settings.credentials is None:
        raise CannotRunError("SERVE_BOTH_FILES")
    identity, credentials = read_keys(settings.keys), read_credentials(settings.credentials)
    if {*identity.keys.values()} & {*SANDBOX_IDENTITY.keys.values()}:
        raise CannotRunError("SERVE_DEFAULT_SECRETS", path=settings.keys)
    if any(credential.secret == SANDBOX_SECRET for credential in credentials.values()):
        raise CannotRunError("SERVE_DEFAULT_SECRETS", path=settings.credentials)
    return Keys(identity, credentials)


def read_credentials(path: Path) -> dict[str, Credential]:
    """Read a file of credentials, by key id. Raises CannotRunError, which shows nothing of what the file holds."""
    try:
        listed = _KEYS.validate_json(path.read_bytes())
    except ValidationError as error:
        places = ", ".join(".".join(map(str, found["loc"])) for found in error.errors(include_input=False))
        raise CannotRunError("SERVE_CREDENTIALS_NOT_READ", path=path, problem=places or "JSON") from None
    found: dict[str, Credential] = {}
    for key in listed:
        if key.key_id in found:
            raise CannotRunError("SERVE_CREDENTIALS_NOT_READ", path=path, problem=key.key_id)
        principal = Principal(key.key_id, key.institution, key.role)
        found[key.key_id] = Credential(principal, key.algorithm, bytes.fromhex(key.secret))
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
