"""The look-up of codes finds what a dictionary finds, in every form in which codes come."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import Catalog
from catalogs.tables import hashing
from catalogs.tables.hashing import CodeTable
from catalogs.tables.lookup import FEW, CatalogIndex

CODES = st.text(st.sampled_from("AB01 \0é药"), max_size=20) | st.text(max_size=5, alphabet=st.characters(codec="utf-8"))
HASHES = ("as it is", "one slot for all", "few slots")


def index_of(codes: dict[str, Sequence[str]]) -> CatalogIndex:
    """Make the index of a catalog that has so many codes in each place."""
    place = np.repeat(np.arange(len(codes), dtype=np.int32), [len(of_place) for of_place in codes.values()])
    every = tuple(code for of_place in codes.values() for code in of_place)
    return CatalogIndex(cast(Catalog, SimpleNamespace(places=tuple(codes), place=place, codes=every)))


def weaken(patch: pytest.MonkeyPatch, strength: str) -> None:
    """Make the hash send codes to the same slots."""
    strong = hashing.hashed
    if strength == "one slot for all":
        patch.setattr(hashing, "hashed", lambda words, bits: np.full(len(words), (1 << bits) - 1))
    elif strength == "few slots":
        patch.setattr(hashing, "hashed", lambda words, bits: strong(words, bits) & 3)


@pytest.mark.parametrize("strength", HASHES)
@given(known=st.lists(CODES, unique=True), asked=st.lists(st.none() | CODES), data=st.data())
def test_a_table_finds_what_a_dictionary_finds(
    strength: str, known: list[str], asked: list[str | None], data: st.DataObject
) -> None:
    if known:
        asked += data.draw(st.lists(st.sampled_from(known)))
    with pytest.MonkeyPatch.context() as patch:
        weaken(patch, strength)
        patch.setattr(hashing, "BLOCK", 7)
        found = CodeTable(known).find(pa.array(asked, pa.string()))
    places = {code: place for place, code in enumerate(known)}
    assert found.tolist() == [places.get(cast(str, code), -1) for code in asked]
    assert found.dtype == np.int32


def test_many_codes_of_one_pattern_are_all_found() -> None:
    for pattern in ("X%07d", "%d", "ZA01BAA%016dX", "药%05d"):
        known = [pattern % number for number in range(50_000)]
        table = CodeTable(known[:40_000])
        expected = np.where(np.arange(50_000) < 40_000, np.arange(50_000), -1)
        np.testing.assert_array_equal(table.find(pa.array(known)), expected)


PLACES = {"340300": ("D2", "D1"), "340000": ("D3", "D1"), "CN": ("D4", "D3", "D1", "D5")}
ASKED = ("D1", "D2", "D3", "D4", "??", "", "D1")
FOUND = {
    "340302": [1, 0, 2, 4, -1, -1, 1],
    "340300": [1, 0, 2, 4, -1, -1, 1],
    "340100": [3, -1, 2, 4, -1, -1, 3],
    "110105": [6, -1, 5, 4, -1, -1, 6],
    "CN": [6, -1, 5, 4, -1, -1, 6],
    "": [6, -1, 5, 4, -1, -1, 6],
}


def forms(codes: Sequence[str]) -> dict[str, Any]:
    """Give the codes in every form the index takes."""
    plain = pa.array(codes, pa.string())
    half = len(codes) // 2
    return {
        "strings": codes,
        "list": list(codes),
        "plain": plain,
        "large": plain.cast(pa.large_string()),
        "sliced": pa.array(["D4", *codes, "D4"]).slice(1, len(codes)),
        "dictionary": plain.dictionary_encode(),
        "sliced dictionary": pa.array(["D4", *codes, "D4"]).dictionary_encode().slice(1, len(codes)),
        "small dictionary": plain.cast(pa.dictionary(pa.int8(), pa.large_string())),
        "chunks": pa.chunked_array([plain[:half], plain[half:]]),
        "chunks with dictionaries": pa.chunked_array(
            [plain[:half].dictionary_encode(), plain[half:].dictionary_encode()]
        ),
    }


@pytest.mark.parametrize("place", FOUND)
@pytest.mark.parametrize("form", forms(ASKED))
def test_a_place_takes_the_row_of_the_next_larger_one(place: str, form: str) -> None:
    assert index_of(PLACES).rows_of(place, forms(ASKED)[form]).tolist() == FOUND[place]


@pytest.mark.parametrize("form", forms(()))
def test_no_codes_and_no_catalog(form: str) -> None:
    assert index_of(PLACES).rows_of("340300", forms(())[form]).tolist() == []
    assert index_of({}).rows_of("340300", forms(ASKED)[form]).tolist() == [-1] * len(ASKED)


def test_a_missing_code_has_no_row() -> None:
    index = index_of(PLACES)
    plain = pa.array(["D1", None, "D2", "D" * 100])
    assert index.rows_of("340300", plain).tolist() == [1, -1, 0, -1]
    assert index.rows_of("340300", plain.dictionary_encode()).tolist() == [1, -1, 0, -1]
    assert index.rows_of("340300", plain.dictionary_encode("encode")).tolist() == [1, -1, 0, -1]
    assert index.rows_of("340300", pa.array([None, None], pa.string()).dictionary_encode()).tolist() == [-1, -1]


def test_many_strings_are_looked_up_as_a_column() -> None:
    many = list(ASKED) * FEW
    assert index_of(PLACES).rows_of("340302", many).tolist() == FOUND["340302"] * FEW
