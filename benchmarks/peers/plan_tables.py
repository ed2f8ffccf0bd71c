"""The reference plan as plain tables, for contenders that keep a plan's figures in tables or parameters of their own.

Amounts are fen, rates ppm; indexes of levels and groups are those of `LEVELS` and `GROUPS`. The figures are those of
plans/reference.yaml.
"""

from __future__ import annotations

from benchmarks.peers.columns import GROUPS, LEVELS, VISITS

OUTPATIENT, INPATIENT = VISITS.index("outpatient"), VISITS.index("inpatient")

ADMISSION_DEDUCTIBLE = ((80_000, 40_000, 20_000), (40_000, 20_000, 10_000), (20_000, 10_000, 5_000))
"""[level][first, second, later admission of the year]"""

OUTPATIENT_DEDUCTIBLE = 60_000
BAND_EDGES = (2_000_000, 6_000_000)
BAND_RATES = (
    ((800_000, 850_000, 900_000), (850_000, 880_000, 920_000)),
    ((850_000, 880_000, 920_000), (900_000, 920_000, 950_000)),
    ((900_000, 920_000, 940_000), (950_000, 960_000, 970_000)),
)
"""[level][group][band]"""

POOL_CAP = 30_000_000
CATASTROPHIC_DEDUCTIBLE = 1_500_000
CATASTROPHIC_EDGES = (3_000_000, 8_000_000, 15_000_000)
CATASTROPHIC_RATES = (600_000, 650_000, 700_000, 750_000)
CATASTROPHIC_CAP = 40_000_000

PPM = 1_000_000
PER_FEN = 100_000_000
"""Price in 1e-6 yuan times quantity in 1e-4 is 1e-8 fen."""

assert len(ADMISSION_DEDUCTIBLE) == len(BAND_RATES) == len(LEVELS)
assert all(len(rates) == len(GROUPS) for rates in BAND_RATES)
