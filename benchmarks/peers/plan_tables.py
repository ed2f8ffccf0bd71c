"""The figures of `rule` in the shape of tables: one row a level and group, for contenders that keep a plan's tables."""

from __future__ import annotations

from benchmarks.peers.columns import GROUPS, LEVELS
from benchmarks.peers.rule import (
    ADMISSION_FEN,
    CAP_FEN,
    CATASTROPHIC_CAP_FEN,
    CATASTROPHIC_DEDUCTIBLE_FEN,
    CATASTROPHIC_EDGES_FEN,
    CATASTROPHIC_RATES_PPM,
    CLASS_C,
    EDGES_FEN,
    INPATIENT,
    OUTPATIENT,
    OUTPATIENT_FEN,
    RATES_PPM,
)

RATES_BY_GROUP = tuple(
    tuple(tuple(piece[level][group] for piece in RATES_PPM) for group in range(len(GROUPS)))
    for level in range(len(LEVELS))
)
"""[level][group][slice]"""

PPM = 1_000_000
PER_FEN = 100_000_000
"""A price in 1e-6 yuan times a quantity in 1e-4 is in 1e-8 fen."""

__all__ = [
    "ADMISSION_FEN",
    "CAP_FEN",
    "CATASTROPHIC_CAP_FEN",
    "CATASTROPHIC_DEDUCTIBLE_FEN",
    "CATASTROPHIC_EDGES_FEN",
    "CATASTROPHIC_RATES_PPM",
    "CLASS_C",
    "EDGES_FEN",
    "INPATIENT",
    "OUTPATIENT",
    "OUTPATIENT_FEN",
    "PER_FEN",
    "PPM",
    "RATES_BY_GROUP",
]
