"""Settings of the service: from the command line, else from the environment (ADJUDICATOR_...). The keys of identity
data stand in a file.

Without a file of keys the service is a sandbox: its keys are known to everyone, so it only listens on this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.failures import CannotRunError
from api.service.keys import read_keys
from api.service.requests import Principal, Role
from api.service.signers import is_weak
from api.wire.identity import Keyring
from api.wire.signing import Credential

REQUESTS_PER_SECOND = 200.0
"""A large hospital sends some ten at its busiest."""


class Settings(BaseSettings):
    """How to serve. folder: where a sandbox keeps its ledger. keys: file of the keys of identity data. credentials:
    file of the keys that somebody signs requests with. requests_per_second: how often each key may ask, on and on."""

    model_config = SettingsConfigDict(env_prefix="ADJUDICATOR_", frozen=True)

    database_url: str = ""
    folder: Path = Path("sandbox")
    keys: Path | None = None
    credentials: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8765
    requests_per_second: Annotated[float, Field(gt=0)] = REQUESTS_PER_SECOND

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


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of identity data. credentials: who may sign in a sandbox, by key id; elsewhere None: the ledger knows."""

    identity: Keyring
    credentials: Mapping[str, Credential] | None = None


SANDBOX_SECRET = bytes(range(32))
SANDBOX_HOSPITAL = "H11000000001"
SANDBOX_IDENTITY = Keyring({"sandbox": b"\x01" * 32}, "sandbox", b"\x02" * 32)


def _sandbox_credential(key_id: str, role: Role, algorithm: str = "hmac-sha256") -> Credential:
    institution = SANDBOX_HOSPITAL if role is Role.INSTITUTION else ""
    return Credential(Principal(key_id, institution, role), algorithm, SANDBOX_SECRET)


SANDBOX_CREDENTIALS: Mapping[str, Credential] = {
    "sandbox": _sandbox_credential("sandbox", Role.INSTITUTION),
    "sandbox-sm3": _sandbox_credential("sandbox-sm3", Role.INSTITUTION, "hmac-sm3"),
    **{
        f"sandbox-{role.value}": _sandbox_credential(f"sandbox-{role.value}", role)
        for role in Role
        if role is not Role.INSTITUTION
    },
}
"""Keys that everyone knows: an institution's by both algorithms, and one of each other role."""

SANDBOX_KEYS = Keys(SANDBOX_IDENTITY, SANDBOX_CREDENTIALS)


def keys_of(settings: Settings) -> Keys:
    """Give the keys to serve with. Raises CannotRunError: for a file that is wrong, for keys that everyone knows or
    could guess, and for a sandbox that others could reach."""
    if settings.keys is None:
        if not _is_this_machine(settings.host):
            raise CannotRunError("SERVE_SANDBOX_OPEN", host=settings.host)
        return SANDBOX_KEYS
    identity = read_keys(settings.keys)
    if any(is_weak(key) for key in (*identity.keys.values(), identity.index_key)):
        raise CannotRunError("SERVE_WEAK_KEYS", path=settings.keys)
    return Keys(identity)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
