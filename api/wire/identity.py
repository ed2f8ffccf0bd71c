"""Identity data at rest: encrypted field by field, found by a keyed blind index, keys replaced one after another.

Only one table of the ledger holds what this room makes; everywhere else a person is a random key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adjudicator.errors import AdjudicatorError

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
LONGEST_KEY_ID = 32


class IdentityError(AdjudicatorError):
    """Identity data cannot be read: its key is not there, or the data is not what was written under it."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Keys of identity data by id, 32 bytes each. `current` encrypts; the others only read what they wrote.

    index_key: the key of the blind index. It stands apart, because another one needs every index to be made again.
    """

    keys: Mapping[str, bytes]
    current: str
    index_key: bytes

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise IdentityError(f"there is no key {self.current!r}")
        for key_id, key in self.keys.items():
            if not (1 <= len(key_id) <= LONGEST_KEY_ID and key_id.isascii()) or len(key) != KEY_BYTES:
                raise IdentityError(f"key {key_id[:LONGEST_KEY_ID]!r} needs a short ASCII id and {KEY_BYTES} bytes")
        if len(self.index_key) != KEY_BYTES or self.index_key in self.keys.values():
            raise IdentityError(f"the index needs {KEY_BYTES} bytes of its own")

    def encrypt(self, text: str, place: str) -> bytes:
        """Encrypt a text for one place, such as "person/7/number": moved to another place it cannot be read.

        The form: format, length of the key id, key id, nonce, AES-256-GCM of the text in UTF-8 with its tag.
        """
        head = bytes((FORMAT, len(self.current))) + self.current.encode("ascii")
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + AESGCM(self.keys[self.current]).encrypt(nonce, text.encode(), head + place.encode())

    def decrypt(self, written: bytes, place: str) -> str:
        """Read what was encrypted for a place. Raises IdentityError."""
        key_id = key_id_of(written)
        if key_id not in self.keys:
            raise IdentityError(f"key {key_id!r} is not there")
        start = 2 + len(key_id)
        head, nonce, rest = written[:start], written[start : start + NONCE_BYTES], written[start + NONCE_BYTES :]
        try:
            return AESGCM(self.keys[key_id]).decrypt(nonce, rest, head + place.encode()).decode()
        except (InvalidTag, ValueError):
            raise IdentityError(f"not what was written here under key {key_id!r}") from None

    def blind_index(self, kind: str, text: str) -> bytes:
        """Give 32 bytes by which a text of a kind, such as "number", is found without being read.

        Full-width digits, case and spaces make no difference.
        """
        plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
        return hmac.digest(self.index_key, f"{kind}\n{plain}".encode(), hashlib.sha256)


def key_id_of(written: bytes) -> str:
    """Give the id of the key that wrote something. Raises IdentityError for what has not the form."""
    if len(written) < 2 or written[0] != FORMAT or not 1 <= written[1] <= LONGEST_KEY_ID:
        raise IdentityError("not in the form of encrypted identity data")
    key_id = written[2 : 2 + written[1]]
    if len(key_id) != written[1] or not key_id.isascii():
        raise IdentityError("not in the form of encrypted identity data")
    return key_id.decode("ascii")
