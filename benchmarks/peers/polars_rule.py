"""The rule as Polars expressions, shared by the Polars contenders. Everything is Int64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from benchmarks.peers import rule
from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, GROUPS, LINE_OUTPUTS, Columns, Output

E = pl.Expr
CATALOG_COLUMNS = ("reason", "upfront_ppm", "ceiling_0", "ceiling_1", "ceiling_2", "ceiling_3")
ZERO = pl.lit(0, pl.Int64)


@dataclass(slots=True)
class State:
    """Frames as loaded. lines: code, claim, service_date ...; items: one row an item and stretch of days."""

    columns: Columns
    lines: pl.DataFrame
    billed: pl.DataFrame
    facility_level: pl.Series
    versions: pl.DataFrame
    dictionary: pl.DataFrame
    changes: np.ndarray
    items: pl.DataFrame
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    lines: pl.DataFrame
    claims: pl.DataFrame
    accounts: pl.DataFrame


def load(columns: Columns) -> State:
    """Load the tables, and lay the catalog out by item and stretch of days in which nothing in it changes."""
    lines = pl.DataFrame({n: v for n, v in columns.lines.items() if n != "item"} | {"code": columns.lines["item"]})
    claims = pl.DataFrame({n: v for n, v in columns.claims.items() if n != "first"})
    claims = claims.with_columns(claim=pl.int_range(pl.len(), dtype=pl.Int32))
    source = columns.versions
    versions = pl.DataFrame(
        {n: source[n] for n in ("item", "valid_from", "valid_until", "item_class", "upfront_ppm")}
        | {f"ceiling_{n}": np.ascontiguousarray(source["ceiling_e6"][:, n]) for n in range(4)}
    ).with_columns(
        code=pl.Series(columns.plain_versions()),
        reason=pl.when(pl.col("item_class") == rule.CLASS_C).then(rule.SELF_FUNDED).otherwise(0).cast(pl.UInt8),
        upfront_ppm=pl.col("upfront_ppm").cast(pl.Int64),
    )
    day = columns.lines["service_date"]
    dates = np.unique(np.concatenate([source["valid_from"], source["valid_until"]]))
    changes = dates[(dates > day.min()) & (dates <= day.max())]
    items = stretched(versions, changes, int(day.min()))
    dictionary = pl.DataFrame({"code": list(columns.dictionary)})
    return State(columns, lines, claims, pl.Series(columns.facility_level), versions, dictionary, changes, items)


def stretched(versions: pl.DataFrame, changes: np.ndarray, lowest: int) -> pl.DataFrame:
    """Give one row an item and stretch: code, stretch, and what the catalog says."""
    codes = versions.select(pl.col("code").unique())
    frames = []
    for number, first in enumerate([lowest, *changes.tolist()]):
        here = versions.filter((pl.col("valid_from") <= first) & (pl.col("valid_until") > first))
        frame = codes.join(here.select("code", *CATALOG_COLUMNS), on="code", how="left")
        frames.append(frame.with_columns(stretch=pl.lit(number, pl.Int32)))
    return refused(pl.concat(frames), rule.NOT_IN_FORCE)


def refused(frame: pl.DataFrame, reason: int) -> pl.DataFrame:
    """Fill the rows the catalog has nothing for."""
    return frame.with_columns(
        pl.col("reason").fill_null(reason).cast(pl.UInt8),
        pl.col("upfront_ppm").fill_null(0),
        *(pl.col(f"ceiling_{n}").fill_null(-1) for n in range(4)),
    )


def cells(state: State) -> pl.DataFrame:
    """Look each distinct code up: one row a stretch and code of the dictionary, in that order."""
    count = state.dictionary.height
    numbered = state.dictionary.with_row_index("number")
    parts = []
    for stretch in range(len(state.changes) + 1):
        here = state.items.filter(pl.col("stretch") == stretch)
        parts.append(numbered.join(here, on="code", how="left", maintain_order="left").select(*CATALOG_COLUMNS))
    assert all(part.height == count for part in parts)
    return refused(pl.concat(parts), rule.UNKNOWN_ITEM)


def stretch_of(state: State) -> E:
    """Give the stretch a service date lies in."""
    total: E = pl.lit(0, pl.Int32)
    for change in state.changes.tolist():
        total = total + (pl.col("service_date") >= change).cast(pl.Int32)
    return total


def own_ceiling() -> E:
    level = pl.col("level")
    return (
        pl.when(level == 0).then("ceiling_0").when(level == 1).then("ceiling_1").when(level == 2).then("ceiling_2")
    ).otherwise("ceiling_3")


def last_day() -> E:
    """Give the last day lines of a claim may have: the discharge of a stay, none otherwise."""
    stay = (pl.col("visit") == rule.INPATIENT) | (pl.col("discharge") > pl.col("admission"))
    return pl.when(stay).then(pl.col("discharge")).otherwise(2**31 - 1)


def first_day() -> E:
    stay = (pl.col("visit") == rule.INPATIENT) | (pl.col("discharge") > pl.col("admission"))
    return pl.when(stay).then(pl.col("admission")).otherwise(-(2**31) + 1)


def judged(frame: pl.LazyFrame, ceiling: E, *keep: str) -> pl.LazyFrame:
    """Divide every line; the frame has reason, upfront_ppm, first_day, last_day and what `ceiling` reads."""
    amount = pl.col("amount_fen")
    outside = (pl.col("service_date") < pl.col("first_day")) | (pl.col("service_date") > pl.col("last_day"))
    payable = (pl.col("ceiling") * pl.col("quantity_e4") + 50_000_000) // 100_000_000
    kept = pl.col("refusal") == 0
    upfront = (pl.col("upfront_ppm") * (amount - pl.col("over_limit")) + 500_000) // 1_000_000
    found = (pl.col("upfront") > 0).cast(pl.UInt8) + (pl.col("over_limit") > 0).cast(pl.UInt8) * 2
    return (
        frame.with_columns(
            ceiling=ceiling,
            refusal=pl.when((pl.col("reason") == 0) & outside)
            .then(pl.lit(rule.OUTSIDE_STAY, pl.UInt8))
            .otherwise(pl.col("reason")),
        )
        .with_columns(
            over_limit=pl.when(kept & (pl.col("ceiling") >= 0)).then((amount - payable).clip(0)).otherwise(ZERO)
        )
        .with_columns(upfront=pl.when(kept).then(upfront).otherwise(ZERO))
        .select(
            "claim",
            *keep,
            amount_fen=amount,
            in_scope=pl.when(kept).then(amount - pl.col("over_limit") - pl.col("upfront")).otherwise(ZERO),
            upfront="upfront",
            over_limit="over_limit",
            self_funded=pl.when(kept).then(ZERO).otherwise(amount),
            reason=pl.when(kept).then(found).otherwise(pl.col("refusal")),
        )
    )


# ------------------------------------------------------------------------------------------------ claims


def choose(values: tuple[int, ...], place: E) -> E:
    """Take from a small list of figures."""
    return pl.lit(pl.Series(values, dtype=pl.Int64)).gather(place)


def width(low: E, high: E, lower: int, upper: int | None) -> E:
    top = high if upper is None else high.clip(upper_bound=upper)
    return (top - low.clip(lower)).clip(0)


def within(total: E, amount: E, cap: int) -> E:
    """Give what a cap on a running total lets through of the amount that was added last."""
    return total.clip(upper_bound=cap) - (total - amount).clip(upper_bound=cap)


def settled(claims: pl.LazyFrame, running: Callable[[E], E]) -> pl.LazyFrame:
    """Settle claims in the order of each person (base, total, level, group, visit, person, claim).

    `running` gives the running total of an expression over the claims of a person. No cap feeds back into what is
    banded, so every counter before a claim is a running sum over earlier claims.
    """
    stay = pl.col("visit") == rule.INPATIENT
    base, cell = pl.col("base"), pl.col("level").cast(pl.UInt32) * len(GROUPS) + pl.col("group").cast(pl.UInt32)
    nth = (pl.col("nth").clip(1, 3) - 1 + pl.col("level").cast(pl.Int64) * 3).cast(pl.UInt32)
    admission = choose(tuple(v for row in rule.ADMISSION_FEN for v in row), nth)
    high, low = pl.col("high"), pl.col("high") - pl.col("banded")
    edges = (0, *rule.EDGES_FEN, None)
    rates = [choose(tuple(v for row in table for v in row), cell) for table in rule.RATES_PPM]
    paying = sum((width(low, high, edges[n] or 0, edges[n + 1]) * r for n, r in enumerate(rates)), ZERO)
    c_edges = (0, *rule.CATASTROPHIC_EDGES_FEN, None)
    floor = rule.CATASTROPHIC_DEDUCTIBLE_FEN
    c_high, c_low = (pl.col("left_high") - floor).clip(0), (pl.col("left_high") - pl.col("rest") - floor).clip(0)
    topping = sum(
        (width(c_low, c_high, c_edges[n] or 0, c_edges[n + 1]) * r for n, r in enumerate(rule.CATASTROPHIC_RATES_PPM)),
        ZERO,
    )
    return (
        claims.with_columns(
            nth=running(stay.cast(pl.Int64)), outpatient=running(pl.when(stay).then(ZERO).otherwise(base))
        )
        .with_columns(
            deductible=pl.when(stay)
            .then(pl.min_horizontal(base, admission))
            .otherwise(within(pl.col("outpatient"), base, rule.OUTPATIENT_FEN))
        )
        .with_columns(banded=base - pl.col("deductible"))
        .with_columns(high=running(pl.col("banded")))
        .with_columns(uncapped=(paying + 500_000) // 1_000_000)
        .with_columns(pool=running(pl.col("uncapped")))
        .with_columns(paid=within(pl.col("pool"), pl.col("uncapped"), rule.CAP_FEN))
        .with_columns(rest=base - pl.col("paid"))
        .with_columns(left_high=running(pl.col("rest")))
        .with_columns(
            borne=within(pl.col("left_high"), pl.col("rest"), floor), c_uncapped=(topping + 500_000) // 1_000_000
        )
        .with_columns(c_pool=running(pl.col("c_uncapped")))
        .with_columns(top=within(pl.col("c_pool"), pl.col("c_uncapped"), rule.CATASTROPHIC_CAP_FEN))
        .select(
            "claim",
            "person",
            "visit",
            pl.col("base").alias("basic.base"),
            pl.col("deductible").alias("basic.deductible"),
            pl.col("paid").alias("basic.paid"),
            pl.col("rest").alias("catastrophic.base"),
            pl.col("borne").alias("catastrophic.deductible"),
            pl.col("top").alias("catastrophic.paid"),
            (pl.col("total") - pl.col("paid") - pl.col("top")).alias("cash"),
        )
    )


def accounts(settled: pl.LazyFrame) -> pl.LazyFrame:
    stay = pl.col("visit") == rule.INPATIENT
    return settled.group_by("person").agg(
        admissions=stay.sum().cast(pl.Int64),
        outpatient_borne=pl.col("basic.deductible").filter(~stay).sum(),
        banded_ytd=(pl.col("basic.base") - pl.col("basic.deductible")).sum(),
        pool_paid=pl.col("basic.paid").sum(),
        catastrophic_borne=pl.col("catastrophic.deductible").sum(),
        catastrophic_ytd=(pl.col("catastrophic.base") - pl.col("catastrophic.deductible")).sum(),
        catastrophic_paid=pl.col("catastrophic.paid").sum(),
    )


def over_all(value: E) -> E:
    """Running total over all claims, sorted by person, less what stood at the person's first claim."""
    total = value.cum_sum()
    return total - pl.when(pl.col("starts")).then(total - value).otherwise(None).forward_fill()


