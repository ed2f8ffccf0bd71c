"""What the workload is calibrated on: figures of 2025 that the national insurance bureau has published, and choices.

`FIGURES` are published, each at the address beside it. What nobody publishes (how visits spread over persons, levels of
facilities, lines a claim) is chosen, and stands below them with its reason. Workload of a year: a million insured make
58 million lines; fewer lines are a year of fewer persons.
"""

from __future__ import annotations

YEAR = 2025

BULLETIN = "https://www.nhsa.gov.cn/art/2026/7/16/art_7_21451.html"
YEARBOOK = "https://www.nhsa.gov.cn/art/2026/7/13/art_257_21405.html"

FIGURES: dict[str, tuple[float, str]] = {
    "bulletin_employee_active_enrollees": (28_062.32, BULLETIN),
    "bulletin_employee_retiree_enrollees": (10_793.8, BULLETIN),
    "bulletin_resident_enrollees": (94_213.27, BULLETIN),
    "employee_outpatient_visits_per_insured": (7.18, YEARBOOK),
    "employee_chronic_visits_per_insured": (0.931, YEARBOOK),
    "employee_admission_rate": (21.26, YEARBOOK),
    "employee_fee_per_outpatient_visit": (241.7, YEARBOOK),
    "employee_fee_per_chronic_visit": (608.1, YEARBOOK),
    "employee_fee_per_stay": (11_522.4, YEARBOOK),
    "employee_tertiary_fee_per_stay": (13_335, BULLETIN),
    "bulletin_employee_avg_length_of_stay": (8.6, BULLETIN),
    "resident_outpatient_visits_per_insured": (2.68, YEARBOOK),
    "resident_chronic_visits_per_insured": (0.523, YEARBOOK),
    "resident_admission_rate": (20.82, YEARBOOK),
    "resident_fee_per_outpatient_visit": (113.5, YEARBOOK),
    "resident_fee_per_chronic_visit": (451.4, YEARBOOK),
    "resident_fee_per_stay": (7_338.6, YEARBOOK),
    "resident_tertiary_fee_per_stay": (11_278, BULLETIN),
    "bulletin_resident_avg_length_of_stay": (8.6, BULLETIN),
    "catalog_western": (1_857, BULLETIN),
    "catalog_tcm": (1_396, BULLETIN),
}
"""Metric, as the collected statistics name it: value (10,000 persons, visits, %, yuan, days, kinds) and address."""

GROUPS = ("in_service", "retired", "resident")
SCHEMES = ("employee", "resident")
SCHEME_OF_GROUP = (0, 0, 1)
KINDS = ("outpatient", "chronic", "stay")
"""Ordinary outpatient visits, visits for chronic and special diseases, stays. Purchases in pharmacies are left out:
they have a line or two."""

LEVELS = ("tertiary", "secondary", "primary")


def figure(name: str) -> float:
    return FIGURES[name][0]


def insured_by_group() -> tuple[float, ...]:
    """Give the share of each group of GROUPS among all insured."""
    names = ("bulletin_employee_active_enrollees", "bulletin_employee_retiree_enrollees", "bulletin_resident_enrollees")
    whole = sum(map(figure, names))
    return tuple(figure(name) / whole for name in names)


def claims_a_year() -> tuple[tuple[float, ...], ...]:
    """Give the claims of one insured a year: [scheme][kind]. In service and retired are published together."""
    return tuple(
        (
            figure(f"{scheme}_outpatient_visits_per_insured"),
            figure(f"{scheme}_chronic_visits_per_insured"),
            figure(f"{scheme}_admission_rate") / 100,
        )
        for scheme in SCHEMES
    )


def fees() -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Give the mean fee of a claim in yuan: [scheme][kind][level].

    Stays at tertiary hospitals have a fee of their own; that of the other levels follows from the mean of all.
    Outpatient fees are published without level.
    """
    return tuple(
        tuple(
            (figure(f"{scheme}_fee_per_{kind}_visit"),) * len(LEVELS) if kind != "stay" else _stays(number)
            for kind in KINDS
        )
        for number, scheme in enumerate(SCHEMES)
    )


def _stays(number: int) -> tuple[float, ...]:
    scheme = SCHEMES[number]
    mean, tertiary = figure(f"{scheme}_fee_per_stay"), figure(f"{scheme}_tertiary_fee_per_stay")
    share = LEVEL_SHARES[number][KINDS.index("stay")]
    secondary = (mean - share[0] * tertiary) / (share[1] + share[2] * PRIMARY_STAY)
    return tertiary, secondary, secondary * PRIMARY_STAY


# Chosen, for want of a published figure

LEVEL_SHARES = (
    ((0.40, 0.25, 0.35), (0.50, 0.30, 0.20), (0.60, 0.30, 0.10)),
    ((0.15, 0.25, 0.60), (0.30, 0.40, 0.30), (0.35, 0.45, 0.20)),
)
"""Share of visits by level: [scheme][kind][level]. Employees live in towns and go to large hospitals."""

PRIMARY_STAY = 0.5
"""Fee of a stay in a primary facility over that in a secondary one."""

FACILITIES_BY_LEVEL = (0.04, 0.14, 0.82)
LINES_A_CLAIM = 12
LARGEST_VISIT, LARGEST_STAY = 19, 111
"""Lines of a claim are uniform from 1: ten of a visit, 56 of a stay, twelve of a claim on average."""

UNEVENNESS = 0.6
"""Shape of the gamma distribution of how often a person comes: a fifth make two thirds of the claims."""

FEE_SIGMA = 0.9
"""Spread of fees about their mean, of the logarithm: a few stays cost ten times the usual."""


def share_of_tcm() -> float:
    """Give the share of Chinese medicines among the kinds of drugs in the national catalog."""
    return figure("catalog_tcm") / (figure("catalog_tcm") + figure("catalog_western"))
