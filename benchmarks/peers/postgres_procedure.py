"""PostgreSQL, a stored procedure that settles claim by claim, as agencies run it today.

For each claim in order: judge its lines (one index look-up a line by code and date), lock the person's account, run the
layers on local variables, write claim and account, commit. Favourable to the server: commits do not wait for the disk
(`synchronous_commit = off`), result tables are unlogged, and with two threads two sessions share the persons.

Not timed: input tables filled by COPY, their indexes and statistics. Timed: the procedure, and reading results.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from adjudicator.reasons import LineReason
from benchmarks.peers import plan_tables as plan
from benchmarks.peers import postgres_server
from benchmarks.peers.columns import COUNTERS, Columns, Output
from benchmarks.peers.postgres_server import Server, open_server
from benchmarks.peers.postgres_tables import CEILINGS, CLAIM_COLUMNS, bands, load, results

NAME = "PostgreSQL, procedure claim by claim, text codes"
THREADS = (1, 2)
LARGEST_LINES = 1_000_000

CEILING = " ".join(f"WHEN {level} THEN v.{name}" for level, name in enumerate(CEILINGS))
RATES = ("rates.rate_1", "rates.rate_2", "rates.rate_3")

RESULT_TABLES = (
    "CREATE UNLOGGED TABLE line_result (line_id integer, claim integer, in_scope bigint, upfront bigint, "
    "over_limit bigint, self_funded bigint, reason smallint)",
    f"CREATE UNLOGGED TABLE claim_result (claim integer PRIMARY KEY, "
    f"{', '.join(f'{name} bigint NOT NULL' for name in CLAIM_COLUMNS)})",
    f"CREATE UNLOGGED TABLE account_result (person integer PRIMARY KEY, "
    f"{', '.join(f'{name} bigint NOT NULL DEFAULT 0' for name in COUNTERS)}) WITH (fillfactor = 50)",
)

JUDGE_LINES = f"""
WITH found AS (
    SELECT l.line_id, l.amount_fen, l.quantity_e4, v.upfront_ppm,
           CASE WHEN v.code IS NULL THEN
                    CASE WHEN EXISTS (SELECT FROM item_version i WHERE i.code = l.code)
                         THEN {LineReason.NOT_IN_FORCE:d} ELSE {LineReason.UNKNOWN_ITEM:d} END
                WHEN l.service_date >= v.valid_until THEN {LineReason.NOT_IN_FORCE:d}
                WHEN v.item_class = {plan.CLASS_C} THEN {LineReason.CLASS_C:d}
                WHEN stay AND l.service_date NOT BETWEEN c.admission AND c.discharge THEN {LineReason.OUTSIDE_STAY:d}
                ELSE 0 END AS refused,
           CASE c.level {CEILING} END AS ceiling_e6
    FROM coded_line l
    LEFT JOIN LATERAL (
        SELECT * FROM item_version i WHERE i.code = l.code AND i.valid_from <= l.service_date
        ORDER BY i.valid_from DESC LIMIT 1
    ) v ON true
    WHERE l.claim = c.claim OFFSET 0
), limited AS (
    SELECT *, CASE WHEN refused = 0 AND ceiling_e6 >= 0 THEN
               GREATEST(amount_fen - (ceiling_e6 * quantity_e4 + {plan.PER_FEN // 2}) / {plan.PER_FEN}, 0)
               ELSE 0 END AS over_limit
    FROM found OFFSET 0
), shared AS (
    SELECT *, CASE WHEN refused = 0 THEN ((amount_fen - over_limit) * upfront_ppm + {plan.PPM // 2}) / {plan.PPM}
               ELSE 0 END AS upfront
    FROM limited OFFSET 0
), written AS (
    INSERT INTO line_result (line_id, claim, in_scope, upfront, over_limit, self_funded, reason)
    SELECT line_id, c.claim,
           CASE WHEN refused = 0 THEN amount_fen - over_limit - upfront ELSE 0 END, upfront, over_limit,
           CASE WHEN refused = 0 THEN 0 ELSE amount_fen END,
           CASE WHEN refused <> 0 THEN refused ELSE (upfront > 0)::int + 2 * (over_limit > 0)::int END
    FROM shared
    RETURNING line_result.in_scope, line_result.in_scope + line_result.upfront + line_result.over_limit
              + line_result.self_funded AS amount
)
SELECT COALESCE(sum_fen(w.in_scope), 0), COALESCE(sum_fen(w.amount), 0) INTO base, total FROM written w
"""

SETTLE_CLAIM = f"""
CREATE PROCEDURE settle_claim(c claim) LANGUAGE plpgsql AS $$
DECLARE
    account account_result%ROWTYPE;
    due admission_deductible%ROWTYPE;
    rates band_rate%ROWTYPE;
    inpatient CONSTANT boolean := c.visit = {plan.INPATIENT};
    stay CONSTANT boolean := inpatient OR c.discharge > c.admission;
    base bigint; total bigint;
    deductible bigint; banded bigint; paid bigint;
    rest bigint; rest_deductible bigint; rest_banded bigint; second_paid bigint;
BEGIN
    {JUDGE_LINES};
    SELECT * INTO account FROM account_result a WHERE a.person = c.person FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO account_result (person) VALUES (c.person) RETURNING * INTO account;
    END IF;

    IF inpatient THEN
        SELECT * INTO due FROM admission_deductible d WHERE d.level = c.level;
        deductible := LEAST(base, CASE account.admissions WHEN 0 THEN due.first_due WHEN 1 THEN due.second_due
                                  ELSE due.later_due END);
    ELSE
        deductible := LEAST(base, GREATEST({plan.OUTPATIENT_FEN} - account.outpatient_borne, 0));
    END IF;
    banded := base - deductible;
    SELECT * INTO rates FROM band_rate r WHERE r.level = c.level AND r.member_group = c.member_group;
    paid := {bands("account.banded_ytd", "(account.banded_ytd + banded)", plan.EDGES_FEN, RATES)};
    paid := LEAST(paid, GREATEST({plan.CAP_FEN} - account.pool_paid, 0));

    rest := base - paid;
    rest_deductible := LEAST(rest, GREATEST({plan.CATASTROPHIC_DEDUCTIBLE_FEN} - account.catastrophic_borne, 0));
    rest_banded := rest - rest_deductible;
    second_paid := {
    bands(
        "account.catastrophic_ytd",
        "(account.catastrophic_ytd + rest_banded)",
        plan.CATASTROPHIC_EDGES_FEN,
        plan.CATASTROPHIC_RATES_PPM,
    )
};
    second_paid := LEAST(second_paid, GREATEST({plan.CATASTROPHIC_CAP_FEN} - account.catastrophic_paid, 0));

    UPDATE account_result a SET
        admissions = a.admissions + CASE WHEN inpatient THEN 1 ELSE 0 END,
        outpatient_borne = a.outpatient_borne + CASE WHEN inpatient THEN 0 ELSE deductible END,
        banded_ytd = a.banded_ytd + banded,
        pool_paid = a.pool_paid + paid,
        catastrophic_borne = a.catastrophic_borne + rest_deductible,
        catastrophic_ytd = a.catastrophic_ytd + rest_banded,
        catastrophic_paid = a.catastrophic_paid + second_paid
    WHERE a.person = c.person;
    INSERT INTO claim_result (claim, {", ".join(CLAIM_COLUMNS)})
    VALUES (c.claim, base, deductible, paid, rest, rest_deductible, second_paid, total - paid - second_paid);
END $$
"""

SETTLE_CLAIMS = """
CREATE PROCEDURE settle_claims(part integer, parts integer) LANGUAGE plpgsql AS $$
DECLARE
    c claim;
BEGIN
    FOR c IN SELECT * FROM claim q WHERE q.person % parts = part ORDER BY q.order_time, q.claim LOOP
        CALL settle_claim(c);
        COMMIT;
    END LOOP;
END $$
"""


@dataclass(slots=True)
class State:
    """The server with the tables filled and the procedures made, and the columns they came from."""

    server: Server
    columns: Columns


def prepare(columns: Columns, threads: int) -> State:
    server = open_server(sessions=threads)
    load(server, columns)
    server.execute(
        "CREATE UNLOGGED TABLE coded_line AS SELECT l.claim, l.line_id, d.code, l.service_date, l.quantity_e4, "
        "l.amount_fen FROM line l JOIN dictionary d USING (item) ORDER BY l.line_id"
    )
    server.execute("ALTER TABLE coded_line ADD PRIMARY KEY (claim, line_id)")
    for statement in (*RESULT_TABLES, SETTLE_CLAIM, SETTLE_CLAIMS):
        server.execute(statement)
    server.execute("VACUUM ANALYZE coded_line, billed, facility, item_version, admission_deductible, band_rate")
    return State(server, columns)


def run(state: State) -> Output:
    sessions = state.server.sessions
    state.server.execute("TRUNCATE line_result, claim_result, account_result")
    calls = [f"CALL settle_claims({part}, {len(sessions)})" for part in range(len(sessions))]
    if len(sessions) == 1:
        state.server.execute(calls[0])
    else:
        with ThreadPoolExecutor(len(sessions)) as pool:
            list(pool.map(lambda session, call: session.execute(call), sessions, calls))
    return results(state.server, state.columns)


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
