"""The figures of `plans/reference.yaml` for contenders that write the rule themselves. Fen and ppm."""

from __future__ import annotations

from adjudicator import LineReason

ADMISSION_FEN = ((80_000, 40_000, 20_000), (40_000, 20_000, 10_000), (20_000, 10_000, 5_000))
"""Deductible of a stay: [level][first, second, later admission of the year]."""

OUTPATIENT_FEN = 60_000
EDGES_FEN = (2_000_000, 6_000_000)
RATES_PPM = (
    ((800_000, 850_000, 600_000), (850_000, 900_000, 700_000), (900_000, 950_000, 800_000)),
    ((850_000, 880_000, 650_000), (880_000, 920_000, 750_000), (920_000, 960_000, 850_000)),
    ((900_000, 920_000, 700_000), (920_000, 950_000, 800_000), (940_000, 970_000, 900_000)),
)
"""[slice][level][group]"""

CAP_FEN = 30_000_000
CATASTROPHIC_DEDUCTIBLE_FEN = 1_500_000
CATASTROPHIC_EDGES_FEN = (3_000_000, 8_000_000, 15_000_000)
CATASTROPHIC_RATES_PPM = (600_000, 650_000, 700_000, 750_000)
CATASTROPHIC_CAP_FEN = 40_000_000

OUTPATIENT, INPATIENT = 0, 1
CLASS_C = 2
UPFRONT = int(LineReason.UPFRONT)
OVER_CEILING = int(LineReason.OVER_CEILING)
SELF_FUNDED = int(LineReason.CLASS_C)
UNKNOWN_ITEM = int(LineReason.UNKNOWN_ITEM)
NOT_IN_FORCE = int(LineReason.NOT_IN_FORCE)
OUTSIDE_STAY = int(LineReason.OUTSIDE_STAY)
