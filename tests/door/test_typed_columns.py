"""Typed columns of a table say what the same cells say as text, faults included."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files.arrow import as_text
from api.files.cells import ORDINARY_ID, Fault, decimals, moments, odd_ids, read_id, read_moment, word_reader
from api.files.codebook import Codebook
from api.files.texts import Texts

BIG = 10**17
NUMBERS = {
    "cents": pa.array([Decimal("1.25"), None, Decimal("-3.10"), Decimal("0.00")], pa.decimal128(18, 2)),
    "six decimals, none beyond the second": pa.array([Decimal("1.250000"), None], pa.decimal128(18, 6)),
    "too many decimals": pa.array([Decimal("1.234567"), Decimal("2.5"), None], pa.decimal128(18, 6)),
    "too large": pa.array([Decimal(BIG), Decimal(1)], pa.decimal128(38, 2)),
    "whole": pa.array([5, None, -7, 0], pa.int32()),
    "large whole": pa.array([BIG, 2**62, -(2**62), 1], pa.int64()),
    "sliced": pa.array([Decimal("9.00"), Decimal("1.25"), None], pa.decimal128(18, 2)).slice(1),
    "unsigned": pa.array([1, 2], pa.uint8()),
    "binary fractions": pa.array([1.25, None, 1e20], pa.float64()),
    "coded text": pa.array(["1.25", None, "1.25", "x"]).dictionary_encode(),
    "none": pa.array([], pa.decimal128(18, 2)),
}


@pytest.mark.parametrize("kind", ["money", "quantity", "price", "rate", "number"])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str, kind: str) -> None:
    found, expected = decimals(NUMBERS[name], kind), decimals(as_text(NUMBERS[name]), kind)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


DAY = datetime.date(2023, 2, 28)
MOMENTS = {
    "days": pa.array([DAY, None, datetime.date(1800, 1, 1)], pa.date32()),
    "seconds": pa.array([datetime.datetime(2023, 2, 28, 13, 5), None], pa.timestamp("s")),
    "nanoseconds": pa.array([datetime.datetime(2023, 2, 28, 13, 5, 1, 999999), None], pa.timestamp("ns")),
    "coded text": pa.array(["2023-02-28", None, "2023年2月28日", "never"]).dictionary_encode(),
    "sliced": pa.array([None, DAY, DAY], pa.date32()).slice(1),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name: str) -> None:
    found, expected = moments(MOMENTS[name]), moments(as_text(MOMENTS[name]))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@given(st.lists(st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2199, 12, 31)), min_size=1))
def test_fractions_of_seconds_are_left_out(stamps: list[datetime.datetime]) -> None:
    for timespec in ("seconds", "milliseconds", "microseconds"):
        texts = [stamp.isoformat(" ", timespec) for stamp in stamps]
        seconds, fault = moments(pa.array(texts))
        assert list(zip(seconds.tolist(), fault.tolist(), strict=True)) == [read_moment(text) for text in texts]


TEXTS = ["A1", None, " A1 ", "", "b", "张", "'张", "A1", "b", "4.4E+17"]


@pytest.mark.parametrize("ids", [True, False])
def test_codes(ids: bool) -> None:
    def book() -> Codebook:
        return Codebook(read_id, odd_ids) if ids else Codebook(word_reader(""))

    plain = pa.array(TEXTS, pa.string())
    twice = pa.DictionaryArray.from_arrays(pa.array(range(len(TEXTS))), plain)  # names texts twice, and null
    texts_twice = pa.DictionaryArray.from_arrays(pa.array(range(len(TEXTS))), pa.array([text or "" for text in TEXTS]))
    in_parts = pa.chunked_array([texts_twice.slice(0, 4), texts_twice.slice(4)])
    expected = book()
    one_by_one = [expected.code(text or "") for text in TEXTS]
    for column in (plain, plain.dictionary_encode(), plain.dictionary_encode("encode"), twice, in_parts):
        of_column = book()
        codes = of_column.encode(column).tolist()
        assert [c if c < 0 else of_column.values[c] for c in codes] == [
            c if c < 0 else expected.values[c] for c in one_by_one
        ]
        assert len(set(of_column.values)) == len(of_column.values)
        assert of_column.encode(column).tolist() == codes, "a second block says the same"


def test_codes_over_files_and_chunks() -> None:
    book = Codebook(read_id, odd_ids)
    chunks = [pa.array(part, pa.string()).dictionary_encode() for part in (["b", "a", None], [], ["c", "b", " a "])]
    assert book.encode(pa.chunked_array(chunks)).tolist() == [0, 1, -1, 2, 0, 1]
    assert list(book.values) == ["b", "a", "c"]
    assert book.encode(pa.array(["b", "a", "c"])).tolist() == [0, 1, 2], "the same ids in the same order"
    assert book.encode(pa.chunked_array([], pa.string())).tolist() == []
    assert book.keep(["a", "", "z"]).tolist() == [1, -1, 3]
    assert book.encode(pa.array(["z", "y"])).tolist() == [3, 4]
    assert (book.code(" y "), book.code("x"), book.code("4.4E+17")) == (4, 5, -1 - Fault.ID_ROUNDED)


def test_ids_of_claims_are_known_in_a_file_of_lines() -> None:
    ids = pa.array([f"C{number}" for number in range(100)])
    for parts in ((ids[:40], ids[39:]), (ids[10:20], ids[60:]), (ids[:40], ids[50:30:-1]), (ids[90:], pa.array(["x"]))):
        book, plain = Codebook(read_id, odd_ids), Codebook(read_id, odd_ids)
        assert book.encode(ids).tolist() == list(range(100))
        plain.encode(ids)
        lines = pa.chunked_array([part.dictionary_encode() for part in parts])
        assert book.encode(lines).tolist() == plain.encode(lines.cast(pa.string())).tolist()


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.from_regex(ORDINARY_ID), st.just("x" * 65)), max_size=4))
def test_odd_ids_are_those_that_are_not_ordinary(texts: list[str | None]) -> None:
    column = pa.array(["", *texts, "é"], pa.string()).slice(1, len(texts))
    odd = [at for at, text in enumerate(texts) if text is not None and not re.fullmatch(ORDINARY_ID[1:-1], text)]
    assert odd_ids(column).tolist() == odd


def test_texts_are_a_sequence() -> None:
    texts = Texts(pa.array(["b", "a", "c"]))
    assert (len(texts), texts[1], texts[-1], list(texts[1:]), list(texts)) == (3, "a", "c", ["a", "c"], ["b", "a", "c"])
    assert "a" in texts and "x" not in texts and texts.index("c") == 2
    with pytest.raises(ValueError, match="'x'"):
        texts.index("x")
