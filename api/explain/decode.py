"""Settle the claims around one claim again, watched, and put what the kernel says into an `Explanation`."""

from __future__ import annotations

import numpy as np

from adjudicator import settle
from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch
from adjudicator.catalog import Catalog
from adjudicator.columns import MISSING, Category, Column, Number
from adjudicator.reasons import ClaimReason, ClaimStatus, LineReason
from adjudicator.rulebook import Program, Rulebook
from adjudicator.settlement import Settlement
from api.explain.explanation import CounterPart, Explanation, LayerPart, LinePart, Source, Step
from api.explain.line_steps import LineReader
from api.explain.steps import UNDECIDED, LayerReader, source_of
from api.explain.subset import claims_together, take
from api.explain.texts import PlanTexts
from api.explain.trace import LineTrace, Trace
from api.output.columns import marks_of


def row_of(batch: Batch, claim: str) -> int:
    """Give the row of a claim by its id, -1 when the batch has none of that id."""
    if claim not in batch.claim_id.values:
        return -1
    rows = np.flatnonzero(batch.claim_id.codes == batch.claim_id.values.index(claim))
    return int(rows[0]) if len(rows) else -1


def rows_of(batch: Batch, claim: str) -> tuple[int, ...]:
    """Give the row of a claim by its id, or the rows of the parts of a stay that was split at New Year, in order."""
    row = row_of(batch, claim)
    part = batch.attributes.get("stay_part")
    if row >= 0 or not isinstance(part, Category):
        return (row,) if row >= 0 else ()
    ids = [
        value for value in batch.claim_id.values if value.startswith(f"{claim}#") and value[len(claim) + 1 :].isdigit()
    ]
    rows = [row_of(batch, value) for value in sorted(ids)]
    return tuple(row for row in rows if row >= 0 and part.codes[row] >= 0)


def explain_row(
    batch: Batch,
    row: int,
    rulebook: Rulebook,
    accounts: Accounts | None,
    texts: PlanTexts,
    items: Category | None = None,
) -> tuple[Explanation, Settlement, int]:
    """Explain one claim of a batch: settles the claims of its holders again, in their order, and watches this one.

    `items`: the codes of the batch's lines as they were given. Gives the explanation, the settlement of those claims
    and the claim's row in it.
    """
    rows = claims_together(batch, row, rulebook)
    small = take(batch, rows)
    at = int(np.flatnonzero(rows == row)[0])
    trace, line_trace = Trace(at), LineTrace(int(small.lines.first[at]), int(small.lines.first[at + 1]))
    settlement = settle(small, rulebook, accounts, observe=trace, observe_lines=line_trace)
    name = str(small.plan.take(slice(at, at + 1)).decode()[0])
    place = rulebook.index(name)
    program = rulebook.programs[place] if place >= 0 else None
    given = None if items is None else items.take(slice(int(batch.lines.first[row]), int(batch.lines.first[row + 1])))
    lines = _lines(small, settlement, program, rulebook.catalog, line_trace, texts, given)
    return _explanation(small, at, settlement, program, trace, texts, lines), settlement, at


def _explanation(
    batch: Batch,
    row: int,
    settlement: Settlement,
    program: Program | None,
    trace: Trace,
    texts: PlanTexts,
    lines: tuple[LinePart, ...],
) -> Explanation:
    status = ClaimStatus(int(settlement.status[row]))
    layers = _layers(batch, program, trace, texts) if program and status is not ClaimStatus.NOT_PAYABLE else ()
    if status is not ClaimStatus.SETTLED:
        layers = tuple(LayerPart(p.name, p.title, p.fund, p.applies, p.base_fen, 0, p.base_fen, ()) for p in layers)
    return Explanation(
        claim=_word(batch.claim_id, row),
        person=_word(batch.person, row),
        plan=_word(batch.plan, row),
        plan_title=texts.title,
        scheme=program.scheme if program else "",
        place=program.place if program else "",
        dates={name: _date(int(batch.date(name)[row])) for name in ("admission", "discharge", "settlement")},
        attributes=_attributes(batch, row),
        status=status.name,
        reason=ClaimReason(int(settlement.reason[row])).name,
        total_fen=int(settlement.total[row]),
        buckets={name: int(settlement.claim_buckets[row, place]) for place, name in enumerate(BUCKETS)},
        layers=layers,
        person_fen=int(settlement.person_fen[row]),
        cash_fen=int(settlement.cash_fen[row]),
        held_fen=int(settlement.held_fen[row]),
        beyond_bill_fen=int(settlement.beyond_bill_fen[row]),
        undecided=_undecided(program, trace, texts) if status is not ClaimStatus.SETTLED else (),
        counters=_counters(program, trace),
        lines=lines,
        conventions=_conventions(program, trace, texts) if status is ClaimStatus.SETTLED else (),
    )


