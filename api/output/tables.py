"""A settlement as Arrow tables: one row a claim, one a claim and layer, one a line. Amounts are yuan."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch
from adjudicator.columns import Category, Int32, Int64
from adjudicator.reasons import ClaimReason, ClaimStatus, LineReason
from adjudicator.rulebook import Rulebook
from adjudicator.settlement import Settlement
from api.door.intake import Intake
from api.output.columns import attribute, dates, names, table_of, words, yuan

SHOWN_ATTRIBUTES = (
    "facility_code", "visit", "level", "zone", "filing", "group", "age", "status", "disease", "stay_part",
)  # fmt: skip
"""Claim attributes repeated in the claims table, where the batch has them."""

RENAMED = {"status": "person_status"}
"""Attributes whose name in the claims table is another, because `status` says there what became of the claim."""

ACCOUNT, FACILITY = "personal_account", "hospital"
"""Funds that are no pooled fund: the person's own account, and what the facility bears."""


def paid_by_fund(batch: Batch, settlement: Settlement) -> dict[str, Int64]:
    """Give what each fund pays, fen [claims]: the layers of a claim's plan, gathered by their fund."""
    funds: dict[str, Int64] = {}
    for (plan, layer), fund in settlement.funds.items():
        if plan not in batch.plan.values or layer not in settlement.layers:
            continue
        here = batch.plan.codes == batch.plan.values.index(plan)
        total = funds.setdefault(fund, np.zeros(len(batch), np.int64))
        total += np.where(here, settlement.layers[layer].paid, 0)
    return {fund: funds[fund] for fund in sorted(funds)}


def program_words(batch: Batch, rulebook: Rulebook, field: str) -> Category:
    """Give a textual field of each claim's program, such as its scheme or place; missing where there is no program."""
    known = {program.name: str(getattr(program, field)) for program in rulebook.programs}
    distinct = tuple(dict.fromkeys(known[plan] for plan in batch.plan.values if plan in known))
    place = np.array([*(distinct.index(known[p]) if p in known else -1 for p in batch.plan.values), -1], np.int32)
    return Category(place[batch.plan.codes], distinct)


def claims_table(batch: Batch, settlement: Settlement, rulebook: Rulebook) -> pa.Table:
    """Give one row a claim: who it is, what became of it, the buckets, and who pays."""
    columns: dict[str, pa.Array] = {
        "claim_id": words(batch.claim_id),
        "person_id": words(batch.person),
        "plan": words(batch.plan),
        "place": words(program_words(batch, rulebook, "place")),
        "scheme": words(program_words(batch, rulebook, "scheme")),
    }
    known = [name for name in SHOWN_ATTRIBUTES if name in batch.attributes]
    columns |= {RENAMED.get(name, name): attribute(batch.attributes[name]) for name in known}
    columns |= {name: dates(batch.date(name)) for name in ("admission", "discharge", "settlement")}
    columns["status"] = names(settlement.status, ClaimStatus)
    columns["reason"] = names(settlement.reason, ClaimReason, ClaimReason.NONE)
    columns["total"] = yuan(settlement.total)
    columns |= {name: yuan(settlement.claim_buckets[:, place]) for place, name in enumerate(BUCKETS)}
    funds = paid_by_fund(batch, settlement)
    columns |= {f"paid.{fund}": yuan(paid) for fund, paid in funds.items()}
    columns["person"] = yuan(settlement.person_fen)
    columns["cash"] = yuan(settlement.cash_fen)
    columns["held"] = yuan(settlement.held_fen)
    columns["beyond_bill"] = yuan(settlement.beyond_bill_fen)
    return table_of(columns, ("claim_id", "status", "reason"))


def layers_table(batch: Batch, settlement: Settlement) -> pa.Table:
    """Give one row a claim and layer that had a base or paid something, in the order of the claims."""
    layer_names = tuple(settlement.layers)
    amounts = {field: np.zeros((len(batch), len(layer_names)), np.int64) for field in LAYER_AMOUNTS}
    for code, result in enumerate(settlement.layers.values()):
        for field, fen in amounts.items():
            fen[:, code] = getattr(result, field)
    shown = (amounts["base"] | amounts["paid"]) != 0
    claim, layer = (place.astype(np.int32) for place in shown.nonzero())
    columns = {
        "claim_id": words(batch.claim_id.take(claim)),
        "plan": words(batch.plan.take(claim)),
        "layer": words(Category(layer, layer_names)),
        "fund": words(_funds_of(batch, settlement, claim, layer, layer_names)),
    }
    columns |= {field: yuan(fen[shown]) for field, fen in amounts.items()}
    return table_of(columns, ("claim_id", "plan", "layer"))


LAYER_AMOUNTS = ("base", "deductible", "first_pay", "paid")


def _funds_of(batch: Batch, settlement: Settlement, claim: Int32, layer: Int32, layers: tuple[str, ...]) -> Category:
    funds = tuple(dict.fromkeys(settlement.funds.values()))
    table = np.full((len(batch.plan.values) + 1, len(layers) + 1), -1, np.int32)
    for (plan, name), fund in settlement.funds.items():
        if plan in batch.plan.values and name in layers:
            table[batch.plan.values.index(plan), layers.index(name)] = funds.index(fund)
    return Category(table[batch.plan.codes[claim], layer], funds)


def lines_table(intake: Intake, settlement: Settlement, rulebook: Rulebook) -> pa.Table:
    """Give one row a fee line: where it stood, its buckets and the reason for them."""
    batch, lines, catalog = intake.batch, intake.batch.lines, rulebook.catalog
    claim_id = Category(np.repeat(batch.claim_id.codes, np.diff(lines.first)), batch.claim_id.values)
    columns: dict[str, pa.Array] = {"claim_id": words(claim_id)}
    if intake.line_ids is not None:
        columns["line_id"] = intake.line_ids
    columns["row"] = pa.array(intake.line_rows)
    if intake.item_codes is not None:
        columns["item_code"] = words(intake.item_codes)
    if catalog is not None and catalog.names:
        columns["item_name"] = words(Category(lines.item, catalog.names))
    columns["service_date"] = dates(lines.service_date)
    columns["amount"] = yuan(lines.amount_fen)
    columns |= {name: yuan(getattr(settlement, name)) for name in BUCKETS}
    columns["reason"] = names(settlement.line_reason, LineReason)
    return table_of(columns, ("claim_id", "row", "service_date", "reason"))


def accounts_table(accounts: Accounts) -> pa.Table:
    """Give one row an entry; `value` is fen or a count, as the counter's unit says."""
    fields = {name: words(getattr(accounts, name)) for name in ("plan", "holder", "counter", "keys")}
    return pa.table({**fields, "period": pa.array(accounts.period), "value": pa.array(accounts.value)})
