"""The reference work as tables of PostgreSQL: input, catalog, parameters of the plan; and its results as columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from benchmarks.peers import plan_tables as plan
from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, LEVELS, LINE_OUTPUTS, Columns, Output
from benchmarks.peers.postgres_server import Server, create, read_back

FOREVER = 2**31 - 1
FAR_FUTURE = 200_000
"""A day in the year 2517 stands for an end that is open."""

CEILINGS = tuple(f"ceiling_{level}" for level in LEVELS)

CLAIM_COLUMNS = tuple(name.replace(".", "_") for name in CLAIM_OUTPUTS)

SUM_FEN = (
    "CREATE AGGREGATE sum_fen(bigint) "
    "(SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, INITCOND = '0', PARALLEL = SAFE)"
)
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
        "billed",
        {
            "claim": ("integer", np.arange(len(claims["person"]), dtype=np.int32)),
            "person": ("integer", claims["person"]),
            "order_time": ("bigint", claims["order_time"]),
            "admission": ("date", claims["admission"]),
            "discharge": ("date", claims["discharge"]),
            "facility": ("integer", claims["facility"]),
            "member_group": ("smallint", claims["group"]),
            "visit": ("smallint", claims["visit"]),
        },
    )
    facilities = np.arange(len(columns.facility_level), dtype=np.int32)
    create(server, "facility", {"facility": ("integer", facilities), "level": ("smallint", columns.facility_level)})
    server.execute("ALTER TABLE facility ADD PRIMARY KEY (facility)")
    server.execute("CREATE VIEW claim AS SELECT b.*, f.level FROM billed b JOIN facility f USING (facility)")
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
    deductibles = [(level, *amounts) for level, amounts in enumerate(plan.ADMISSION_FEN)]
    server.execute(
        "CREATE UNLOGGED TABLE admission_deductible "
        "(level smallint PRIMARY KEY, first_due bigint, second_due bigint, later_due bigint)"
    )
    server.execute(f"INSERT INTO admission_deductible VALUES {_values(deductibles)}")
    rates = [
        (level, group, *bands) for level, groups in enumerate(plan.RATES_BY_GROUP) for group, bands in enumerate(groups)
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
    rows = _read(server, "line_result", ("line_id", *LINE_OUTPUTS))
    for name in LINE_OUTPUTS:
        out[name] = _in_order(rows, "line_id", name, len(columns), np.uint8 if name == "reason" else np.int64)
    rows = _read(server, "claim_result", ("claim", *CLAIM_COLUMNS))
    for output, name in zip(CLAIM_OUTPUTS, CLAIM_COLUMNS, strict=True):
        out[output] = _in_order(rows, "claim", name, len(columns.claims["person"]), np.int64)
    rows = _read(server, "account_result", ("person", *COUNTERS))
    for name in COUNTERS:
        out[f"accounts.{name}"] = _in_order(rows, "person", name, columns.persons, np.int64)
    return out


def _read(server: Server, table: str, names: tuple[str, ...]) -> pa.Table:
    return read_back(server, f"SELECT {', '.join(names)} FROM {table}")


def _in_order(rows: pa.Table, key: str, name: str, size: int, kind: type) -> np.ndarray:
    whole = np.zeros(size, kind)
    whole[rows[key].to_numpy()] = rows[name].to_numpy()
    return whole
