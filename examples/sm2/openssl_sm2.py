"""SM2 with SM3 (GB/T 32918.2) by the OpenSSL 3 of the system, as an algorithm that `adjudicator serve` verifies.

Installed beside the service (`pip install examples/sm2`), it is known there as `sm2-sm3`. A signature is DER written in
lower-case hexadecimal digits; the identity of the signer is the usual one of GM/T 0009.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from functools import lru_cache

IDENTITY = b"1234567812345678"

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
for name, result, *arguments in (
    ("BIO_new_mem_buf", c_void_p, c_char_p, c_int),
    ("BIO_free", c_int, c_void_p),
    ("PEM_read_bio_PUBKEY", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p),
    ("EVP_PKEY_is_a", c_int, c_void_p, c_char_p),
    ("EVP_PKEY_CTX_new", c_void_p, c_void_p, c_void_p),
    ("EVP_PKEY_CTX_set1_id", c_int, c_void_p, c_char_p, c_size_t),
    ("EVP_PKEY_CTX_free", None, c_void_p),
    ("EVP_MD_CTX_new", c_void_p),
    ("EVP_MD_CTX_set_pkey_ctx", None, c_void_p, c_void_p),
    ("EVP_MD_CTX_free", None, c_void_p),
    ("EVP_sm3", c_void_p),
    ("EVP_DigestVerifyInit", c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p),
    ("EVP_DigestVerify", c_int, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t),
    ("ERR_clear_error", None),
):
    function = getattr(CRYPTO, name)
    function.restype, function.argtypes = result, arguments


class Sm2:
    """Verifies; who signs keeps the private key."""

    def digest(self, body: bytes) -> str:
        """Give the SM3 digest of a body."""
        return hashlib.new("sm3", body).hexdigest()

    def verify(self, secret: bytes, text: bytes, signature: str) -> bool:
        """Say whether a signature is that of a text. secret: the public key, as `openssl pkey -pubout` writes it."""
        try:
            key, der = _key(secret), bytes.fromhex(signature)
        except ValueError:
            return False
        digesting, keyed = CRYPTO.EVP_MD_CTX_new(), CRYPTO.EVP_PKEY_CTX_new(key, None)
        try:
            return (
                CRYPTO.EVP_PKEY_CTX_set1_id(keyed, IDENTITY, len(IDENTITY)) == 1
                and CRYPTO.EVP_MD_CTX_set_pkey_ctx(digesting, keyed) is None
                and CRYPTO.EVP_DigestVerifyInit(digesting, None, CRYPTO.EVP_sm3(), None, key) == 1
                and CRYPTO.EVP_DigestVerify(digesting, der, len(der), text, len(text)) == 1
            )
        finally:
            CRYPTO.EVP_MD_CTX_free(digesting)
            CRYPTO.EVP_PKEY_CTX_free(keyed)
            CRYPTO.ERR_clear_error()


@lru_cache(maxsize=10_000)
def _key(pem: bytes) -> int:
    """Read a public key, once. Raises ValueError for what is none of SM2."""
    source = CRYPTO.BIO_new_mem_buf(pem, len(pem))
    key = CRYPTO.PEM_read_bio_PUBKEY(source, None, None, None)
    CRYPTO.BIO_free(source)
    CRYPTO.ERR_clear_error()
    if not key or CRYPTO.EVP_PKEY_is_a(key, b"SM2") != 1:
        raise ValueError("no public key of SM2")
    return int(key)


SM2 = Sm2()
