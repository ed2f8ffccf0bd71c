"""The reference work as tables of PostgreSQL: input, catalog, parameters of the plan; and its results as columns."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import plan_tables as plan
from benchmarks.peers.columns import COUNTERS, LEVELS, Columns, Output
from benchmarks.peers.postgres_server import Server, create, read_back

FOREVER = 2**31 - 1
FAR_FUTURE = 200_000
"""A day in the year 2517 stands for an end that is open."""

CEILINGS = tuple(f"ceiling_{level}" for level in LEVELS)

LINE_COLUMNS = (
    ("line_id", "integer"),
    ("in_scope", "bigint"),
    ("upfront", "bigint"),
    ("over_limit", "bigint"),
    ("self_funded", "bigint"),
    ("reason", "smallint"),
)
CLAIM_COLUMNS = (
    ("claim", "integer"),
    ("basic_base", "bigint"),
    ("basic_deductible", "bigint"),
    ("basic_paid", "bigint"),
    ("catastrophic_base", "bigint"),
    ("catastrophic_deductible", "bigint"),
    ("catastrophic_paid", "bigint"),
    ("cash", "bigint"),
)
ACCOUNT_COLUMNS = (("person", "integer"), *((counter, "bigint") for counter in COUNTERS))

SUM_FEN = "CREATE AGGREGATE sum_fen(bigint) (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, INITCOND = '0', PARALLEL = SAFE)"
"""sum(bigint) gives numeric; a bill fits into bigint, and this sum is many times faster as a window function."""


def load(server: Server, columns: Columns) -> None:
    """Make and fill all input tables, with the indexes and statistics both formulations use."""
    server.execute(SUM_FEN)
    lines, claims = columns.lines, columns.claims
    create(
        server,
        "line",
        {
            "line_id": ("integer", np.arange(len(columns), dtype=np.int32)),
            "claim": ("integer", lines["claim"]),
            "item": ("integer", lines["item"]),
            "service_date": ("date", lines["service_date"]),
            "quantity_e4": ("bigint", lines["quantity_e4"]),
            "amount_fen": ("bigint", lines["amount_fen"]),
        },
    )
    create(
        server,
        "claim",
        {
            "claim": ("integer", np.arange(len(claims["person"]), dtype=np.int32)),
            "person": ("integer", claims["person"]),
            "order_time": ("bigint", claims["order_time"]),
            "admission": ("date", claims["admission"]),
            "discharge": ("date", claims["discharge"]),
            "level": ("smallint", claims["level"]),
            "member_group": ("smallint", claims["group"]),
            "visit": ("smallint", claims["visit"]),
        },
    )
    _load_catalog(server, columns)
    _load_plan(server)


def _load_catalog(server: Server, columns: Columns) -> None:
    """`dictionary`: the codes of the lines; `item_version`: the catalog, by code and first day."""
    server.execute("CREATE UNLOGGED TABLE dictionary (item integer PRIMARY KEY, code text NOT NULL)")
    with server.first.cursor().copy("COPY dictionary FROM STDIN") as copy:
        copy.write("".join(f"{item}\t{code}\n" for item, code in enumerate(columns.dictionary)))
    versions = columns.versions
    until = np.where(versions["valid_until"] == FOREVER, FAR_FUTURE, versions["valid_until"]).astype(np.int32)
    create(
        server,
        "numbered_version",
        {
            "catalog_item": ("integer", versions["item"]),
            "valid_from": ("date", versions["valid_from"]),
            "valid_until": ("date", until),
            "item_class": ("smallint", versions["item_class"]),
            "upfront_ppm": ("integer", versions["upfront_ppm"]),
            **{name: ("bigint", versions["ceiling_e6"][:, place]) for place, name in enumerate(CEILINGS)},
        },
    )
    server.execute("CREATE UNLOGGED TABLE catalog_item (catalog_item integer PRIMARY KEY, code text NOT NULL)")
    with server.first.cursor().copy("COPY catalog_item FROM STDIN") as copy:
        copy.write("".join(f"{item}\t{code}\n" for item, code in enumerate(columns.items)))
    server.execute(
        f"CREATE UNLOGGED TABLE item_version AS SELECT code, valid_from, valid_until, item_class, upfront_ppm, "
        f"{', '.join(CEILINGS)} FROM numbered_version JOIN catalog_item USING (catalog_item) ORDER BY code, valid_from"
    )
    server.execute("ALTER TABLE item_version ADD PRIMARY KEY (code, valid_from)")
    server.execute("DROP TABLE numbered_version, catalog_item")


def _load_plan(server: Server) -> None:
    deductibles = [
        (level, nth, amount)
        for level, amounts in enumerate(plan.ADMISSION_DEDUCTIBLE)
        for nth, amount in enumerate(amounts, start=1)
    ]
    server.execute(
        "CREATE UNLOGGED TABLE admission_deductible (level smallint, nth integer, deductible bigint, PRIMARY KEY (level, nth))"
    )
    server.execute(f"INSERT INTO admission_deductible VALUES {_values(deductibles)}")
    rates = [
        (level, group, *bands) for level, groups in enumerate(plan.BAND_RATES) for group, bands in enumerate(groups)
    ]
    server.execute(
        "CREATE UNLOGGED TABLE band_rate (level smallint, member_group smallint, rate_1 bigint, rate_2 bigint, "
        "rate_3 bigint, PRIMARY KEY (level, member_group))"
    )
    server.execute(f"INSERT INTO band_rate VALUES {_values(rates)}")


def _values(rows: list[tuple[int, ...]]) -> str:
    return ", ".join(str(row) for row in rows)


def bands(start: str, end: str, edges: tuple[int, ...], rates: tuple[object, ...]) -> str:
    """Give SQL for the payment, half-up, of what lies between `start` and `end` in the bands."""
    terms = []
    for number, rate in enumerate(rates):
        low = edges[number - 1] if number else None
        high = edges[number] if number < len(edges) else None
        top = end if high is None else f"LEAST({end}, {high})"
        bottom = start if low is None else f"GREATEST({start}, {low})"
        terms.append(f"GREATEST({top} - {bottom}, 0) * {rate}")
    return f"({' + '.join(terms)} + {plan.PPM // 2}) / {plan.PPM}"


def results(server: Server, columns: Columns) -> Output:
    """Read `line_result`, `claim_result` and `account_result` back into columns in the order of the input."""
    out: Output = {}
    rows = _read(server, "line_result", LINE_COLUMNS)
    for name, _ in LINE_COLUMNS[1:]:
        kind = np.uint8 if name == "reason" else np.int64
        out[name] = _in_order(rows["line_id"], rows[name], len(columns), kind)
    rows = _read(server, "claim_result", CLAIM_COLUMNS)
    for name, _ in CLAIM_COLUMNS[1:]:
        out[name.replace("_", ".", 1)] = _in_order(rows["claim"], rows[name], len(columns.claims["person"]), np.int64)
    rows = _read(server, "account_result", ACCOUNT_COLUMNS)
    for name in COUNTERS:
        out[f"accounts.{name}"] = _in_order(rows["person"], rows[name], columns.persons, np.int64)
    return out


def _read(server: Server, table: str, shape: tuple[tuple[str, str], ...]) -> np.ndarray:
    return read_back(server, f"SELECT {', '.join(name for name, _ in shape)} FROM {table}", shape)


def _in_order(place: np.ndarray, values: np.ndarray, size: int, kind: type) -> np.ndarray:
    whole = np.zeros(size, kind)
    whole[place] = values
    return whole
