"""Columns of text become numbers: every distinct text of a column is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.columns import Int32, Int64
from api.files.cells import Fault
from api.files.texts import Texts, column_of

MISSING_CODE = -1


def every(texts: pa.StringArray) -> Int64:
    """Give all texts of a column but those that are null."""
    return np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))


class Codebook:
    """Values of one column by number, over all files that share the book.

    Codes are -1 for an empty cell and -1 - fault for a faulty one. `odd` finds the texts of a column that have to be
    read, each by itself; the others stand for themselves. Whole columns stay Arrow's; single texts go through a
    dictionary.
    """

    def __init__(self, read: Callable[[str], str | Fault], odd: Callable[[pa.StringArray], Int64] = every) -> None:
        self.values: Sequence[str] = []
        self._read = read
        self._odd = odd
        self._code_of: dict[str, int] | None = {}  # by value; None until single texts are asked for again
        self._of_text: dict[str, int] = {}

    def encode(self, column: pa.Array | pa.ChunkedArray) -> Int32:
        """Give the code of every cell of a column of text, plain or with a dictionary; null is empty."""
        chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
        if not pa.types.is_dictionary(chunks.type):
            chunks = chunks.dictionary_encode()
        cells = [
            pc.fill_null(pc.take(pa.array(codes), chunk.indices), MISSING_CODE).to_numpy()
            for chunk, codes in self._coded(chunks)
        ]
        return np.concatenate(cells) if cells else np.empty(0, np.int32)

    def _coded(self, chunks: pa.ChunkedArray) -> Iterable[tuple[pa.DictionaryArray, Int32]]:
        """Give the chunks of a column, each with the codes of its words."""
        runs = [codes for chunk in chunks.chunks if (codes := self._run(chunk.dictionary)) is not None]
        if len(runs) == chunks.num_chunks:
            return zip(chunks.chunks, runs, strict=True)
        many = chunks.num_chunks > 1
        chunks = chunks.unify_dictionaries()
        return zip(chunks.chunks, repeat(self._codes_of(chunks.chunk(0).dictionary, distinct=many)))

    def _run(self, texts: pa.StringArray) -> Int32 | None:
        """Give the codes of texts that are values one after the other, as ids of claims are in a file of lines; None
        where they are not."""
        if not len(texts) or not isinstance(self.values, Texts) or len(self._odd(texts)):
            return None
        known = self.values.column
        first = pc.index(known, texts[0]).as_py()
        if first < 0 or not known.slice(first, len(texts)).equals(texts):
            return None
        return np.arange(first, first + len(texts), dtype=np.int32)

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

    def _codes_of(self, texts: pa.StringArray, distinct: bool) -> Int32:
        """Give the code of every text as written; unless they are `distinct` a text may stand twice."""
        odd = self._odd(texts)
        if not len(odd):
            return self._keep_distinct(texts) if distinct else self._keep_column(texts)
        read = [self._read(text) for text in texts.take(pa.array(odd)).to_pylist()]
        is_odd = np.zeros(len(texts), np.bool_)
        is_odd[odd] = True
        values = [None if isinstance(value, Fault) else value for value in read]
        codes = self._keep_column(pc.replace_with_mask(texts, pa.array(is_odd), pa.array(values, pa.string())))
        codes[odd] = np.where([value is None for value in values], [_fault(value) for value in read], codes[odd])
        return codes

    def _keep_column(self, values: pa.StringArray) -> Int32:
        encoded = values.dictionary_encode()
        codes = np.append(self._keep_distinct(encoded.dictionary), np.int32(MISSING_CODE))
        rows = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        of_values: Int32 = codes.take(rows)
        return of_values

    def _keep_distinct(self, values: pa.StringArray) -> Int32:
        known = column_of(self.values)
        codes: Int32 = pc.fill_null(pc.index_in(values, known), MISSING_CODE).to_numpy(zero_copy_only=False)
        new = np.flatnonzero((codes < 0) & (pc.binary_length(values).to_numpy(zero_copy_only=False) > 0))
        if len(new):
            codes = codes.copy()
            codes[new] = np.arange(len(known), len(known) + len(new))
            self.values = Texts(pa.concat_arrays([known, values.take(pa.array(new))]))
            self._code_of = None
        return codes


def _fault(value: str | Fault) -> int:
    return -1 - value if isinstance(value, Fault) else MISSING_CODE
