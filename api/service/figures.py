"""Who pays what for one case: the figures of its answer and of its double entry, out of a settlement's columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from adjudicator import BUCKETS, ClaimReason, ClaimStatus, LineReason, Settlement
from adjudicator.columns import Int64
from api.door.admitting import Admitted
from api.output.tables import ACCOUNT, FACILITY


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """What one layer of a plan made of a part."""

    layer: str
    fund: str
    base_fen: int
    deductible_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class PartFigures:
    """One benefit year's part of a case, nearly always the whole of it. admission, discharge: days."""

    plan: str
    status: str
    reason: str
    admission: int
    discharge: int
    layers: tuple[LayerFigures, ...]


class LineFigures(NamedTuple):
    """The four buckets of one line (`BUCKETS`), and why."""

    buckets: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of one case, in fen. lines: in the order of the request. cash_fen: what the person pays at the window.

    Law: total = buckets = funds - beyond the bill + cash.
    """

    total_fen: int
    buckets: tuple[int, ...]
    funds: tuple[tuple[str, int], ...]
    cash_fen: int
    beyond_bill_fen: int
    parts: tuple[PartFigures, ...]
    lines: tuple[LineFigures, ...]

    @property
    def plan(self) -> str:
        """The plan that decides; of a stay over two plans both, in order."""
        return " ".join(dict.fromkeys(part.plan for part in self.parts))


class FiguresReader:
    """Reads the figures of cases out of a settlement of many."""

    def __init__(self, admitted: Admitted, settlement: Settlement) -> None:
        batch = admitted.batch
        self._plans = batch.plan.decode()
        self._status = [ClaimStatus(code).name for code in settlement.status.tolist()]
        self._reason = [ClaimReason(code).name for code in settlement.reason.tolist()]
        self._admission, self._discharge = batch.admission.tolist(), batch.discharge.tolist()
        self._layers = {
            name: tuple(column.tolist() for column in (found.base, found.deductible, found.paid))
            for name, found in settlement.layers.items()
        }
        self._funds: dict[str, list[tuple[str, str]]] = {}
        for (plan, name), fund in settlement.funds.items():  # in the order of each plan, whatever else is in the batch
            self._funds.setdefault(plan, []).append((name, fund))
        self._total, self._buckets = settlement.total.tolist(), settlement.claim_buckets.tolist()
        self._cash, self._beyond = settlement.cash_fen.tolist(), settlement.beyond_bill_fen.tolist()
        self._first = batch.lines.first.tolist()
        self._line_row = admitted.claims.lines.row.tolist()
        columns = [getattr(settlement, name).tolist() for name in BUCKETS]
        self._line_buckets = list(zip(*columns, strict=True))
        self._line_reason = [_LINE_REASONS[code] for code in settlement.line_reason.tolist()]

    def of(self, rows: Int64) -> Figures:
        """Give the figures of the case whose claims are these rows."""
        numbers = rows.tolist()
        parts = tuple(self._part(row) for row in numbers)
        funds: dict[str, int] = {}
        for part in parts:
            for layer in part.layers:
                funds[layer.fund] = funds.get(layer.fund, 0) + layer.paid_fen
        lines = sorted(line for row in numbers for line in self._lines(row))
        figures = Figures(
            sum(self._total[row] for row in numbers),
            tuple(map(sum, zip(*(self._buckets[row] for row in numbers), strict=True))),
            tuple(sorted((fund, paid) for fund, paid in funds.items() if paid)),
            sum(self._cash[row] for row in numbers),
            sum(self._beyond[row] for row in numbers),
            parts,
            tuple(LineFigures(buckets, reason) for _, buckets, reason in lines),
        )
        paid = sum(paid for _, paid in figures.funds)
        assert figures.total_fen == sum(figures.buckets) == paid - figures.beyond_bill_fen + figures.cash_fen
        return figures

    def _part(self, row: int) -> PartFigures:
        plan = self._plans[row] or ""
        layers = []
        for name, fund in self._funds.get(plan, ()):
            base, deductible, paid = self._layers[name]
            if base[row] or paid[row]:
                layers.append(LayerFigures(name, fund, base[row], deductible[row], paid[row]))
        return PartFigures(
            plan, self._status[row], self._reason[row], self._admission[row], self._discharge[row], tuple(layers)
        )

    def _lines(self, row: int) -> list[tuple[int, tuple[int, ...], str]]:
        return [
            (self._line_row[line], self._line_buckets[line], self._line_reason[line])
            for line in range(self._first[row], self._first[row + 1])
        ]


_LINE_REASONS = {reason.value: reason.name for reason in LineReason}


def entries_of(figures: Figures, institution: str) -> list[tuple[str, int]]:
    """Give the double entry of a settlement: who is charged (debit, above 0), and to whom it is owed; the sum is 0.

    What a plan pays beyond the bill goes to the person, and is taken off the cash.
    """
    accounts = {ACCOUNT: "account:person", FACILITY: "hospital:borne"}
    charged = [(accounts.get(fund, f"fund:{fund}"), paid) for fund, paid in figures.funds]
    cash = figures.cash_fen - figures.beyond_bill_fen
    found = [*charged, *([("cash:person", cash)] if cash else []), (f"institution:{institution}", -figures.total_fen)]
    assert sum(amount for _, amount in found) == 0
    return found
