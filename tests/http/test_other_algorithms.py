"""Algorithms that a site installs beside the service, with public keys; by the example for SM2."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from api.cli import main
from api.failures import CannotRunError
from api.http.app import create_app
from api.http.serving import make_site
from api.http.settings import Keys
from api.service.verifiers import installed_verifiers
from api.wire.logs import logger_to
from api.wire.signing import (
    HMAC_SHA256,
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    Verifier,
    string_to_sign,
)
from tests.http.client import bill
from tests.http.served import need, signing_lines
from tests.service.office import HOSPITAL, KEYRING, Office, open_office, rules_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "sm2"
IDENTITY = "distid:1234567812345678"

Command = Callable[..., tuple[int, Any]]


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, points: str) -> None:
    """What pip writes beside a package, on the path."""
    info = folder / "site" / "openssl_sm2-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openssl-sm2\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[adjudicator.verifiers]\n{points}\n")
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(folder / "site"))


@pytest.fixture
def with_sm2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("openssl")
    declared = (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
    point = 'sm2-sm3 = "openssl_sm2:SM2"'
    assert f'[project.entry-points."adjudicator.verifiers"]\n{point}\n' in declared
    installed(tmp_path, monkeypatch, point.replace('"', ""))


def openssl(*words: str | Path, cwd: Path) -> bytes:
    return subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True, timeout=30).stdout


def new_pair(folder: Path, name: str = "h1", algorithm: str = "SM2") -> bytes:
    """Make a private key in a file; give the public one."""
    curve = ("-pkeyopt", "ec_paramgen_curve:P-256") if algorithm == "EC" else ()
    openssl("genpkey", "-algorithm", algorithm, *curve, "-out", f"{name}-private.pem", cwd=folder)
    openssl("pkey", "-in", f"{name}-private.pem", "-pubout", "-out", f"{name}.pem", cwd=folder)
    return (folder / f"{name}.pem").read_bytes()


def signature(folder: Path, text: bytes, name: str = "h1") -> str:
    (folder / "to-sign").write_bytes(text)
    own = ("-inkey", f"{name}-private.pem", "-in", "to-sign")
    return openssl("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY, *own, cwd=folder).hex()


@pytest.fixture
def sm2(with_sm2: None) -> Verifier:
    return installed_verifiers()["sm2-sm3"]


def test_the_example_takes_what_openssl_signs_and_nothing_else(sm2: Verifier, tmp_path: Path) -> None:
    key, other, of_another_kind = new_pair(tmp_path), new_pair(tmp_path, "h2"), new_pair(tmp_path, "h3", "EC")
    text = b"POST\n/v1/previews\n"
    signed = signature(tmp_path, text)
    assert sm2.verify(key, text, signed)
    assert not sm2.verify(key, text + b" ", signed)
    assert not sm2.verify(other, text, signed)
    for wrong in (of_another_kind, b"", b"no key", key[:-40]):
        assert not sm2.verify(wrong, text, signed)
    for wrong_text in ("", "0", "zz", signed + "00", signed[:-2], "3006020100020100", "30" * 300):
        assert not sm2.verify(key, text, wrong_text)
    turned = bytes.fromhex(signed)
    for place in range(len(turned)):
        changed = turned[:place] + bytes([turned[place] ^ 1 << place % 8]) + turned[place + 1 :]
        assert not sm2.verify(key, text, changed.hex())
    assert sm2.verify(key, text, signed)


def test_the_documented_lines_sign(sm2: Verifier, tmp_path: Path) -> None:
    body, at, nonce = '{"person_id":"P1"}', "1683345600", "0123456789abcdef"
    said = f"body='{body}' time={at} nonce={nonce} KEY=h11-sm2; {signing_lines()[1]}printf %s $signature"
    done = subprocess.run(["bash", "-c", said], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=30)
    text = string_to_sign("POST", "/v1/accounts", "", sm2.digest(body.encode()), at, nonce, "h11-sm2")
    assert sm2.verify((tmp_path / "h11.pem").read_bytes(), text, done.stdout)


def test_its_digest_is_that_of_the_standard(sm2: Verifier) -> None:
    """GB/T 32905, example 1."""
    assert sm2.digest(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Office, Command]]:
    """A ledger, and the commands of its keys."""
    office = open_office(tmp_path)
    secrets = {"current": "k1", "keys": {"k1": bytes(range(32)).hex()}, "index_key": bytes(range(32, 64)).hex()}
    (tmp_path / "keys.json").write_text(json.dumps(secrets))
    own = ("--database-url", f"sqlite:///{tmp_path / 'ledger.db'}", "--keys", str(tmp_path / "keys.json"), "--json")
    whose = ("--role", "institution", "--institution", HOSPITAL, "--from", "2020-01-01")

    def add(*words: str) -> tuple[int, Any]:
        capture = io.StringIO()
        with contextlib.redirect_stdout(capture):
            code = main(["ledger", "key", "add", *words, *whose, *own])
        return code, json.loads(capture.getvalue())

    yield office, add
    office.database.close()


def test_an_institution_signs_with_its_own_private_key(
    with_sm2: None, site: tuple[Office, Command], tmp_path: Path
) -> None:
    office, add = site
    new_pair(tmp_path)
    asked = ("h1", "--algorithm", "sm2-sm3", "--public-key", str(tmp_path / "h1.pem"))
    assert add(*asked) == (0, {"key_id": "h1"})
    rules, _, _ = rules_of("beijing")
    log, failures = io.BytesIO(), list[Exception]()
    made = make_site(office.database, rules, Keys(KEYRING), logger_to(log), failures.append, office.world)
    body = orjson.dumps(bill(message_id=None))
    digest = made.authentication._verifiers["sm2-sm3"].digest(body)
    at, nonce = str(office.world.now_ms() // 1000), "0123456789abcdef"
    signed = signature(tmp_path, string_to_sign("POST", "/v1/previews", "", digest, at, nonce, "h1"))
    headers = {KEY_HEADER: "h1", TIME_HEADER: at, NONCE_HEADER: nonce, SIGNATURE_HEADER: signed}
    headers["Content-Type"] = "application/json"
    with TestClient(create_app(made)) as http:
        assert http.post("/v1/previews", content=body, headers=headers).json()["cash"] == "2160.00"
        assert http.post("/v1/previews", content=body, headers=headers).json()["code"] == "NONCE_USED"
        forged = headers | {NONCE_HEADER: nonce[::-1]}
        assert http.post("/v1/previews", content=body, headers=forged).json()["code"] == "SIGNATURE_REFUSED"
    assert failures == []


def test_a_service_without_the_algorithm_of_a_key_does_not_start(
    with_sm2: None, site: tuple[Office, Command], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, add = site
    new_pair(tmp_path)
    assert add("h1", "--algorithm", "sm2-sm3", "--public-key", str(tmp_path / "h1.pem"))[0] == 0
    monkeypatch.setattr("api.service.verifiers.GROUP", "nothing.installed")
    with pytest.raises(CannotRunError) as refused:
        make_site(office.database, rules_of("beijing")[0], Keys(KEYRING), logger_to(io.BytesIO()), print, office.world)
    assert refused.value.code == "SERVE_KEYS_REFUSED"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--algorithm", "sm2", "--public-key", "h1.pem"), "KEY_ALGORITHM_UNKNOWN"),
        (("--algorithm", "sm2-sm3", "--out", "h1.json"), "KEY_FILE_WHICH"),
        (("--algorithm", "sm2-sm3"), "KEY_FILE_WHICH"),
        (("--public-key", "h1.pem"), "KEY_FILE_WHICH"),
        (("--public-key", "h1.pem", "--out", "h1.json"), "KEY_FILE_WHICH"),
        ((), "KEY_FILE_WHICH"),
    ],
)
def test_a_key_has_the_file_of_its_kind(
    with_sm2: None, site: tuple[Office, Command], words: tuple[str, ...], code: str
) -> None:
    office, add = site
    status, said = add("h1", *words)
    assert (status, said["error"]["code"]) == (2, code)
    assert office.table("credential") == []


def test_a_package_that_cannot_be_loaded_is_named(
    site: tuple[Office, Command], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, "sm2-sm3 = no_such_module:SM2")
    status, said = site[1]("h1", "--out", "h1.json")
    assert (status, said["error"]["code"]) == (2, "VERIFIER_NOT_LOADED")


def test_what_is_built_in_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, monkeypatch, "hmac-sha256 = openssl_sm2:SM2")
    assert installed_verifiers()["hmac-sha256"] is HMAC_SHA256
