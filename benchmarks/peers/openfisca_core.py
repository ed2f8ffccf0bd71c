"""OpenFisca-core over int64 fen: all claims in one simulation, its results equal to the fen.

`openfisca_float` is the same with the types OpenFisca gives money by default. Not timed: the tax-benefit system, the
catalog. Timed: codes to items, the simulation, every variable, closing accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from openfisca_core.simulations import Simulation, SimulationBuilder

from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, LINE_OUTPUTS, Columns, Output
from benchmarks.peers.openfisca_rules import Group, Level, System, Versions, Visit

NAME = "OpenFisca-core, int64"
THREADS = (1,)
LARGEST_LINES = 10_000_000
YEAR = "2023"


@dataclass(slots=True)
class State:
    """The system with its catalog, and the columns."""

    system: System
    columns: Columns


def prepare(columns: Columns, threads: int, money: type = int) -> State:
    return State(System(Versions.of(columns), money), columns)


def run(state: State) -> Output:
    simulation = _simulation(state)
    out = {name: _whole(simulation, name) for name in LINE_OUTPUTS}
    out["reason"] = out["reason"].astype(np.uint8)
    out |= {name: _whole(simulation, name.replace(".", "_")) for name in CLAIM_OUTPUTS}
    return out | _accounts(simulation, state.columns.persons)


def _simulation(state: State) -> Simulation:
    """Make the entities and set the inputs."""
    columns, system = state.columns, state.system
    lines, claims = columns.lines, columns.claims
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.populations["line"].count = len(columns)
    builder.populations["claim"].count = len(claims["person"])
    builder.populations["claim"].members_entity_id = lines["claim"]
    simulation = builder.build(system)
    row_of = system.versions.row_of
    rows = np.fromiter((row_of.get(code, -1) for code in columns.dictionary), np.int32, len(columns.dictionary))
    inputs = {
        "item": rows[lines["item"]],
        "service_date": lines["service_date"],
        "quantity": lines["quantity_e4"],
        "amount": lines["amount_fen"],
        "level": Level.encode(columns.facility_level[claims["facility"]]),
        "group": Group.encode(claims["group"]),
        "visit": Visit.encode(claims["visit"]),
        **{name: claims[name] for name in ("person", "order_time", "admission", "discharge")},
    }
    for name, values in inputs.items():
        simulation.set_input(name, YEAR, values)
    return simulation


def _whole(simulation: Simulation, name: str) -> np.ndarray:
    """Give a variable as int64; float amounts are rounded to the fen."""
    values = simulation.calculate(name, YEAR)
    return np.rint(values).astype(np.int64) if values.dtype.kind == "f" else values.astype(np.int64, copy=False)


def _accounts(simulation: Simulation, persons: int) -> Output:
    """Sum claims to persons; doubles hold whole fen exactly up to 2**53."""
    person = simulation.calculate("person", YEAR)
    inpatient = simulation.calculate("inpatient", YEAR)
    sums = {
        "admissions": inpatient,
        "outpatient_borne": np.where(inpatient, 0, _whole(simulation, "basic_deductible")),
        "banded_ytd": _whole(simulation, "basic_banded"),
        "pool_paid": _whole(simulation, "basic_paid"),
        "catastrophic_borne": _whole(simulation, "catastrophic_deductible"),
        "catastrophic_ytd": _whole(simulation, "catastrophic_banded"),
        "catastrophic_paid": _whole(simulation, "catastrophic_paid"),
    }
    return {
        f"accounts.{name}": np.bincount(person, weights=sums[name], minlength=persons).astype(np.int64)
        for name in COUNTERS
    }
