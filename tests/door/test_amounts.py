"""The quick look at amounts passes nothing that the full one would find fault with."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.columns import MISSING
from api.door.line_checks import FEN_E8, TOLERANCE_FEN, doubtful, product_fen

NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.integers(-(10**15), 10**15), st.just(MISSING))


@given(NUMBERS, NUMBERS, st.integers(-3, 3))
def test_what_is_passed_agrees(price: int, quantity: int, off: int) -> None:
    amount = (price * quantity + FEN_E8 // 2) // FEN_E8 + off
    amount = amount if abs(amount) <= 10**11 else 7
    columns = [np.array([value]) for value in (amount, price, quantity)]
    if len(doubtful(*columns)):
        return
    assert MISSING not in (amount, price, quantity)
    assert abs(amount - int(product_fen(*columns[1:])[0])) <= TOLERANCE_FEN


def test_only_doubtful_blocks_are_looked_at() -> None:
    price, quantity = np.full(50_000, 1_230_000), np.full(50_000, 20_000)
    amount = np.full(50_000, 246)
    assert not len(doubtful(amount, price, quantity))
    assert not len(doubtful(-amount, price, -quantity))
    amount[20_000] += 2
    assert doubtful(amount, price, quantity)[[0, -1]].tolist() == [16_384, 32_767]