def _layers(batch: Batch, program: Program, trace: Trace, texts: PlanTexts) -> tuple[LayerPart, ...]:
    return tuple(LayerReader(layer, program, batch, trace, texts).part() for layer in program.layers)


def _undecided(program: Program | None, trace: Trace, texts: PlanTexts) -> tuple[Step, ...]:
    if program is None:
        return ()
    steps = []
    for label, state in trace.undecided():
        sources = tuple(source_of(origin, texts) for origin in trace.origins(label, program))
        steps.append(Step(UNDECIDED[state], {"parameter": label}, None, "", sources))
    return tuple(steps)


def _counters(program: Program | None, trace: Trace) -> tuple[CounterPart, ...]:
    if program is None:
        return ()
    found = [
        CounterPart(rule.name, trace.get(f"opening.{rule.name}"), trace.get(f"counter.{rule.name}"), rule.unit)
        for rule in program.counters
    ]
    return tuple(part for part in found if part.before or part.after)


def _conventions(program: Program | None, trace: Trace, texts: PlanTexts) -> tuple[Source, ...]:
    if program is None:
        return ()
    changed = [part.name for part in _counters(program, trace) if part.before != part.after]
    origins = [origin for origin in program.origins if origin.path.startswith("conventions.")]
    for rule in program.counters:
        if rule.name in changed:
            origins += [o for name, _ in rule.adds for o in trace.origins(f"counter.{rule.name}.{name}", program)]
    assumed = dict.fromkeys(origin for origin in origins if origin.kind == "assumed")
    return tuple(source_of(origin, texts) for origin in assumed)


def _attributes(batch: Batch, row: int) -> dict[str, str]:
    found = {name: _shown(column, row) for name, column in sorted(batch.attributes.items())}
    return {name: value for name, value in found.items() if value}


def _shown(column: Column, row: int) -> str:
    if isinstance(column, Category):
        return _word(column, row)
    if isinstance(column, Number):
        value = int(column.values[row])
        return "" if value == MISSING else str(value)
    return marks_of(int(column.bits[row]), column.values)


def _word(column: Category, row: int) -> str:
    code = int(column.codes[row])
    return column.values[code] if code >= 0 else ""


def _date(days: int) -> str:
    return "" if days == np.iinfo(np.int32).min else str(np.datetime64(days, "D"))


def _lines(
    batch: Batch,
    settlement: Settlement,
    program: Program | None,
    catalog: Catalog | None,
    trace: LineTrace,
    texts: PlanTexts,
    items: Category | None,
) -> tuple[LinePart, ...]:
    """Give the lines the trace is about; `items`: their codes as they were given."""
    lines = batch.lines
    parts = []
    for number, at in enumerate(range(trace.first, trace.until)):
        item, reason = int(lines.item[at]), LineReason(int(settlement.line_reason[at]))
        reader = LineReader(lines, at, reason, trace.of(at), program, catalog, texts)
        parts.append(
            LinePart(
                _word(lines.line_id, at) if lines.line_id is not None else str(number + 1),
                _word(items, number) if items is not None else "",
                catalog.names[item] if catalog is not None and item >= 0 and catalog.names else "",
                _date(int(lines.service_date[at])),
                int(lines.amount_fen[at]),
                int(settlement.in_scope[at]),
                int(settlement.upfront[at]),
                int(settlement.over_limit[at]),
                int(settlement.self_funded[at]),
                reason.name,
                reader.entry(),
                reader.steps(),
            )
        )
    return tuple(parts)
