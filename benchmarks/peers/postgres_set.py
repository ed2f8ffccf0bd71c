"""PostgreSQL, one set-based query a result table: hash joins for lines, window functions for claims in order.

No amount is negative here, so a counter with a limit is LEAST(limit, running sum) and every layer is a window over
the claims of a person in their order; all windows share one sort. That closed form is wrong once a reversal stands
among the claims; the stored procedure is not.

Not timed: input tables filled by COPY (unlogged), statistics. Timed: the three result tables (unlogged, made by
CREATE TABLE AS, which may run in parallel) and reading them back into columns (ADBC, binary).
"""

from __future__ import annotations

from dataclasses import dataclass

from adjudicator.reasons import LineReason
from benchmarks.peers import plan_tables as plan
from benchmarks.peers import postgres_server
from benchmarks.peers.columns import COUNTERS, LEVELS, Columns, Output
from benchmarks.peers.postgres_server import Server, open_server
from benchmarks.peers.postgres_tables import CEILINGS, bands, load, results

NAME = "PostgreSQL, set-based, dictionary codes"
THREADS = (1, 2)
LARGEST_LINES = 10_000_000

CEILING = " ".join(f"WHEN {level} THEN {name}" for level, name in enumerate(CEILINGS))

BANDS = bands("(banded_until - (base - deductible))", "banded_until", plan.EDGES_FEN, ("rate_1", "rate_2", "rate_3"))
SECOND_BANDS = bands(
    "rest_banded_before", "rest_banded_until", plan.CATASTROPHIC_EDGES_FEN, plan.CATASTROPHIC_RATES_PPM
)

LINES = f"""
CREATE UNLOGGED TABLE line_result AS
WITH entry AS (
    SELECT d.item, COALESCE(v.valid_from, '-infinity') AS valid_from,
           COALESCE(v.valid_until, 'infinity') AS valid_until,
           CASE WHEN v.code IS NULL THEN {LineReason.UNKNOWN_ITEM:d}
                WHEN v.item_class = {plan.CLASS_C} THEN {LineReason.CLASS_C:d}
                ELSE 0 END AS reason,
           v.upfront_ppm, {", ".join(f"v.{name}" for name in CEILINGS)}
    FROM dictionary d LEFT JOIN item_version v USING (code)
), found AS (
    SELECT l.line_id, l.claim, l.amount_fen, l.quantity_e4, e.upfront_ppm,
           CASE WHEN e.item IS NULL THEN {LineReason.NOT_IN_FORCE:d}
                WHEN e.reason <> 0 THEN e.reason
                WHEN (c.discharge > c.admission OR c.visit = {plan.INPATIENT})
                     AND l.service_date NOT BETWEEN c.admission AND c.discharge THEN {LineReason.OUTSIDE_STAY:d}
                ELSE 0 END AS refused,
           CASE c.level {CEILING} END AS ceiling_e6
    FROM line l
    JOIN claim c USING (claim)
    LEFT JOIN entry e ON e.item = l.item AND l.service_date >= e.valid_from AND l.service_date < e.valid_until
), limited AS (
    SELECT *, CASE WHEN refused = 0 AND ceiling_e6 >= 0 THEN
               GREATEST(amount_fen - (ceiling_e6 * quantity_e4 + {plan.PER_FEN // 2}) / {plan.PER_FEN}, 0)
               ELSE 0 END AS over_limit
    FROM found OFFSET 0
), shared AS (
    SELECT *, CASE WHEN refused = 0 THEN ((amount_fen - over_limit) * upfront_ppm + {plan.PPM // 2}) / {plan.PPM}
               ELSE 0 END AS upfront
    FROM limited OFFSET 0
)
SELECT line_id, claim,
       CASE WHEN refused = 0 THEN amount_fen - over_limit - upfront ELSE 0 END AS in_scope,
       upfront, over_limit,
       CASE WHEN refused = 0 THEN 0 ELSE amount_fen END AS self_funded,
       (CASE WHEN refused <> 0 THEN refused
             ELSE (upfront > 0)::int + 2 * (over_limit > 0)::int END)::smallint AS reason
FROM shared
"""

