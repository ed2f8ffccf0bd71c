"""The reference plan as a tax-benefit system of OpenFisca-core: entities, dated parameters, variables with formulas.

What OpenFisca does: entities (a claim and its lines), parameters by date, brackets, variables computed once and on
demand over all claims. What it does not, and what is NumPy written by hand here:

- Counters from claim to claim of a person. A variable has one value an entity and period; nothing runs through the
  claims of a year. `running` sorts claims by person and time and takes cumulative sums; that closed form holds while no
  amount is negative. Groups do not nest either: persons who have claims that have lines are no entities, so a person
  is a number on the claim, and closing accounts are sums outside the system.
- Dated items of a catalog: parameters are read for one date a simulation, not one a line, and 267 thousand of them as
  objects are too many. The catalog is arrays, searched in the formula of `version`.
- Exact money. Variables are float32 (float) or int32 (int); `Money` makes them int64, fen and ppm. With `money=float`
  they are what OpenFisca makes of money: float32, rates as fractions, its own scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from adjudicator.reasons import LineReason
from benchmarks.peers import plan_tables as plan
from benchmarks.peers.columns import GROUPS, LEVELS, Columns

START = "2023-01-01"

Line = build_entity(key="line", plural="lines", label="Fee line", is_person=True)
Claim = build_entity(key="claim", plural="claims", label="Claim", roles=[{"key": "member", "label": "Line of a claim"}])


class Level(Enum):
    tertiary = "tertiary"
    secondary = "secondary"
    primary = "primary"


class Group(Enum):
    in_service = "in_service"
    retired = "retired"
    resident = "resident"


class Visit(Enum):
    outpatient = "outpatient"
    inpatient = "inpatient"


@dataclass(frozen=True, slots=True)
class Versions:
    """The catalog: `key` is item x 2**32 + first day, rising; `row_of` gives the item of a code."""

    row_of: dict[str, int]
    key: np.ndarray
    item: np.ndarray
    valid_until: np.ndarray
    item_class: np.ndarray
    upfront_ppm: np.ndarray
    ceiling_e6: np.ndarray

    @staticmethod
    def of(columns: Columns) -> Versions:
        table = columns.versions
        key = (table["item"].astype(np.int64) << 32) + table["valid_from"]
        row_of = {code: row for row, code in enumerate(columns.items)}
        kept = ("item", "valid_until", "item_class", "upfront_ppm", "ceiling_e6")
        return Versions(row_of, key, *(table[name] for name in kept))


class System(TaxBenefitSystem):
    """The plan with its catalog; `money` int: int64 fen, float: float32 fen as OpenFisca has it."""

    def __init__(self, versions: Versions, money: type = int) -> None:
        super().__init__([Line, Claim])
        self.versions = versions
        self.parameters = ParameterNode("", data=_parameters())
        for variable in VARIABLES:
            added = self.add_variable(variable)
            if isinstance(added, Money) and money is float:
                added.value_type, added.dtype = float, np.dtype(np.float32)


class Wide(Variable):
    """A whole number in int64."""

    def __init__(self, baseline_variable: Variable | None = None) -> None:
        super().__init__(baseline_variable)
        self.dtype = np.dtype(np.int64)


class Money(Wide):
    """An amount in fen."""


def _dated(value: float) -> dict[str, Any]:
    return {START: {"value": value}}


def _scale(edges: tuple[int, ...], rates: tuple[int, ...]) -> dict[str, Any]:
    brackets = [
        {"threshold": _dated(edge), "rate": _dated(rate / plan.PPM)}
        for edge, rate in zip((0, *edges), rates, strict=True)
    ]
    return {"metadata": {"type": "marginal_rate"}, "brackets": brackets}


def _amount(value: int) -> dict[str, Any]:
    return {"values": _dated(value)}


def _parameters() -> dict[str, Any]:
    return {
        "basic": {
            "admission": {
                level: {f"stay_{n}": _amount(amount) for n, amount in enumerate(amounts)}
                for level, amounts in zip(LEVELS, plan.ADMISSION_FEN, strict=True)
            },
            "outpatient": _amount(plan.OUTPATIENT_FEN),
            "scale": {
                level: {group: _scale(plan.EDGES_FEN, rates) for group, rates in zip(GROUPS, groups, strict=True)}
                for level, groups in zip(LEVELS, plan.RATES_BY_GROUP, strict=True)
            },
            "cap": _amount(plan.CAP_FEN),
        },
        "catastrophic": {
            "deductible": _amount(plan.CATASTROPHIC_DEDUCTIBLE_FEN),
            "scale": _scale(plan.CATASTROPHIC_EDGES_FEN, plan.CATASTROPHIC_RATES_PPM),
            "cap": _amount(plan.CATASTROPHIC_CAP_FEN),
        },
    }


def share(amount: np.ndarray, rate_ppm: np.ndarray) -> np.ndarray:
    """Give amount x rate, half-up to the fen."""
    if amount.dtype.kind == "f":
        return np.floor(amount * (rate_ppm / plan.PPM) + 0.5)
    return (amount * rate_ppm + plan.PPM // 2) // plan.PPM


def by_scale(scale: Any, before: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Give what a scale pays for the fen between two running sums, half-up."""
    if until.dtype.kind == "f":
        return np.floor(scale.calc(until) - scale.calc(before) + 0.5)
    edges = [*map(int, scale.thresholds), np.iinfo(np.int64).max]
    product = np.full(len(until), plan.PPM // 2)
    for low, high, rate in zip(edges, edges[1:], scale.rates, strict=False):
        width = np.minimum(until, high) - np.maximum(before, low)
        product += np.maximum(width, 0) * round(rate * plan.PPM)
    return product // plan.PPM


def running(values: np.ndarray, claim: Any, period: Any) -> np.ndarray:
    """Give the sum of the person's claims until and with each one."""
    order = claim("place", period)
    person = claim("person", period)[order]
    first = np.flatnonzero(np.diff(person, prepend=-1))
    total = np.cumsum(values[order], dtype=np.float64 if values.dtype.kind == "f" else np.int64)
    before = np.where(first > 0, total[first - 1], 0)
    found = np.empty_like(total)
    found[order] = total - np.repeat(before, np.diff(first, append=len(order)))
    return found


def up_to(limit: int, until: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Give the part of an amount that a yearly limit takes, from the running sum."""
    return np.minimum(until, limit) - np.minimum(until - amount, limit)


# Lines


class item(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR
    label = "Item of the catalog, -1 unknown"


class service_date(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR


class quantity(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR
    label = "Quantity, 1e-4 units"


class amount(Money):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR


class version(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR
    label = "Version in force on the service date, -1 none"

    def formula(line, period, parameters):  # noqa: N805
        versions = line.simulation.tax_benefit_system.versions
        wanted, day = line("item", period), line("service_date", period)
        place = np.searchsorted(versions.key, (wanted.astype(np.int64) << 32) + day, "right") - 1
        fits = (place >= 0) & (versions.item[place] == wanted) & (day < versions.valid_until[place])
        return np.where(fits, place, -1)


class refused(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR
    label = "Why a line is self-funded, 0 where it is not"

    def formula(line, period, parameters):  # noqa: N805
        versions = line.simulation.tax_benefit_system.versions
        found, day = line("version", period), line("service_date", period)
        outside = (day < line.claim("admission", period)) | (day > line.claim("discharge", period))
        return np.select(
            [
                line("item", period) < 0,
                found < 0,
                versions.item_class[found] == plan.CLASS_C,
                line.claim("stay", period) & outside,
            ],
            [LineReason.UNKNOWN_ITEM, LineReason.NOT_IN_FORCE, LineReason.CLASS_C, LineReason.OUTSIDE_STAY],
            0,
        )


class over_limit(Money):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR

    def formula(line, period, parameters):  # noqa: N805
        versions = line.simulation.tax_benefit_system.versions
        ceiling = versions.ceiling_e6[line("version", period), line.claim("level", period).view(np.ndarray)]
        units, billed = line("quantity", period).astype(np.int64), line("amount", period)
        payable = (ceiling * units + plan.PER_FEN // 2) // plan.PER_FEN
        if billed.dtype.kind == "f":
            payable = np.floor(ceiling.astype(billed.dtype) * units / plan.PER_FEN + 0.5)
        limited = (line("refused", period) == 0) & (ceiling >= 0)
        return np.where(limited, np.maximum(billed - payable, 0), 0)


class upfront(Money):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR

    def formula(line, period, parameters):  # noqa: N805
        rate = line.simulation.tax_benefit_system.versions.upfront_ppm[line("version", period)]
        upfront = share(line("amount", period) - line("over_limit", period), rate)
        return np.where(line("refused", period) == 0, upfront, 0)


class self_funded(Money):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR

    def formula(line, period, parameters):  # noqa: N805
        return np.where(line("refused", period) == 0, 0, line("amount", period))


class in_scope(Money):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR

    def formula(line, period, parameters):  # noqa: N805
        taken = line("over_limit", period) + line("upfront", period) + line("self_funded", period)
        return line("amount", period) - taken


class reason(Variable):  # noqa: N801
    value_type = int
    entity = Line
    definition_period = DateUnit.YEAR

    def formula(line, period, parameters):  # noqa: N805
        parts = (line("upfront", period) > 0) + 2 * (line("over_limit", period) > 0)
        refused = line("refused", period)
        return np.where(refused != 0, refused, parts)


# Claims


class person(Variable):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR


class order_time(Wide):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR


class admission(Variable):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR


class discharge(Variable):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR


class level(Variable):  # noqa: N801
    value_type = Enum
    possible_values = Level
    default_value = Level.tertiary
    entity = Claim
    definition_period = DateUnit.YEAR


class group(Variable):  # noqa: N801
    value_type = Enum
    possible_values = Group
    default_value = Group.in_service
    entity = Claim
    definition_period = DateUnit.YEAR


class visit(Variable):  # noqa: N801
    value_type = Enum
    possible_values = Visit
    default_value = Visit.outpatient
    entity = Claim
    definition_period = DateUnit.YEAR


class place(Variable):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR
    label = "Rows of the claims in order of person and time"

    def formula(claim, period, parameters):  # noqa: N805
        return np.lexsort((claim("order_time", period), claim("person", period)))


class inpatient(Variable):  # noqa: N801
    value_type = bool
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("visit", period) == Visit.inpatient


class stay(Variable):  # noqa: N801
    value_type = bool
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("inpatient", period) | (claim("discharge", period) > claim("admission", period))


class total(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim.sum(claim.members("amount", period))


class basic_base(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim.sum(claim.members("in_scope", period))


class basic_deductible(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        basic = parameters(period).basic
        base, inpatient = claim("basic_base", period), claim("inpatient", period)
        stays_before = np.minimum(running(inpatient.astype(np.int64), claim, period) - 1, 2)
        due = np.array([[basic.admission[level][f"stay_{n}"] for n in range(3)] for level in LEVELS])
        admission = np.minimum(base, due[claim("level", period).view(np.ndarray), stays_before])
        outpatient = np.where(inpatient, 0, base)
        yearly = up_to(basic.outpatient, running(outpatient, claim, period), outpatient)
        return np.where(inpatient, admission, yearly)


class basic_banded(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("basic_base", period) - claim("basic_deductible", period)


class basic_paid(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        basic = parameters(period).basic
        banded = claim("basic_banded", period)
        until = running(banded, claim, period)
        payment = np.zeros_like(until)
        for level in Level:
            for group in Group:
                here = (claim("level", period) == level) & (claim("group", period) == group)
                scale = basic.scale[level.name][group.name]
                payment[here] = by_scale(scale, until[here] - banded[here], until[here])
        return up_to(basic.cap, running(payment, claim, period), payment)


class catastrophic_base(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("basic_base", period) - claim("basic_paid", period)


class catastrophic_deductible(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        base = claim("catastrophic_base", period)
        return up_to(parameters(period).catastrophic.deductible, running(base, claim, period), base)


class catastrophic_banded(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("catastrophic_base", period) - claim("catastrophic_deductible", period)


class catastrophic_paid(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        catastrophic = parameters(period).catastrophic
        banded = claim("catastrophic_banded", period)
        until = running(banded, claim, period)
        payment = by_scale(catastrophic.scale, until - banded, until)
        return up_to(catastrophic.cap, running(payment, claim, period), payment)


class cash(Money):  # noqa: N801
    value_type = int
    entity = Claim
    definition_period = DateUnit.YEAR

    def formula(claim, period, parameters):  # noqa: N805
        return claim("total", period) - claim("basic_paid", period) - claim("catastrophic_paid", period)


VARIABLES: tuple[type[Variable], ...] = (
    item,
    service_date,
    quantity,
    amount,
    version,
    refused,
    over_limit,
    upfront,
    self_funded,
    in_scope,
    reason,
    person,
    order_time,
    admission,
    discharge,
    level,
    group,
    visit,
    place,
    inpatient,
    stay,
    total,
    basic_base,
    basic_deductible,
    basic_banded,
    basic_paid,
    catastrophic_base,
    catastrophic_deductible,
    catastrophic_banded,
    catastrophic_paid,
    cash,
)