def by_person(value: E) -> E:
    return value.cum_sum().over("person", order_by=["order_time", "claim"])


def sorted_claims(claims: pl.LazyFrame) -> pl.LazyFrame:
    new = pl.col("person") != pl.col("person").shift(1)
    return claims.sort("person", "order_time", "claim").with_columns(starts=new.fill_null(True))


def leveled(state: State) -> pl.DataFrame:
    """Give the claims with the level of their facility, whose number is its row."""
    return state.billed.with_columns(level=pl.lit(state.facility_level).gather(pl.col("facility")))


def claims_of(claims: pl.DataFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """Sum lines to their claims."""
    sums = lines.group_by("claim").agg(base=pl.col("in_scope").sum(), total=pl.col("amount_fen").sum())
    return claims.lazy().join(sums, on="claim", how="inner")


def finish(lines: pl.DataFrame, claims: pl.DataFrame) -> Found:
    return Found(lines, claims, accounts(claims.lazy()).collect())


def unpack(state: State, found: Found) -> Output:
    lines = found.lines.sort("line") if "line" in found.lines.columns else found.lines
    claims = found.claims.sort("claim")
    out: Output = {name: lines[name].to_numpy() for name in LINE_OUTPUTS}
    out |= {name: claims[name].to_numpy() for name in CLAIM_OUTPUTS}
    persons = found.accounts["person"].to_numpy()
    for counter in COUNTERS:
        values = np.zeros(state.columns.persons, np.int64)
        values[persons] = found.accounts[counter].to_numpy()
        out[f"accounts.{counter}"] = values
    return out