CLAIMS = f"""
CREATE UNLOGGED TABLE claim_result AS
WITH bill AS (
    SELECT claim, sum_fen(in_scope) AS base, sum_fen(in_scope + upfront + over_limit + self_funded) AS total
    FROM line_result GROUP BY claim
), counted AS (
    SELECT c.claim, c.person, c.order_time, c.visit, r.rate_1, r.rate_2, r.rate_3,
           d.first_due, d.second_due, d.later_due,
           COALESCE(b.base, 0) AS base, COALESCE(b.total, 0) AS total,
           sum_fen(CASE c.visit WHEN {plan.INPATIENT} THEN 1 ELSE 0 END) OVER claims AS nth,
           sum_fen(CASE c.visit WHEN {plan.OUTPATIENT} THEN COALESCE(b.base, 0) ELSE 0 END) OVER claims
               AS outpatient_until
    FROM claim c
    JOIN band_rate r USING (level, member_group)
    JOIN admission_deductible d USING (level)
    LEFT JOIN bill b USING (claim)
    WINDOW claims AS (PARTITION BY c.person ORDER BY c.order_time, c.claim ROWS UNBOUNDED PRECEDING)
), deducted AS (
    SELECT *, CASE visit
               WHEN {plan.INPATIENT} THEN
                    LEAST(base, CASE nth WHEN 1 THEN first_due WHEN 2 THEN second_due ELSE later_due END)
               ELSE LEAST(outpatient_until, {plan.OUTPATIENT_FEN})
                    - LEAST(outpatient_until - base, {plan.OUTPATIENT_FEN}) END AS deductible
    FROM counted ORDER BY person, order_time, claim OFFSET 0
), banded AS (
    SELECT *, sum_fen(base - deductible) OVER claims AS banded_until
    FROM deducted
    WINDOW claims AS (PARTITION BY person ORDER BY order_time, claim ROWS UNBOUNDED PRECEDING)
), payable AS (
    SELECT *, {BANDS} AS payment
    FROM banded ORDER BY person, order_time, claim OFFSET 0
), capped AS (
    SELECT *, sum_fen(payment) OVER claims AS payment_until
    FROM payable
    WINDOW claims AS (PARTITION BY person ORDER BY order_time, claim ROWS UNBOUNDED PRECEDING)
), paid AS (
    SELECT *, LEAST(payment_until, {plan.CAP_FEN}) - LEAST(payment_until - payment, {plan.CAP_FEN}) AS paid
    FROM capped ORDER BY person, order_time, claim OFFSET 0
), left_over AS (
    SELECT *, base - paid AS rest, sum_fen(base - paid) OVER claims AS rest_until
    FROM paid
    WINDOW claims AS (PARTITION BY person ORDER BY order_time, claim ROWS UNBOUNDED PRECEDING)
), catastrophic AS (
    SELECT *, LEAST(rest_until, {plan.CATASTROPHIC_DEDUCTIBLE_FEN})
              - LEAST(rest_until - rest, {plan.CATASTROPHIC_DEDUCTIBLE_FEN}) AS rest_deductible,
           GREATEST(rest_until - {plan.CATASTROPHIC_DEDUCTIBLE_FEN}, 0) AS rest_banded_until,
           GREATEST(rest_until - rest - {plan.CATASTROPHIC_DEDUCTIBLE_FEN}, 0) AS rest_banded_before
    FROM left_over ORDER BY person, order_time, claim OFFSET 0
), second_payment AS (
    SELECT *, {SECOND_BANDS} AS second_payment
    FROM catastrophic ORDER BY person, order_time, claim OFFSET 0
), second_capped AS (
    SELECT *, sum_fen(second_payment) OVER claims AS second_until
    FROM second_payment
    WINDOW claims AS (PARTITION BY person ORDER BY order_time, claim ROWS UNBOUNDED PRECEDING)
), second_paid AS (
    SELECT *, LEAST(second_until, {plan.CATASTROPHIC_CAP_FEN})
              - LEAST(second_until - second_payment, {plan.CATASTROPHIC_CAP_FEN}) AS second_paid
    FROM second_capped ORDER BY person, order_time, claim OFFSET 0
)
SELECT claim, person, visit, base AS basic_base, deductible AS basic_deductible, paid AS basic_paid,
       rest AS catastrophic_base, rest_deductible AS catastrophic_deductible, second_paid AS catastrophic_paid,
       total - paid - second_paid AS cash
FROM second_paid
"""

ACCOUNTS = f"""
CREATE UNLOGGED TABLE account_result AS
SELECT person,
       count(*) FILTER (WHERE visit = {plan.INPATIENT}) AS admissions,
       sum_fen(CASE visit WHEN {plan.OUTPATIENT} THEN basic_deductible ELSE 0 END) AS outpatient_borne,
       sum_fen(basic_base - basic_deductible) AS banded_ytd,
       sum_fen(basic_paid) AS pool_paid,
       sum_fen(catastrophic_deductible) AS catastrophic_borne,
       sum_fen(catastrophic_base - catastrophic_deductible) AS catastrophic_ytd,
       sum_fen(catastrophic_paid) AS catastrophic_paid
FROM claim_result GROUP BY person
"""

assert len(LEVELS) == len(CEILINGS) and len(COUNTERS) == 7


@dataclass(slots=True)
class State:
    """The server with the tables filled, and the columns they came from."""

    server: Server
    columns: Columns


def prepare(columns: Columns, threads: int) -> State:
    server = open_server(workers=threads - 1)
    load(server, columns)
    server.execute("VACUUM ANALYZE line, billed, facility, dictionary, item_version, admission_deductible, band_rate")
    return State(server, columns)


def run(state: State) -> Output:
    server = state.server
    server.execute("DROP TABLE IF EXISTS line_result, claim_result, account_result")
    server.execute(LINES)
    server.execute(CLAIMS)
    server.execute(ACCOUNTS)
    return results(server, state.columns)


def note(state: State) -> str:
    return postgres_server.settings(state.server)


def close(state: State) -> None:
    state.server.close()


def server_cpu_seconds(state: State) -> float:
    return postgres_server.server_cpu_seconds(state.server)


def server_peak_bytes(state: State) -> int:
    return postgres_server.server_peak_bytes(state.server)


def absent() -> str | None:
    return postgres_server.absent()
