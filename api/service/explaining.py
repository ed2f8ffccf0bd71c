"""Why a settlement came to what it came to: decided again from its own row of the journal, and put into words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from api.explain.explanation import CatalogEntry, Explanation, LayerPart, LinePart, Source, Step
from api.explain.texts import PlanTexts
from api.explain.wording import sentence
from api.ledger import journal
from api.ledger.counters import unpack
from api.ledger.database import Database
from api.messages import Messages
from api.service.adjudication import Adjudicator
from api.service.answers import yuan
from api.service.lives import case_of
from api.service.requests import Principal
from api.wire.problems import refuse

ENGLISH, CHINESE = Messages("en"), Messages("zh")


class Explainer:
    """Explains settlements of one ledger. texts: titles and sources of a plan by its id."""

    def __init__(self, database: Database, adjudicator: Adjudicator, texts: Callable[[str], PlanTexts]) -> None:
        self._database, self._adjudicator, self._texts = database, adjudicator, texts

    def explain(self, principal: Principal, settlement_id: str) -> bytes | None:
        """Explain a settlement, step by step with the source of every rule; None where there is none to read.

        Raises RequestError where the rules of this process come to another result than those of then.
        """
        with self._database.read() as connection:
            row = journal.row_by_settlement(connection, settlement_id, principal.sees)
            if row is None or row.kind not in ("SETTLE", "ADJUST"):
                return None
            case = case_of(connection, row)
        parts = self._adjudicator.explain(case, unpack(row.opening), self._texts)
        if _paid(parts) != _answered(row.answer):
            raise refuse("RULES_OTHER_THAN_THEN")
        return orjson.dumps({"settlement_id": settlement_id, "parts": [_part(part) for part in parts]})


def _paid(parts: Sequence[Explanation]) -> list[tuple[str, str]]:
    return [(layer.name, yuan(layer.paid_fen)) for part in parts for layer in part.layers if layer.paid_fen]


def _answered(answer: bytes) -> list[tuple[str, str]]:
    layers = (layer for part in orjson.loads(answer)["parts"] for layer in part["layers"])
    return [(layer["layer"], layer["paid"]) for layer in layers if layer["paid"] != yuan(0)]


def _part(part: Explanation) -> dict[str, Any]:
    return {
        "plan": part.plan,
        **_titled(part.plan_title, part.plan),
        "status": part.status,
        "reason": part.reason,
        "total": yuan(part.total_fen),
        **{name: yuan(fen) for name, fen in part.buckets.items()},
        "cash": yuan(part.cash_fen),
        "beyond_bill": yuan(part.beyond_bill_fen),
        "layers": [_layer(layer) for layer in part.layers if layer.applies],
        "lines": [_line(line) for line in part.lines],
        "counters": [
            {"counter": found.name, "unit": found.unit, "before": found.before, "after": found.after}
            for found in part.counters
        ],
        "assumptions": [_source(source) for source in part.assumptions],
    }


def _layer(layer: LayerPart) -> dict[str, Any]:
    return {
        "layer": layer.name,
        **_titled(layer.title, layer.name),
        "fund": layer.fund,
        "base": yuan(layer.base_fen),
        "paid": yuan(layer.paid_fen),
        "left": yuan(layer.left_fen),
        "steps": [_step(step) for step in layer.steps],
    }


def _line(line: LinePart) -> dict[str, Any]:
    said: dict[str, Any] = {
        "line_id": line.line,
        "item_code": line.item,
        "service_date": line.service_date,
        "amount": yuan(line.amount_fen),
        "in_scope": yuan(line.in_scope_fen),
        "upfront": yuan(line.upfront_fen),
        "over_limit": yuan(line.over_limit_fen),
        "self_funded": yuan(line.self_funded_fen),
        "reason": line.reason,
        "steps": [_step(step) for step in line.steps],
    }
    return said if line.entry is None else said | {"entry": _entry(line.entry)}


def _entry(entry: CatalogEntry) -> dict[str, Any]:
    said: dict[str, Any] = {
        "place": entry.place,
        "code": entry.code,
        "name": entry.name,
        "item_class": entry.item_class,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
    }
    return said if entry.source is None else said | {"source": _source(entry.source)}


def _step(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": step.code,
        "text": sentence(step, ENGLISH),
        "text_zh": sentence(step, CHINESE),
        "sources": [_source(source) for source in step.sources],
    }
    return said if step.amount_fen is None else said | {"amount": yuan(step.amount_fen)}


def _source(source: Source) -> dict[str, Any]:
    return {
        "kind": source.kind,
        "title": source.title,
        "grade": source.grade,
        "address": source.address,
        "path": source.path,
        "line": source.line,
        "why": source.why,
    }


def _titled(titles: Any, otherwise: str) -> dict[str, str]:
    return {"title": ENGLISH.title(titles, otherwise), "title_zh": CHINESE.title(titles, otherwise)}
