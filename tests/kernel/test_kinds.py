"""Kinds of claims: every key has the same code for a claim as for its kind, and there are few kinds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import kinds
from adjudicator.columns import MISSING, Category, Flags, Number
from adjudicator.kinds import kinds_of
from adjudicator.rulebook import Key, KeyKind
from adjudicator.tables import ClaimCodes

from .test_tables import DAY, batch_of, category_key, number_key, program_of

KEYS = (
    category_key("word", "b", "a"),
    category_key("word", "c"),
    category_key("absent", "a"),
    number_key("number", 0, 4),
    number_key("number", 2, 7),
    number_key("date", DAY + 3),
    Key(KeyKind.FLAG, "mark", ("q",)),
    Key(KeyKind.FLAG, "mark", ("p",)),
    Key(KeyKind.FLAG, "word", ("a",)),
)
BY_SOURCE: dict[tuple[KeyKind, str], list[Key]] = {}
for key in KEYS:
    BY_SOURCE.setdefault((key.kind, key.source), []).append(key)

claims = st.tuples(
    st.sampled_from(["a", "b", "c", "d", None]),
    st.one_of(st.just(MISSING), st.integers(-3, 9)),
    st.sets(st.sampled_from(["p", "q"])),
)


@pytest.mark.parametrize("many", [1, 8, kinds.MANY])
@given(
    given_claims=st.lists(claims, min_size=1, max_size=30),
    fill=st.dictionaries(st.sampled_from(["word", "number", "absent"]), st.integers(0, 5)),
    chosen=st.randoms(use_true_random=False),
)
def test_codes_of_kinds_are_those_of_claims(many: int, given_claims: list, fill: dict, chosen) -> None:
    defaults: dict[str, str | int] = {k: v if k == "number" else "abcxyz"[v] for k, v in fill.items()}
    batch = batch_of(
        len(given_claims),
        word=Category.encode([claim[0] for claim in given_claims]),
        number=Number(np.array([claim[1] for claim in given_claims], np.int64)),
        mark=Flags.encode([sorted(claim[2]) for claim in given_claims]),
    )
    rows = np.array(chosen.sample(range(len(batch)), chosen.randint(1, len(batch))))
    for some in (None, rows):
        codes = ClaimCodes(batch, program_of(**defaults), some)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kinds, "MANY", many)
            found = kinds_of(codes, BY_SOURCE)
        assert found.codes.count <= max(codes.count, 1)
        for key in KEYS:
            of_kind = np.broadcast_to(found.codes.codes(key), found.codes.count)
            expected = np.broadcast_to(codes.codes(key), codes.count)
            assert np.broadcast_to(of_kind[found.kind], codes.count).tolist() == expected.tolist()


def test_claims_that_no_key_tells_apart_are_of_one_kind() -> None:
    batch = batch_of(4, word=Category.encode(["x", "y", None, "x"]), number=Number(np.array([7, 8, 9, 9])))
    codes = ClaimCodes(batch, program_of(word="y"))
    found = kinds_of(codes, {(k.kind, k.source): [k] for k in (category_key("word", "a"), number_key("number", 3))})
    assert found.kind == 0
    assert found.of(np.array([2, 3])) == 0
    assert found.codes.codes(category_key("word", "a")) == 1


def test_few_kinds_whatever_the_claims() -> None:
    rng = np.random.default_rng(3)
    batch = batch_of(
        5_000,
        word=Category(rng.integers(-1, 3, 5_000).astype(np.int32), ("a", "b", "c")),
        number=Number(rng.integers(0, 10**6, 5_000)),
    )
    keys = {
        (KeyKind.CATEGORY, "word"): [category_key("word", "a"), category_key("word", "b", "a")],
        (KeyKind.NUMBER, "number"): [number_key("number", 10), number_key("number", 500_000)],
    }
    found = kinds_of(ClaimCodes(batch, program_of()), keys)
    assert found.codes.count == 4 * 4  # a, b, other, missing; below, in and above the two edges, and missing
