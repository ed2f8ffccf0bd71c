"""Settings: what could let strangers in, or lose what was promised, keeps the service from starting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.failures import CannotRunError
from api.http.settings import SANDBOX_IDENTITY, SANDBOX_KEYS, SANDBOX_SECRET, Settings, keys_of, settings_from
from api.service.keys import make_keys
from api.service.requests import Principal, Role

SECRET = "5f" * 32
HOSPITAL = {"key_id": "h1", "role": "institution", "institution": "H1", "secret": SECRET}


def files(folder: Path, *credentials: Any) -> Settings:
    make_keys(folder / "keys.json")
    (folder / "credentials.json").write_text(json.dumps(credentials), encoding="utf-8")
    return Settings(keys=folder / "keys.json", credentials=folder / "credentials.json")


def refused(settings: Settings) -> tuple[str, str]:
    with pytest.raises(CannotRunError) as caught:
        keys_of(settings)
    assert SECRET not in str(caught.value)
    return caught.value.code, str(caught.value.fields.get("problem", ""))


def test_files_of_keys_are_read(tmp_path: Path) -> None:
    auditor = {"key_id": "a1", "role": "auditor", "algorithm": "hmac-sm3", "secret": SECRET + "00"}
    keys = keys_of(files(tmp_path, HOSPITAL, auditor))
    assert keys.credentials["h1"].principal == Principal("h1", "H1", Role.INSTITUTION)
    assert (keys.credentials["a1"].algorithm, len(keys.credentials["a1"].secret)) == ("hmac-sm3", 33)


def test_without_files_it_is_a_sandbox_that_only_this_machine_reaches() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert keys_of(Settings(host=host)) is SANDBOX_KEYS
    for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", ""):
        assert refused(Settings(host=host))[0] == "SERVE_SANDBOX_OPEN"


def test_one_file_alone_is_refused(tmp_path: Path) -> None:
    settings = files(tmp_path, HOSPITAL)
    assert refused(settings.model_copy(update={"keys": None}))[0] == "SERVE_BOTH_FILES"
    assert refused(settings.model_copy(update={"credentials": None}))[0] == "SERVE_BOTH_FILES"


def test_secrets_of_the_sandbox_are_refused_elsewhere(tmp_path: Path) -> None:
    settings = files(tmp_path, HOSPITAL, HOSPITAL | {"key_id": "h2", "secret": SANDBOX_SECRET.hex()})
    assert refused(settings)[0] == "SERVE_DEFAULT_SECRETS"
    (tmp_path / "credentials.json").write_text(json.dumps([HOSPITAL]), encoding="utf-8")
    keys = {name: key.hex() for name, key in SANDBOX_IDENTITY.keys.items()}
    document = {"current": "sandbox", "keys": keys, "index_key": "ab" * 32}
    (tmp_path / "keys.json").write_text(json.dumps(document), encoding="utf-8")
    assert refused(settings)[0] == "SERVE_DEFAULT_SECRETS"


@pytest.mark.parametrize(
    ("credential", "place"),
    [
        ({"secret": "5f" * 31}, "0.secret"),
        ({"secret": SECRET.upper()}, "0.secret"),
        ({"secret": "password"}, "0.secret"),
        ({"role": "boss"}, "0.role"),
        ({"role": "auditor"}, "0"),
        ({"institution": ""}, "0"),
        ({"algorithm": "none"}, "0.algorithm"),
        ({"key_id": "a b"}, "0.key_id"),
        ({"note": "x"}, "0.note"),
    ],
)
def test_credentials_that_do_not_fit_are_told_by_their_place(
    tmp_path: Path, credential: dict[str, str], place: str
) -> None:
    assert refused(files(tmp_path, HOSPITAL | credential)) == ("SERVE_CREDENTIALS_NOT_READ", place)


def test_credentials_are_named_once_and_are_json(tmp_path: Path) -> None:
    assert refused(files(tmp_path, HOSPITAL, HOSPITAL)) == ("SERVE_CREDENTIALS_NOT_READ", "h1")
    settings = Settings(keys=tmp_path / "keys.json", credentials=tmp_path / "credentials.json")
    for text in ("", "{", "{}", f'["{SECRET}"]'):
        (tmp_path / "credentials.json").write_text(text, encoding="utf-8")
        assert refused(settings)[0] == "SERVE_CREDENTIALS_NOT_READ"


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDICATOR_PORT", "9000")
    monkeypatch.setenv("ADJUDICATOR_HOST", "::1")
    settings = settings_from(port=9001, host=None)
    assert (settings.port, settings.host) == (9001, "::1")
    monkeypatch.setenv("ADJUDICATOR_PORT", "none")
    with pytest.raises(CannotRunError, match="SERVE_SETTINGS"):
        settings_from()
