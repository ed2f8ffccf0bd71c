"""Accounts as a file: closing accounts of one run are the opening accounts of the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from adjudicator.accounts import Accounts
from adjudicator.columns import Category
from api.failures import CannotRunError

TEXTS = ("plan", "holder", "counter", "keys")
NUMBERS = ("period", "value")


def read_accounts(path: Path) -> Accounts:
    """Read accounts that a run wrote, CSV or Parquet. Raises CannotRunError when a column is missing or misread."""
    path.open("rb").close()
    try:
        table = arrow_parquet.read_table(path) if path.suffix == ".parquet" else _read_csv(path)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise CannotRunError("ACCOUNTS_NOT_READ", path=path, problem=str(error).splitlines()[0]) from None
    missing = [name for name in (*TEXTS, *NUMBERS) if name not in table.column_names]
    if missing:
        raise CannotRunError("ACCOUNTS_NOT_READ", path=path, problem=f"no column {', '.join(missing)}")
    for name in (*TEXTS[:-1], *NUMBERS):
        if empty := table[name].null_count:
            raise CannotRunError("ACCOUNTS_NOT_READ", path=path, problem=f"{name}: {empty} empty cells")
    plan, holder, counter, keys = (_category(table[name]) for name in TEXTS)
    period, value = (table[name].to_numpy().astype(np.int64) for name in NUMBERS)
    return Accounts(plan, holder, counter, keys, period, value)


def _read_csv(path: Path) -> pa.Table:
    types = {**dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(NUMBERS, pa.int64())}
    return arrow_csv.read_csv(path, convert_options=arrow_csv.ConvertOptions(column_types=types))


def _category(column: pa.ChunkedArray) -> Category:
    text = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), "")).combine_chunks()
    encoded = text.dictionary_encode()
    return Category(encoded.indices.to_numpy().astype(np.int32), tuple(encoded.dictionary.to_pylist()))
