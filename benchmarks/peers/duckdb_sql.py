"""The statements that the DuckDB contenders are put together from.

All arithmetic is BIGINT: sums of BIGINT are HUGEINT in DuckDB, so they are taken over DOUBLE where every partial sum is
an integer below 2**53 (90 thousand billion yuan a person), which is exact, and cast back. Results stay in DuckDB's own
column store: fetching them is not timed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.peers import rule
from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, LINE_OUTPUTS, Columns, Output

OUTPUT_TABLES = ("cell", "judged", "summed", "sorted", "settled", "account")


@dataclass(slots=True)
class State:
    """A connection with the tables loaded and the statements of one contender, in order."""

    connection: duckdb.DuckDBPyConnection
    statements: tuple[str, ...]
    columns: Columns


def run(state: State) -> None:
    for table in OUTPUT_TABLES:
        state.connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in state.statements:
        state.connection.execute(statement)


def close(state: State) -> None:
    state.connection.close()


def unpack(state: State, found: None) -> Output:
    run_sql = state.connection.execute
    out: Output = dict(run_sql(f"SELECT {', '.join(LINE_OUTPUTS)} FROM judged ORDER BY line").fetchnumpy())
    names = ", ".join(f'"{name}"' for name in CLAIM_OUTPUTS)
    out |= run_sql(f"SELECT {names} FROM settled ORDER BY claim").fetchnumpy()
    accounts = run_sql(f"SELECT person, {', '.join(COUNTERS)} FROM account").fetchnumpy()
    for counter in COUNTERS:
        values = np.zeros(state.columns.persons, np.int64)
        values[accounts["person"]] = accounts[counter]
        out[f"accounts.{counter}"] = values
    return {name: np.asarray(values) for name, values in out.items()}


# ------------------------------------------------------------------------------------------------ loading


def connect(threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads, "preserve_insertion_order": True})


def load(columns: Columns, threads: int, codes: str) -> duckdb.DuckDBPyConnection:
    """Load claims, lines, versions and the dictionary; `codes`: number, text or enum."""
    connection = connect(threads)
    lines = {name: pa.array(values) for name, values in columns.lines.items() if name != "item"}
    if codes == "number":
        lines["code"] = pa.array(columns.lines["item"])
    else:
        lines["code"] = columns.plain_strings()
    lines["line"] = pa.array(np.arange(len(columns), dtype=np.int32))
    _store(connection, "line", pa.table(lines))
    claims = {name: pa.array(values) for name, values in columns.claims.items() if name != "first"}
    claims["claim"] = pa.array(np.arange(len(claims["person"]), dtype=np.int32))
    _store(connection, "billed", pa.table(claims))
    facilities = np.arange(len(columns.facility_level), dtype=np.int32)
    _store(connection, "facility", pa.table({"facility": facilities, "level": columns.facility_level}))
    connection.execute("CREATE VIEW claim AS SELECT b.*, f.level FROM billed b JOIN facility f USING (facility)")
    _store(connection, "dictionary", _dictionary(columns))
    _store(connection, "version", _versions(columns))
    if codes == "enum":
        connection.execute(
            "CREATE TYPE item_code AS ENUM"
            " (SELECT code FROM (SELECT code FROM version UNION SELECT code FROM dictionary) ORDER BY code)"
        )
        for table in ("line", "version", "dictionary"):
            connection.execute(f"ALTER TABLE {table} ALTER code TYPE item_code")
    stretch(connection)
    return connection


def _store(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("loading", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM loading")
    connection.unregister("loading")


def _dictionary(columns: Columns) -> pa.Table:
    numbers = np.arange(len(columns.dictionary), dtype=np.int32)
    return pa.table({"number": numbers, "code": pa.array(columns.dictionary, pa.string())})


def _versions(columns: Columns) -> pa.Table:
    versions = columns.versions
    table = {name: pa.array(versions[name]) for name in ("valid_from", "valid_until", "item_class", "upfront_ppm")}
    for level in range(versions["ceiling_e6"].shape[1]):
        table[f"ceiling_{level}"] = pa.array(np.ascontiguousarray(versions["ceiling_e6"][:, level]))
    return pa.table({"code": columns.plain_versions(), **table})


def stretch(connection: duckdb.DuckDBPyConnection) -> None:
    """Index the catalog: between two dates on which it changes every item has at most one version.

    `day` gives the stretch of every date, `stretched` one row an item and stretch with what the rule needs.
    """
    connection.execute(
        "CREATE TABLE change AS SELECT day, row_number() OVER (ORDER BY day) AS stretch FROM"
        " (SELECT valid_from AS day FROM version UNION SELECT valid_until FROM version)"
        " WHERE day BETWEEN (SELECT min(service_date) FROM line) AND (SELECT max(service_date) FROM line)"
    )
    connection.execute(
        "CREATE TABLE day AS SELECT d.day::INTEGER AS day,"
        " (SELECT count(*) FROM change c WHERE c.day <= d.day)::INTEGER AS stretch"
        " FROM (SELECT unnest(range(min(service_date)::BIGINT, max(service_date)::BIGINT + 1)) AS day"
        " FROM line) d"
    )
    connection.execute("ALTER TABLE day ADD COLUMN shift INTEGER")
    connection.execute("UPDATE day SET shift = stretch * (SELECT count(*) FROM dictionary)")
    connection.execute(
        "CREATE TABLE stretched AS SELECT i.code, s.stretch::INTEGER AS stretch,"
        f" (CASE WHEN v.code IS NULL THEN {rule.NOT_IN_FORCE} WHEN v.item_class = {rule.CLASS_C} THEN"
        f" {rule.SELF_FUNDED} ELSE 0 END)::UTINYINT AS reason, coalesce(v.upfront_ppm, 0)::INTEGER AS upfront_ppm,"
        + ", ".join(f"coalesce(v.ceiling_{n}, -1) AS ceiling_{n}" for n in range(4))
        + " FROM (SELECT DISTINCT code FROM version) i"
        " CROSS JOIN (SELECT stretch, min(day) AS first FROM day GROUP BY stretch) s"
        " LEFT JOIN version v ON v.code = i.code AND v.valid_from <= s.first AND s.first < v.valid_until"
    )


# ------------------------------------------------------------------------------------------------ lines

CELLS = (
    "CREATE TEMP TABLE cell AS SELECT (n.shift + d.number)::INTEGER AS cell,"
    f" coalesce(s.reason, {rule.UNKNOWN_ITEM})::UTINYINT AS reason, coalesce(s.upfront_ppm, 0) AS upfront_ppm, "
    + ", ".join(f"coalesce(s.ceiling_{n}, -1) AS ceiling_{n}" for n in range(4))
    + " FROM (SELECT DISTINCT stretch, shift FROM day) n CROSS JOIN dictionary d"
    " LEFT JOIN stretched s ON s.code = d.code AND s.stretch = n.stretch"
)
"""Each distinct code is looked up once; lines then join on one dense integer."""

BY_CELL = " FROM line l JOIN day ON day.day = l.service_date JOIN cell v ON v.cell = l.code + day.shift"
BY_CODE = (
    " FROM line l JOIN day ON day.day = l.service_date"
    " LEFT JOIN stretched v ON v.code = l.code AND v.stretch = day.stretch"
)
BY_RANGE = (
    " FROM (SELECT l.*, d.code AS item_code, i.code AS known FROM line l JOIN dictionary d ON d.number = l.code"
    " LEFT JOIN (SELECT DISTINCT code FROM version) i ON i.code = d.code) l"
    " LEFT JOIN version v ON v.code = l.item_code AND l.service_date >= v.valid_from AND l.service_date < v.valid_until"
)
BY_ASOF = (
    " FROM (SELECT l.*, d.code AS item_code, i.code AS known FROM line l JOIN dictionary d ON d.number = l.code"
    " LEFT JOIN (SELECT DISTINCT code FROM version) i ON i.code = d.code) l"
    " ASOF LEFT JOIN version v ON v.code = l.item_code AND l.service_date >= v.valid_from"
)
CATALOG_REASON = (
    f"CASE WHEN l.known IS NULL THEN {rule.UNKNOWN_ITEM} WHEN v.code IS NULL OR l.service_date >= v.valid_until"
    f" THEN {rule.NOT_IN_FORCE} WHEN v.item_class = {rule.CLASS_C} THEN {rule.SELF_FUNDED} ELSE 0 END"
)


def judged(source: str, catalog_reason: str) -> str:
    """Give the statement that judges every line: `source` joins it to the version in force."""
    stay = f"(c.visit = {rule.INPATIENT} OR c.discharge > c.admission)"
    refused, outside = "refusal <> 0", f"l.service_date NOT BETWEEN c.admission AND c.discharge AND {stay}"
    return f"""
