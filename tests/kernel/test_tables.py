"""Tables over attributes: codes of keys, rows of tables, missing and unknown values, defaults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.batch import Batch, Lines
from adjudicator.columns import MISSING, Category, Column, Flags, Number
from adjudicator.errors import ShapeError
from adjudicator.rulebook import Key, KeyKind, LineRules, Program, Table
from adjudicator.tables import ClaimCodes, cell_at, evaluate, number_codes, part

DAY = 19_000


def lines_of(claims: int) -> Lines:
    return Lines(np.zeros(claims + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64))


def batch_of(claims: int, **attributes: Column) -> Batch:
    names = Category(np.arange(claims, dtype=np.int32), tuple(map(str, range(claims))))
    dates = (DAY + np.arange(claims)).astype(np.int32)
    return Batch(names, names, names, dates.astype(np.int64), dates, dates, dates, lines_of(claims), attributes)


def number_key(source: str, *edges: int, kind: KeyKind = KeyKind.NUMBER) -> Key:
    lowest = [] if kind in (KeyKind.AMOUNT, KeyKind.COUNTER) else [MISSING + 1]
    return Key(kind, source, edges=np.array([*lowest, *edges], np.int64))


def category_key(source: str, *domain: str) -> Key:
    return Key(KeyKind.CATEGORY, source, domain)


def table_of(*keys: Key) -> Table:
    size = int(np.prod([k.size for k in keys], initial=1))
    rows = np.arange(size, dtype=np.int64)
    return Table(keys, rows, (rows % 7).astype(np.uint8), np.zeros(size, np.int32))


def program_of(**defaults: str | int) -> Program:
    return Program("p", "resident_basic", (), (), LineRules(1, table_of()), 0, 99_999, defaults=defaults)


def codes_of(batch: Batch, key: Key, **defaults: str | int) -> list[int]:
    code = ClaimCodes(batch, program_of(**defaults)).codes(key)
    return np.broadcast_to(code, len(batch)).tolist()


def test_category_other_and_missing() -> None:
    batch = batch_of(4, level=Category.encode(["secondary", "unheard", None, "tertiary"]))
    assert codes_of(batch, category_key("level", "tertiary", "secondary")) == [1, 2, 3, 0]


def test_category_default_replaces_missing_only() -> None:
    batch = batch_of(3, zone=Category.encode(["abroad", None, "x"]))
    assert codes_of(batch, category_key("zone", "local", "abroad"), zone="local") == [1, 0, 2]
    assert codes_of(batch, category_key("zone", "local", "abroad"), zone="nowhere") == [1, 2, 2]


def test_absent_column_is_missing_or_default_and_costs_no_array() -> None:
    batch = batch_of(3)
    codes = ClaimCodes(batch, program_of(filing="none"))
    assert codes.codes(category_key("filing", "filed", "none")) == 1
    assert codes.codes(category_key("level", "tertiary")) == 2
    assert codes.codes(number_key("age", 60)) == 0
    assert codes.codes(Key(KeyKind.FLAG, "status", ("poor",))) == 0


def test_number_missing_is_code_zero_and_may_take_a_default() -> None:
    batch = batch_of(4, age=Number(np.array([59, 60, MISSING, -3], np.int64)))
    assert codes_of(batch, number_key("age", 60, 70)) == [1, 2, 0, 1]
    assert codes_of(batch, number_key("age", 60, 70), age=70) == [1, 2, 3, 1]


def test_many_edges_agree_with_few() -> None:
    values = np.array([MISSING, -5, 0, 1, 39, 40, 41, 1 << 40], np.int64)
    edges = np.array([MISSING + 1, *range(0, 41)], np.int64)
    expected = [sum(e <= v for e in edges.tolist()) for v in values.tolist()]
    assert number_codes(edges, values).tolist() == expected
    assert number_codes(edges[:3], values).tolist() == [min(c, 3) for c in expected]


def test_flags_from_marks_categories_and_numbers() -> None:
    batch = batch_of(
        3,
        status=Flags.encode([["poor"], [], ["veteran", "poor"]]),
        kind=Category.encode(["poor", None, "rich"]),
        consent=Number(np.array([1, 0, MISSING], np.int64)),
    )
    assert codes_of(batch, Key(KeyKind.FLAG, "status", ("poor",))) == [1, 0, 1]
    assert codes_of(batch, Key(KeyKind.FLAG, "status", ("veteran",))) == [0, 0, 1]
    assert codes_of(batch, Key(KeyKind.FLAG, "status", ("orphan",))) == [0, 0, 0]
    assert codes_of(batch, Key(KeyKind.FLAG, "kind", ("poor",))) == [1, 0, 0]
    assert codes_of(batch, Key(KeyKind.FLAG, "consent", ("consent",))) == [1, 0, 0]


def test_column_of_the_wrong_type_is_refused() -> None:
    batch = batch_of(2, age=Category.encode(["1", "2"]), level=Number(np.zeros(2, np.int64)))
    with pytest.raises(ShapeError, match="age must be a number, not a category"):
        codes_of(batch, number_key("age", 3))
    with pytest.raises(ShapeError, match="level must be a category, not a number"):
        codes_of(batch, category_key("level", "tertiary"))


def test_date_is_the_benefit_date_and_one_period_is_one_code() -> None:
    codes = ClaimCodes(batch_of(4), program_of())
    assert np.asarray(codes.codes(number_key("date", DAY + 2))).tolist() == [1, 1, 2, 2]
    assert codes.codes(number_key("date", DAY - 9, DAY + 90)) == 2


def test_rows_choose_and_order_claims() -> None:
    batch = batch_of(4, level=Category.encode(["a", "b", "a", "b"]))
    codes = ClaimCodes(batch, program_of(), np.array([3, 0, 1]))
    assert np.asarray(codes.codes(category_key("level", "a", "b"))).tolist() == [1, 0, 1]
    assert np.asarray(codes.codes(number_key("date", DAY + 1))).tolist() == [2, 1, 2]
    derived = ClaimCodes(batch, program_of(), slice(1, 3), {"nth": Number(np.array([5, 6]))})
    assert np.asarray(derived.codes(number_key("nth", 6))).tolist() == [1, 2]


def test_last_key_varies_fastest() -> None:
    table = table_of(category_key("level", "a", "b"), number_key("age", 60), Key(KeyKind.FLAG, "status", ("poor",)))
    assert table.strides == (6, 2, 1)


def test_table_without_keys_is_a_scalar() -> None:
    value, state = evaluate(table_of(), ClaimCodes(batch_of(5), program_of()))
    assert value.shape == () and int(value) == 0 and int(state) == 0


def test_dynamic_keys_join_in_the_wave() -> None:
    table = table_of(
        category_key("level", "a", "b"),
        number_key("admissions", 1, 2, kind=KeyKind.COUNTER),
        number_key("in_scope", 100, kind=KeyKind.AMOUNT),
    )
    codes = ClaimCodes(batch_of(3, level=Category.encode(["b", "a", "zzz"])), program_of())
    assert [step for _, step in table.dynamic] == [2, 1]
    index = part(codes.static_index(table), slice(1, 3))
    at = cell_at(table, index, (np.array([0, 7]), np.array([100, 99])))
    values, states = table.values[at], table.states[at]
    assert values.tolist() == [0 * 6 + 0 + 1, 2 * 6 + 2 * 2 + 0]
    assert states.tolist() == (values % 7).tolist()


words = st.sampled_from(["a", "b", "c", None])
rows = st.lists(
    st.tuples(words, st.one_of(st.just(MISSING), st.integers(-3, 9)), st.sets(st.sampled_from(["p", "q"]))), min_size=1
)


@given(rows, st.dictionaries(st.sampled_from(["word", "number"]), st.integers(0, 5)))
def test_any_table_equals_looking_up_row_by_row(given_rows: list[tuple[str | None, int, set[str]]], fill: dict) -> None:
    defaults: dict[str, str | int] = {k: ("abcxyz"[v] if k == "word" else v) for k, v in fill.items()}
    batch = batch_of(
        len(given_rows),
        word=Category.encode([r[0] for r in given_rows]),
        number=Number(np.array([r[1] for r in given_rows], np.int64)),
        mark=Flags.encode([sorted(r[2]) for r in given_rows]),
    )
    keys = (category_key("word", "b", "a"), number_key("number", 0, 4), Key(KeyKind.FLAG, "mark", ("q",)))
    for order in itertools.permutations(keys):
        table = table_of(*order)
        values = np.broadcast_to(evaluate(table, ClaimCodes(batch, program_of(**defaults)))[0], len(batch))
        assert values.tolist() == [row_of(order, row, defaults) for row in given_rows]


def row_of(keys: tuple[Key, ...], row: tuple[str | None, int, set[str]], defaults: dict[str, str | int]) -> int:
    word = row[0] if row[0] is not None else defaults.get("word")
    number = row[1] if row[1] != MISSING else defaults.get("number", MISSING)
    code = {
        "word": 3 if word is None else {"b": 0, "a": 1}.get(str(word), 2),
        "number": 0 if number == MISSING else 1 + (int(number) >= 0) + (int(number) >= 4),
        "mark": int("q" in row[2]),
    }
    found = 0
    for key in keys:
        found = found * key.size + code[key.source]
    return found
