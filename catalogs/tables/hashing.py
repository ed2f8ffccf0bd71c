"""Codes to numbers for columns of codes: a hash table over fixed-width bytes, probed a block at a time.

A code is laid out as 64-bit words, padded with a byte that no UTF-8 text holds: equal words are equal codes. The hash
only says where to look; what is found there is compared in full.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adjudicator.columns import Bool, Int32, Int64

Words = NDArray[np.uint64]
"""[codes, words]: the bytes of each code."""

BLOCK = 32_768
"""Codes looked up at once: what is made of them stays in the cache."""

NOTHING = -1

_PADDING = b"\xff"
_NO_CODE = np.uint64(0xFEFE_FEFE_FEFE_FEFE)
"""Stands in the word of an empty slot; no UTF-8 text holds its bytes either."""

_WORD_BYTES = 8
_ROOM = 3
"""Slots a code, at least: most codes are found, or found missing, where they are first looked for."""

_MULTIPLIER = 0x9E37_79B9_7F4A_7C15
_FOLD = np.uint64(32)


class CodeTable:
    """Numbers distinct codes by their place in a sequence.

    Slots are probed one after the other from where the hash points. How long that takes is settled by the codes of the
    table, not by those asked for, so that no file can make it slow.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        strings = pa.array(codes, pa.string())
        longest = pc.max(pc.binary_length(strings)).as_py() or 0
        self._words = max(1, -(-longest // _WORD_BYTES))
        self._bits = max(1, (_ROOM * len(codes)).bit_length())
        self._keys = np.append(_words(strings, self._words), np.full((1, self._words), _NO_CODE), axis=0)
        self._none = len(codes)
        self._slots = self._filled(self._none)

    def _filled(self, count: int) -> Int32:
        """Put the codes into slots. All ask for theirs at once; of those that ask for the same one stays, the others
        go on to the next."""
        slots = np.full(1 << self._bits, count, np.int32)
        rows = np.arange(count, dtype=np.int32)
        at = hashed(self._keys[:-1], self._bits)
        while len(rows):
            free = slots[at] == count
            slots[at[free]] = rows[free]
            moved = np.flatnonzero(slots[at] != rows)
            rows, at = rows[moved], self._next(at[moved])
        return slots

    def find(self, codes: pa.Array) -> Int32:
        """Give the number of each code of a column of text; NOTHING where it is unknown or null.

        Nine in ten are found at the first look, block by block; the others go on together.
        """
        found = np.empty(len(codes), np.int32)
        left = [self._look(codes, start, found) for start in range(0, len(codes), BLOCK)]
        if left:
            asked, at, words = (np.concatenate(part) for part in zip(*left, strict=True))
            self._look_on(asked, at, words, found)
        found[found == self._none] = NOTHING
        return found

    def _look(self, codes: pa.Array, start: int, found: Int32) -> tuple[Int64, Int64, Words]:
        """Look where the hashes of a block point; give the codes that are not there: their rows, slots and words."""
        block = codes.slice(start, BLOCK).cast(pa.string())
        impossible = self._impossible(block)
        if impossible is not None:
            block = pc.if_else(impossible, "", block)
        words = _words(block, self._words)
        at = hashed(words, self._bits)
        rows = self._slots.take(at, out=found[start : start + len(block)], mode="clip")
        if impossible is not None:
            rows[impossible.to_numpy(zero_copy_only=False)] = self._none
        left = self._others(rows, words)
        return left + start, at.take(left), words.take(left, axis=0)

    def _impossible(self, codes: pa.StringArray) -> pa.BooleanArray | None:
        """Mark what is null or longer than every code of the table; None where nothing is."""
        lengths = pc.binary_length(codes)
        width = self._words * _WORD_BYTES
        if codes.null_count == 0 and (pc.max(lengths).as_py() or 0) <= width:
            return None
        return pc.fill_null(pc.greater(lengths, width), True)

    def _look_on(self, asked: Int64, at: Int64, words: Words, found: Int32) -> None:
        """Look for the codes asked for in slot after slot, until they are found or a slot is empty."""
        while len(asked):
            at = self._next(at)
            found[asked] = rows = self._slots.take(at)
            left = self._others(rows, words)
            asked, at, words = asked.take(left), at.take(left), words.take(left, axis=0)

    def _others(self, rows: Int32, words: Words) -> Int64:
        """Give the places at which another code than the one asked for stands."""
        keys = self._keys.take(rows, axis=0, mode="clip")
        differ: Bool = keys[:, 0] != words[:, 0]
        for word in range(1, self._words):
            differ |= keys[:, word] != words[:, word]
        differ &= rows != self._none
        return np.flatnonzero(differ)

    def _next(self, at: Int64) -> Int64:
        return (at + 1) & ((1 << self._bits) - 1)


def hashed(words: Words, bits: int) -> Int64:
    """Give a number of so many bits for each code."""
    mixed = words[:, 0] * np.uint64(_MULTIPLIER)
    for word in range(1, words.shape[1]):
        mixed ^= mixed >> _FOLD
        mixed += words[:, word]
        mixed *= np.uint64(_MULTIPLIER)
    mixed ^= mixed >> _FOLD
    mixed *= np.uint64(_MULTIPLIER)
    mixed >>= np.uint64(64 - bits)
    return mixed.view(np.int64)


def _words(codes: pa.StringArray, words: int) -> Words:
    """Lay codes out as words; none is null or longer than that."""
    padded = pc.ascii_rpad(codes, options=pc.PadOptions(words * _WORD_BYTES, _PADDING))
    return np.frombuffer(padded.buffers()[2], np.uint64, len(codes) * words).reshape(-1, words)
