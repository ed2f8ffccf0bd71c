"""Settings: what could let strangers in, or lose what was promised, keeps the service from starting."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from api.failures import CannotRunError
from api.http.settings import SANDBOX_IDENTITY, SANDBOX_KEYS, SANDBOX_SECRET, Settings, keys_of, settings_from
from api.service.handover import read_credentials
from api.service.keys import make_keys, read_keys
from api.service.signers import is_weak

SECRET = bytes(byte * 37 % 251 for byte in range(1, 33)).hex()


def refused(settings: Settings) -> str:
    with pytest.raises(CannotRunError) as caught:
        keys_of(settings)
    return caught.value.code


def test_keys_that_the_program_made_are_taken(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys.json")
    keys = keys_of(Settings(keys=tmp_path / "keys.json", host="0.0.0.0"))
    assert keys.identity == read_keys(tmp_path / "keys.json")
    assert keys.credentials is None, "who may sign stands in the ledger"


def test_without_files_it_is_a_sandbox_that_only_this_machine_reaches() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert keys_of(Settings(host=host)) is SANDBOX_KEYS
    for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", ""):
        assert refused(Settings(host=host)) == "SERVE_SANDBOX_OPEN"


@pytest.mark.parametrize("place", ["key", "index"])
@pytest.mark.parametrize(
    "weak",
    [
        bytes(32),
        b"\xab" * 32,
        bytes(range(32)),
        bytes(range(200, 136, -2)),
        bytes((1, 2, 3, 4, 5, 6, 7, 9)) * 4,
        b"correct horse battery staple 123",
        next(iter(SANDBOX_IDENTITY.keys.values())),
        SANDBOX_IDENTITY.index_key,
        SANDBOX_SECRET,
    ],
)
def test_keys_that_everyone_knows_or_could_guess_are_refused(tmp_path: Path, weak: bytes, place: str) -> None:
    strong = {"key": "c4" + SECRET[2:], "index": SECRET} | {place: weak.hex()}
    document = {"current": "1", "keys": {"1": strong["key"]}, "index_key": strong["index"]}
    (tmp_path / "keys.json").write_text(json.dumps(document), encoding="utf-8")
    assert refused(Settings(keys=tmp_path / "keys.json")) == "SERVE_WEAK_KEYS"


def test_no_key_that_chance_made_is_called_weak() -> None:
    assert not any(is_weak(secrets.token_bytes(32)) for _ in range(20_000))
    assert is_weak(secrets.token_bytes(31))


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"secret": SECRET.upper()}, "0.secret"),
        ({"secret": "password"}, "0.secret"),
        ({"role": "boss"}, "0.role"),
        ({"algorithm": "none"}, "0.algorithm"),
        ({"key_id": "a b"}, "0.key_id"),
        ({"note": "x"}, "0.note"),
    ],
)
def test_a_handed_over_key_that_does_not_fit_is_told_by_its_place(
    tmp_path: Path, changed: dict[str, str], place: str
) -> None:
    key = {"key_id": "h1", "role": "institution", "institution": "H1", "secret": SECRET} | changed
    (tmp_path / "h1.json").write_text(json.dumps([key]), encoding="utf-8")
    with pytest.raises(CannotRunError, match="CREDENTIALS_NOT_READ") as caught:
        read_credentials(tmp_path / "h1.json")
    assert caught.value.fields["problem"] == place
    assert SECRET not in str(caught.value)


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDICATOR_PORT", "9000")
    monkeypatch.setenv("ADJUDICATOR_HOST", "::1")
    settings = settings_from(port=9001, host=None)
    assert (settings.port, settings.host) == (9001, "::1")
    monkeypatch.setenv("ADJUDICATOR_PORT", "none")
    with pytest.raises(CannotRunError, match="SERVE_SETTINGS"):
        settings_from()
