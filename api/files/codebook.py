"""Columns of text become numbers: every distinct text of a column is read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.columns import Int32
from api.files.cells import Fault
from api.files.texts import Texts, column_of

NEVER = r"[^\s\S]"
"""An expression that fits nothing."""

MISSING_CODE = -1


class Codebook:
    """Values of one column by number, over all files that share the book.

    Codes are -1 for an empty cell and -1 - fault for a faulty one. Texts that fit the expression `ordinary` stand for
    themselves; any other is read by itself. Whole columns stay Arrow's; single texts go through a dictionary.
    """

    def __init__(self, read: Callable[[str], str | Fault], ordinary: str = NEVER) -> None:
        self.values: Sequence[str] = []
        self._read = read
        self._ordinary = ordinary
        self._code_of: dict[str, int] | None = {}  # by value; None until single texts are asked for again
        self._of_text: dict[str, int] = {}

    def encode(self, column: pa.Array | pa.ChunkedArray) -> Int32:
        """Give the code of every cell of a column of text, plain or with a dictionary; null is empty."""
        chunks = one_dictionary(column)
        texts = chunks.chunk(0).dictionary if chunks.num_chunks else pa.array([], pa.string())
        codes = np.append(self._codes_of(texts), np.int32(MISSING_CODE))
        cells = np.empty(len(chunks), np.int32)
        start = 0
        for chunk in chunks.chunks:
            indices = pc.fill_null(chunk.indices, len(texts)) if chunk.null_count else chunk.indices
            codes.take(indices.to_numpy(), out=cells[start : start + len(chunk)], mode="clip")
            start += len(chunk)
        return cells

    def code(self, text: str) -> int:
        """Give the code of one text as written."""
        code = self._of_text.get(text)
        if code is None:
            value = self._read(text)
            code = -1 - value if isinstance(value, Fault) else int(self.keep([value])[0])
            self._of_text[text] = code
        return code

    def keep(self, values: Sequence[str] | pa.StringArray) -> Int32:
        """Give the code of every value; they are right as they are, and nothing is empty text or null."""
        if isinstance(values, pa.Array):
            return self._keep_column(values)
        if self._code_of is None or isinstance(self.values, Texts):
            self.values = list(self.values)
            self._code_of = {value: code for code, value in enumerate(self.values)}
        known = self._code_of
        for value in values:
            if value and value not in known:
                known[value] = len(known)
                self.values.append(value)  # type: ignore[attr-defined]
        return np.array([known.get(value, MISSING_CODE) for value in values], np.int32)

    def _codes_of(self, texts: pa.StringArray) -> Int32:
        """Give the code of every text as written; a text may stand twice."""
        odd = np.flatnonzero(~_mask(pc.fill_null(pc.match_substring_regex(texts, self._ordinary), True)))
        if not len(odd):
            return self._keep_column(texts)
        read = [self._read(text) for text in texts.take(pa.array(odd)).to_pylist()]
        is_odd = np.zeros(len(texts), np.bool_)
        is_odd[odd] = True
        values = [None if isinstance(value, Fault) else value for value in read]
        codes = self._keep_column(pc.replace_with_mask(texts, pa.array(is_odd), pa.array(values, pa.string())))
        codes[odd] = np.where([value is None for value in values], [_fault(value) for value in read], codes[odd])
        return codes

    def _keep_column(self, values: pa.StringArray) -> Int32:
        known = column_of(self.values)
        if values.equals(known):  # the ids of claims, and of their lines in the same order
            return np.arange(len(values), dtype=np.int32)
        encoded = values.dictionary_encode()
        distinct = encoded.dictionary
        codes = pc.fill_null(pc.index_in(distinct, known), MISSING_CODE).to_numpy(zero_copy_only=False)
        new = np.flatnonzero((codes < 0) & (pc.binary_length(distinct).to_numpy(zero_copy_only=False) > 0))
        if len(new):
            codes = codes.copy()
            codes[new] = np.arange(len(known), len(known) + len(new))
            self.values = Texts(pa.concat_arrays([known, distinct.take(pa.array(new))]))
            self._code_of = None
        rows = pc.fill_null(encoded.indices, len(distinct)).to_numpy(zero_copy_only=False)
        of_values: Int32 = np.append(codes, np.int32(MISSING_CODE)).take(rows)
        return of_values


def _fault(value: str | Fault) -> int:
    return -1 - value if isinstance(value, Fault) else MISSING_CODE


def one_dictionary(column: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column of text in chunks that share one dictionary."""
    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not pa.types.is_dictionary(chunks.type):
        return chunks.dictionary_encode()
    return chunks.unify_dictionaries()


def _mask(array: pa.BooleanArray) -> np.ndarray:
    mask: np.ndarray = array.to_numpy(zero_copy_only=False)
    return mask
