"""Keys that sign: kept as ciphers that are bound to what they are for, known and taken away while a service runs."""

from __future__ import annotations

from typing import Any

import pytest

from api.failures import CannotRunError
from api.ledger.audit import read_audit
from api.service.requests import Principal, Role
from api.service.signers import STALE_SECONDS, KnownKeys, NewKey, add_key, disable_key, list_keys, standing
from api.wire.problems import RequestError
from api.wire.signing import Credential
from tests.service.office import HOSPITAL, KEYRING, Office

DAY_MS = 86_400_000


def new_key(office: Office, key_id: str = "h1", role: Role = Role.INSTITUTION, **more: Any) -> Credential:
    institution = more.pop("institution", HOSPITAL if role is Role.INSTITUTION else "")
    times = {"valid_from": office.world.now_ms()} | more
    return add_key(
        office.database,
        KEYRING,
        office.world,
        "command:x",
        NewKey(Principal(key_id, institution, role), "hmac-sm3", **times),
    )


def known(office: Office) -> KnownKeys:
    keys = KnownKeys(office.database, KEYRING, office.world)
    assert keys.look() == []
    return keys


def test_a_key_is_kept_as_a_cipher_and_found_again(office: Office) -> None:
    made = new_key(office)
    assert known(office).find("h1") == made
    assert known(office).find("h2") is None
    assert made.secret not in office.table("credential")[0][4]
    assert made.secret.hex().encode() not in office.table("credential")[0][4]


def test_two_keys_of_an_institution_hold_at_once_and_each_ends_on_its_day(office: Office) -> None:
    begun = office.world.now
    new_key(office, "old", valid_until=begun + 2 * DAY_MS)
    new_key(office, "new", valid_from=begun + DAY_MS)
    keys = known(office)
    for day, valid in ((0, {"old"}), (1, {"old", "new"}), (2, {"new"})):
        office.world.now = begun + day * DAY_MS
        assert {key_id for key_id in ("old", "new") if keys.find(key_id)} == valid
    assert [standing(row, begun) for row in list_keys(office.database)] == ["not_yet", "valid"]
    assert [standing(row, office.world.now) for row in list_keys(office.database)] == ["valid", "expired"]


def test_a_running_service_learns_what_is_added_and_taken_away(office: Office) -> None:
    keys = known(office)
    new_key(office)
    assert keys.find("h1") is None
    keys.look()
    assert keys.find("h1") is not None
    office.world.now += 3600_000
    keys.look()
    disable_key(office.database, office.world, "command:x", "h1")
    keys.look()
    assert keys.find("h1") is None


def test_what_others_commit_late_is_still_seen(office: Office) -> None:
    """A transaction that began before the last look ends after it."""
    keys = known(office)
    office.world.now += 30_000
    keys.look()
    office.world.now -= 30_000
    new_key(office)
    office.world.now += 30_000
    keys.look()
    assert keys.find("h1") is not None


@pytest.mark.parametrize(
    "changed",
    [
        "role = 'admin', institution = ''",
        "institution = 'H11000000006'",
        "valid_from = valid_from - 1",
        "valid_until = 9999999999999",
        "algorithm = 'hmac-sha256'",
        "key_id = 'h2'",
    ],
)
def test_a_key_that_was_changed_by_hand_is_not_read(office: Office, changed: str) -> None:
    new_key(office)
    with office.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE credential SET {changed}")
    keys = KnownKeys(office.database, KEYRING, office.world)
    wrong = keys.look()
    assert wrong == ["h2" if "key_id" in changed else "h1"]
    assert keys.find(wrong[0]) is None


def test_a_secret_that_everyone_knows_is_not_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda count: bytes(range(count)))
    new_key(office)
    monkeypatch.undo()
    assert KnownKeys(office.database, KEYRING, office.world).look() == ["h1"]
    disable_key(office.database, office.world, "command:x", "h1")
    assert known(office).find("h1") is None


def test_a_service_that_cannot_look_for_long_knows_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    new_key(office)
    keys = known(office)
    keys._looked -= STALE_SECONDS
    with pytest.raises(RequestError, match="NOT_READY"):
        keys.find("h1")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "KEY_ID_USED"),
        ({"key_id": "h3", "institution": "H999"}, "KEY_INSTITUTION_UNKNOWN"),
        ({"key_id": "h3", "valid_until": 0}, "KEY_ENDS_BEFORE_IT_BEGINS"),
    ],
)
def test_a_key_that_could_not_be_used_is_refused(office: Office, asked: dict[str, Any], code: str) -> None:
    new_key(office)
    disable_key(office.database, office.world, "command:x", "h1")
    before = office.table("credential")
    with pytest.raises(CannotRunError) as refused:
        new_key(office, **asked)
    assert refused.value.code == code
    assert office.table("credential") == before


def test_what_is_done_to_keys_is_audited(office: Office) -> None:
    new_key(office, "a1", Role.AUDITOR)
    office.world.now += 1
    disable_key(office.database, office.world, "command:y", "a1")
    with pytest.raises(CannotRunError, match="KEY_NOT_THERE"):
        disable_key(office.database, office.world, "command:y", "a1")
    with office.database.read() as connection:
        deeds = [(row.actor, row.deed, row.subject, row.outcome) for row in read_audit(connection, 0, 2**62)]
    assert deeds == [("command:x", "key add", "a1", "done"), ("command:y", "key disable", "a1", "done")]
    for change in ("UPDATE audit SET actor = 'z'", "DELETE FROM audit"):
        with pytest.raises(Exception, match="can only be added to"), office.database.write() as connection:
            connection.exec_driver_sql(change)