CREATE TEMP TABLE judged AS
WITH found AS (
  SELECT l.line, l.claim, l.amount_fen AS amount, l.quantity_e4, v.upfront_ppm,
    CASE c.level WHEN 0 THEN v.ceiling_0 WHEN 1 THEN v.ceiling_1 WHEN 2 THEN v.ceiling_2
      ELSE v.ceiling_3 END AS ceiling,
    {catalog_reason} AS catalog_reason, {outside} AS outside
  {source} JOIN claim c ON c.claim = l.claim),
reasoned AS (
  SELECT *, CASE WHEN catalog_reason <> 0 THEN catalog_reason WHEN outside THEN {rule.OUTSIDE_STAY}
    ELSE 0 END AS refusal
  FROM found),
limited AS (
  SELECT *, CASE WHEN refusal = 0 AND ceiling >= 0
    THEN greatest(amount - (ceiling * quantity_e4 + 50000000) // 100000000, 0) ELSE 0 END AS over_limit
  FROM reasoned),
shared AS (
  SELECT *, CASE WHEN {refused} THEN 0 ELSE (upfront_ppm * (amount - over_limit) + 500000) // 1000000 END AS upfront
  FROM limited)
SELECT line, claim, amount, CASE WHEN {refused} THEN 0 ELSE amount - over_limit - upfront END AS in_scope,
  upfront, over_limit, CASE WHEN {refused} THEN amount ELSE 0 END AS self_funded,
  (CASE WHEN {refused} THEN refusal ELSE (upfront > 0)::INTEGER + 2 * (over_limit > 0)::INTEGER END)::UTINYINT AS reason
FROM shared"""


SUMMED = """
CREATE TEMP TABLE summed AS
SELECT claim, sum(in_scope::DOUBLE)::BIGINT AS base, sum(amount::DOUBLE)::BIGINT AS total FROM judged GROUP BY claim"""


# ------------------------------------------------------------------------------------------------ claims


def by_level(table: tuple[tuple[int, ...], ...], inner: str, choices: tuple[str, ...]) -> str:
    """Give a CASE over level and a second choice."""
    rows = []
    for level, values in enumerate(table):
        picks = " ".join(f"WHEN {choice} THEN {value}" for choice, value in zip(choices, values[:-1], strict=True))
        rows.append(f"WHEN {level} THEN CASE {inner} {picks} ELSE {values[-1]} END")
    return f"CASE level {' '.join(rows)} END"


def rate(number: int) -> str:
    return by_level(rule.RATES_PPM[number], "grp", ("0", "1"))


def admission_deductible(nth: str) -> str:
    return by_level(rule.ADMISSION_FEN, nth, ("1", "2"))


def between(low: str, high: str, lower: int, upper: int | None) -> str:
    """Give the width of low..high inside a slice."""
    top = high if upper is None else f"least({high}, {upper})"
    return f"greatest({top} - greatest({low}, {lower}), 0)"


def paid_by_bands(low: str, high: str) -> str:
    first, second = rule.EDGES_FEN
    widths = (between(low, high, 0, first), between(low, high, first, second), between(low, high, second, None))
    return "(" + " + ".join(f"{w} * ({rate(n)})" for n, w in enumerate(widths)) + " + 500000) // 1000000"


def catastrophic_by_bands(low: str, high: str) -> str:
    edges = (0, *rule.CATASTROPHIC_EDGES_FEN, None)
    parts = [
        f"{between(low, high, edges[n] or 0, edges[n + 1])} * {ppm}"
        for n, ppm in enumerate(rule.CATASTROPHIC_RATES_PPM)
    ]
    return "(" + " + ".join(parts) + " + 500000) // 1000000"


def within(total: str, amount: str, cap: int) -> str:
    """Give what a cap on a running total lets through of the amount that was added last."""
    return f"least({total}, {cap}) - least({total} - {amount}, {cap})"


CLAIMS = (
    'SELECT s.claim, s.base, s.total, c.person, c.order_time, c.level, c."group" AS grp, c.visit'
    " FROM summed s JOIN claim c USING (claim)"
)
SETTLED_COLUMNS = (
    'claim, person, base AS "basic.base", deductible AS "basic.deductible", paid AS "basic.paid",'
    ' rest AS "catastrophic.base", borne AS "catastrophic.deductible", top AS "catastrophic.paid",'
    " total - paid - top AS cash, visit"
)
ACCOUNT = f"""
CREATE TEMP TABLE account AS
SELECT person, count(*) FILTER (visit = {rule.INPATIENT}) AS admissions,
  sum(("basic.deductible" * (visit = {rule.OUTPATIENT})::BIGINT)::DOUBLE)::BIGINT AS outpatient_borne,
  sum(("basic.base" - "basic.deductible")::DOUBLE)::BIGINT AS banded_ytd,
  sum("basic.paid"::DOUBLE)::BIGINT AS pool_paid,
  sum("catastrophic.deductible"::DOUBLE)::BIGINT AS catastrophic_borne,
  sum(("catastrophic.base" - "catastrophic.deductible")::DOUBLE)::BIGINT AS catastrophic_ytd,
  sum("catastrophic.paid"::DOUBLE)::BIGINT AS catastrophic_paid
FROM settled GROUP BY person"""


Stage = Callable[[str, str, dict[str, str]], str]
"""(name before, name after, {column: running total of}) -> common table expressions."""


def settled(stage: Stage, source: str) -> str:
    """Give the statement that settles every claim; `stage` adds running totals over the claims of a person.

    No cap feeds back into what is banded, so every counter before a claim is a running sum over earlier claims.
    """
    stay, visit = f"visit = {rule.INPATIENT}", f"visit = {rule.OUTPATIENT}"
    floor = rule.CATASTROPHIC_DEDUCTIBLE_FEN
    deductible = (
        f"least(base, CASE WHEN {stay} THEN {admission_deductible('nth')}"
        f" ELSE {within('outpatient', 'base', rule.OUTPATIENT_FEN)} END)"
    )
    counted = stage(
        "ordered",
        "counted",
        {"nth": f"CASE WHEN {stay} THEN 1 ELSE 0 END", "outpatient": f"CASE WHEN {visit} THEN base ELSE 0 END"},
    )
    return f"""
CREATE TEMP TABLE settled AS
WITH ordered AS ({source}),
{counted},
borne AS (SELECT *, ({deductible})::BIGINT AS deductible, base - ({deductible})::BIGINT AS banded FROM counted),
{stage("borne", "banding", {"high": "banded"})},
paying AS (SELECT *, {paid_by_bands("(high - banded)", "high")} AS uncapped FROM banding),
{stage("paying", "capping", {"pool": "uncapped"})},
first AS (SELECT *, {within("pool", "uncapped", rule.CAP_FEN)} AS paid FROM capping),
remaining AS (SELECT *, base - paid AS rest FROM first),
{stage("remaining", "leaving", {"left_high": "rest"})},
bearing AS (SELECT *, {within("left_high", "rest", floor)} AS borne, greatest(left_high - {floor}, 0) AS c_high,
  greatest(left_high - rest - {floor}, 0) AS c_low FROM leaving),
topping AS (SELECT *, {catastrophic_by_bands("c_low", "c_high")} AS c_uncapped FROM bearing),
{stage("topping", "capped", {"c_pool": "c_uncapped"})},
second AS (SELECT *, {within("c_pool", "c_uncapped", rule.CATASTROPHIC_CAP_FEN)} AS top FROM capped)
SELECT {SETTLED_COLUMNS} FROM second"""


def by_person(before: str, after: str, totals: dict[str, str]) -> str:
    """Running totals as window functions over the claims of a person."""
    sums = ", ".join(f"(sum(({of})::DOUBLE) OVER w)::BIGINT AS {name}" for name, of in totals.items())
    window = "WINDOW w AS (PARTITION BY person ORDER BY order_time, claim ROWS UNBOUNDED PRECEDING)"
    return f"{after} AS (SELECT *, {sums} FROM {before} {window})"


def over_all(before: str, after: str, totals: dict[str, str]) -> str:
    """Running totals over all claims, sorted once, less what stood at the person's first claim: DuckDB streams both.

    What is summed is never negative, so the largest start so far is that of the person at hand.
    """
    rows = "OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    sums = ", ".join(
        f"({of})::DOUBLE AS of_{name}, sum(({of})::DOUBLE) {rows} AS all_{name}" for name, of in totals.items()
    )
    less = ", ".join(
        f"(all_{n} - max(CASE WHEN starts THEN all_{n} - of_{n} END) {rows})::BIGINT AS {n}" for n in totals
    )
    return f"{after}_all AS (SELECT *, {sums} FROM {before}), {after} AS (SELECT *, {less} FROM {after}_all)"


SORTED = f"CREATE TEMP TABLE sorted AS {CLAIMS} ORDER BY person, order_time, claim"
WINDOWS = settled(by_person, CLAIMS)
RUNNING = settled(over_all, "SELECT *, coalesce(person <> lag(person) OVER (), true) AS starts FROM sorted")
