"""Identity data: read again only where it was written, with its key; numbers are found anywhere, and masked."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire.identity import IdentityError, Keyring, key_id_of
from api.wire.identity_numbers import check_character, holds_identity_number, masked, without_identity_numbers

OLD, NEW, INDEX = bytes(32), bytes(range(32)), b"i" * 32
RING = Keyring({"2023": OLD}, "2023", INDEX)
ROTATED = Keyring({"2023": OLD, "2024": NEW}, "2024", INDEX)
NUMBER = "11010519491231002X"


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    birth = draw(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
    area, order = draw(st.integers(110000, 659999)), draw(st.integers(0, 999))
    digits = f"{area}{birth:%Y%m%d}{order:03}"
    return digits + check_character(digits)


@given(st.text(max_size=40))
def test_what_is_encrypted_is_read_again(text: str) -> None:
    written = RING.encrypt(text, "person/7/name")
    assert RING.decrypt(written, "person/7/name") == text
    assert written != RING.encrypt(text, "person/7/name")


def test_nothing_is_read_elsewhere_changed_or_without_its_key() -> None:
    written = RING.encrypt(NUMBER, "person/7/number")
    wrong = [written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :] for at in range(len(written))]
    wrong += [written[:at] for at in range(len(written))] + [written + b"\0", b"", bytes(60)]
    for changed in wrong:
        with pytest.raises(IdentityError):
            RING.decrypt(changed, "person/7/number")
    for place in ("person/8/number", "person/7/name", ""):
        with pytest.raises(IdentityError):
            RING.decrypt(written, place)
    with pytest.raises(IdentityError, match="2023"):
        Keyring({"2024": NEW}, "2024", INDEX).decrypt(written, "person/7/number")


def test_a_new_key_writes_and_the_old_one_still_reads() -> None:
    old = RING.encrypt(NUMBER, "p")
    assert ROTATED.decrypt(old, "p") == NUMBER
    new = ROTATED.encrypt(ROTATED.decrypt(old, "p"), "p")
    assert (key_id_of(old), key_id_of(new)) == ("2023", "2024")


def test_the_index_finds_a_number_however_it_is_written() -> None:
    index = RING.blind_index("number", NUMBER)
    assert index == ROTATED.blind_index("number", " 110105 19491231 002x ")
    assert index == RING.blind_index("number", "１１０１０５１９４９１２３１００２Ｘ")
    assert index != RING.blind_index("name", NUMBER)
    assert index != Keyring({"2023": OLD}, "2023", b"j" * 32).blind_index("number", NUMBER)


@pytest.mark.parametrize(
    ("keys", "current", "index"),
    [
        ({"a": OLD}, "b", INDEX),
        ({"a": b"short"}, "a", INDEX),
        ({"": OLD}, "", INDEX),
        ({"a" * 33: OLD}, "a" * 33, INDEX),
        ({"a": OLD}, "a", b"short"),
        ({"a": OLD}, "a", OLD),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, bytes], current: str, index: bytes) -> None:
    with pytest.raises(IdentityError):
        Keyring(keys, current, index)


def test_keys_are_not_shown() -> None:
    assert "\\x" not in repr(RING)
    assert OLD.hex() not in repr(RING)


@given(identity_numbers())
def test_every_identity_number_is_known_and_masked(number: str) -> None:
    assert holds_identity_number(f"A{number}B 7")
    assert holds_identity_number(f"2023{number}001")
    assert not holds_identity_number(without_identity_numbers(f"2023{number}001"))
    assert without_identity_numbers(f"A{number}B") == f"A{masked(number)}B"


def test_numbers_are_masked_as_the_house_says() -> None:
    assert masked("110101199003071234") == "110101********1234"
    assert masked("1101011990") == "110*****90"
    assert masked("1101") == "*****"
    assert masked("") == ""


def test_the_example_of_the_standard_is_known() -> None:
    """GB 11643, appendix."""
    assert holds_identity_number(NUMBER)
    assert holds_identity_number("440524188001010014")
    assert not holds_identity_number("110105194912310021")
    assert without_identity_numbers(f"张三 {NUMBER}, {NUMBER.lower()}") == "张三 110105********002X, 110105********002x"
    assert without_identity_numbers("１１０１０５１９４９１２３１００２Ｘ") == "110105********002X"
    assert without_identity_numbers("nothing here 12345678901234567890") == "nothing here 12345678901234567890"
