"""What the generator draws claims and conditions from: attributes and the words each may take."""

from __future__ import annotations

WORDS: dict[str, tuple[str, ...]] = {
    "level": ("tertiary", "secondary", "primary"),
    "group": ("in_service", "retired", "student"),
    "visit": ("inpatient", "outpatient", "special"),
    "zone": ("local", "in_province", "out_of_province"),
    "filing": ("none", "filed", "unfiled"),
    "disease": ("hypertension", "diabetes", "injury"),
    "access": ("direct", "referral"),
    "consent": ("yes", "no"),
}
"""Words that documents mention; a claim may give another one, or none."""

OTHER_WORD = {
    "level": "community",
    "group": "newborn",
    "visit": "emergency",
    "zone": "abroad",
    "filing": "long_term",
    "disease": "gout",
}

NUMBERS: dict[str, tuple[int, int]] = {
    "age": (0, 100),
    "days": (0, 40),
    "months_insured": (0, 60),
    "children": (0, 3),
    "wards": (0, 5),
}

MARKS: dict[str, tuple[str, ...]] = {"status": ("poor", "orphan", "veteran"), "flags": ("red", "blue")}

DECLARED = {
    "access": {"of": "visit", "values": ["direct", "referral"], "default": "direct"},
    "consent": {"of": "visit", "mark": "yes"},
    "wards": {"of": "visit", "number": "yes", "default": "2"},
    "flags": {"of": "person", "marks": "yes"},
    "household": {"of": "person", "id": "yes"},
}

IDS = ("household", "episode")
