"""What is answered, as the bytes that are stored and sent, now and at every replay. Amounts are text, in yuan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from adjudicator import BUCKETS
from api.ledger.rows import EntryRow, JournalRow
from api.service.days import book_day, day_text, moment_text
from api.service.figures import Figures
from api.service.requests import LineRequest
from api.wire.problems import Mistake, Problem
from api.wire.values import AMOUNT_DECIMALS, decimal

Outcome = Literal["done", "refused", "nothing", "conflict", "repeated", "failed"]
"""done: it has taken effect. refused: it has not and never will, with reasons; stored. nothing: a reversal that found
nothing to undo. conflict: the message id belongs to another request. repeated: its nonce was there before, so it was
not looked at. failed: not done, and may be sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a message is answered. replayed: it was decided before, and these are the bytes of then.

    cause: what failed, for the log; it is not told.
    """

    outcome: Outcome
    body: bytes
    replayed: bool = False
    cause: Exception | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """Where in the ledger something stands."""

    settlement_id: str
    person_seq: int
    settled_at: int

    def as_dict(self) -> dict[str, object]:
        """Give it for a body."""
        return {
            "settlement_id": self.settlement_id,
            "person_seq": self.person_seq,
            "settled_at": moment_text(self.settled_at),
            "book_date": day_text(book_day(self.settled_at)),
        }


ZERO = decimal(0, AMOUNT_DECIMALS)
"""Most amounts of a line: it falls into one bucket of four."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a settlement comes to more or less since it was settled anew, by account; nothing where it is the same."""

    settlement: str
    institution: str
    differences: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it for a body."""
        differences = _amounts(self.differences)
        return {"settlement": self.settlement, "institution": self.institution, "differences": differences}


def settled_body(posted: Posted, figures: Figures, lines: Sequence[LineRequest]) -> bytes:
    """Write the answer to a settlement."""
    return orjson.dumps({**posted.as_dict(), **figures_dict(figures, lines)})


def adjusted_body(
    posted: Posted, settlement: str, caused_by: str, figures: Figures, lines: Sequence[LineRequest]
) -> bytes:
    """Write what a settlement is told that is settled anew. caused_by: the reversal that made it necessary."""
    said = {**posted.as_dict(), "settlement": settlement, "caused_by": caused_by}
    return orjson.dumps({**said, **figures_dict(figures, lines)})


def preview_body(person_seq: int, figures: Figures, lines: Sequence[LineRequest]) -> bytes:
    """Write the answer to a preview; a settlement comes to the same while the person's last row is `person_seq`."""
    return orjson.dumps({"previewed_at_person_seq": person_seq, **figures_dict(figures, lines)})


def reversed_body(
    posted: Posted, reverses: str, settlement: str, in_force: bool, entries: Sequence[tuple[str, int]],
    caused_by: str | None = None, adjusted: Sequence[Adjustment] = (),
) -> bytes:  # fmt: skip
    """Write the answer to a reversal. reverses: the row undone; in_force: whether the settlement counts again.

    caused_by: the reversal that made this one necessary. adjusted: settlements that this one made settle anew.
    """
    body: dict[str, Any] = {
        **posted.as_dict(),
        "reversed": True,
        "reverses": reverses,
        "settlement": settlement,
        "in_force": in_force,
        "entries": _amounts(entries),
    }
    if caused_by:
        body["caused_by"] = caused_by
    if adjusted:
        body["adjusted"] = [one.as_dict() for one in adjusted]
    return orjson.dumps(body)


def history_row(row: JournalRow, entries: Sequence[EntryRow]) -> dict[str, Any]:
    """Give one row of a settlement's history, for a body."""
    posted = Posted(row.settlement_id, row.person_seq, row.settled_at).as_dict()
    caused = {"caused_by": row.caused_by} if row.caused_by else {}
    return {**posted, "kind": row.kind, **caused, "entries": _amounts([(e.account, e.amount) for e in entries])}


def balance_body(posted: Posted, entries: Sequence[tuple[str, int]]) -> bytes:
    """Write what is kept of counters that were opened or an account that was credited."""
    return orjson.dumps({**posted.as_dict(), "entries": _amounts(entries)})


def nothing_body(original_message_id: str) -> bytes:
    """Write the answer to a reversal of a message that had no effect and will never have one."""
    return orjson.dumps({"original_message_id": original_message_id, "reversed": False})


def refused_body(code: str, reasons: Sequence[Mistake]) -> bytes:
    """Write why something is not done, all reasons at once."""
    return Problem(code, tuple(reasons)).body()


def figures_dict(figures: Figures, lines: Sequence[LineRequest]) -> dict[str, Any]:
    """Give who pays what, for a body."""
    return {
        "plan": figures.plan,
        "total": yuan(figures.total_fen),
        **{name: yuan(fen) for name, fen in zip(BUCKETS, figures.buckets, strict=True)},
        "funds": [{"fund": fund, "paid": yuan(paid)} for fund, paid in figures.funds],
        "cash": yuan(figures.cash_fen),
        "beyond_bill": yuan(figures.beyond_bill_fen),
        "parts": [
            {
                "plan": part.plan,
                "status": part.status,
                "reason": part.reason,
                "admission": day_text(part.admission),
                "discharge": day_text(part.discharge),
                "layers": [
                    {
                        "layer": layer.layer,
                        "fund": layer.fund,
                        "base": yuan(layer.base_fen),
                        "deductible": yuan(layer.deductible_fen),
                        "paid": yuan(layer.paid_fen),
                    }
                    for layer in part.layers
                ],
            }
            for part in figures.parts
        ],
        "lines": [
            {
                "line_id": line.line_id,
                "in_scope": yuan(in_scope),
                "upfront": yuan(upfront),
                "over_limit": yuan(over_limit),
                "self_funded": yuan(self_funded),
                "reason": found.reason,
            }
            for line, found in zip(lines, figures.lines, strict=True)
            for in_scope, upfront, over_limit, self_funded in [found.buckets]
        ],
    }


def _amounts(entries: Sequence[tuple[str, int]]) -> list[dict[str, str]]:
    return [{"account": account, "amount": yuan(amount)} for account, amount in entries]


def yuan(fen: int) -> str:
    """Write an amount, in yuan."""
    return decimal(fen, AMOUNT_DECIMALS) if fen else ZERO
