"""Grammar: every mapping of the plan language with its keys, in one declarative place.

The readers take what may stand where from here, the linter its "did you mean", and a test compares it with the tables
in docs/plan-language.md. `section` is the section of the docs that describes the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from adjudicator.batch import BUCKETS
from adjudicator.layers import LAYER_AMOUNTS

SCHEMES = ("employee_basic", "resident_basic", "rural_cooperative", "maternity", "commercial", "foreign")
GRADES = ("A", "B", "C", "D")
CLAIM_DATES = ("admission", "discharge", "settlement")
AMOUNTS_OF_CLAIM = ("total", *BUCKETS, "paid", "remaining", "remaining_in_scope", "one")
AMOUNTS_OF_LAYER = LAYER_AMOUNTS
ALLOCATIONS = ("in_order", "proportional", "lowest_rate_first", "highest_rate_first")
PERIODS = ("none", "year", "quarter", "month", "day", "episode", "claim")


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one kind of mapping. `source` may stand in any mapping beside them unless `sourced` is False."""

    name: str
    section: int
    keys: tuple[str, ...]
    required: tuple[str, ...] = ()
    sourced: bool = True


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in attribute. `open`: words beside `words` are fine. A number has no words; marks are a set of words."""

    of: str
    kind: str  # word, number, marks, id
    words: tuple[str, ...] = ()
    open: bool = False
    default: str | None = None


def _shapes(*shapes: Shape) -> Mapping[str, Shape]:
    return MappingProxyType({shape.name: shape for shape in shapes})


SHAPES = _shapes(
    Shape("document", 2, (
        "plan", "overlay", "base", "title", "scheme", "place", "inherits", "compose", "valid", "sources", "source",
        "attributes", "amounts", "items", "conventions", "indexes", "lines", "excluded", "coverage", "layers",
        "counters", "bounds", "cases", "unknown", "conflicts",
    )),
    Shape("title", 2, ("en", "zh"), ("en", "zh"), sourced=False),
    Shape("compose", 2, ("plan", "overlays", "illustrative"), ("plan",), sourced=False),
    Shape("valid", 2, ("from", "until"), ("from",)),
    Shape("cited source", 2, ("title", "address", "grade", "note"), ("title", "grade"), sourced=False),
    Shape("attribute", 4, ("of", "values", "number", "id", "mark", "marks", "default"), sourced=False),
    Shape("coverage", 2, ("by", "waiting")),
    Shape("exact value", 3, ("value",), ("value",)),
    Shape("assumed value", 3, ("assumed", "why", "alternatives"), ("assumed", "why")),
    Shape("not stated value", 3, ("not_stated",), ("not_stated",)),
    Shape("target value", 3, ("target",), ("target",)),
    Shape("minimum value", 3, ("minimum",), ("minimum",)),
    Shape("range value", 3, ("range",), ("range",)),
    Shape("index value", 3, ("times", "index"), ("times", "index")),
    Shape("row", 3, ("when", "is"), ("is",)),
    Shape("since value", 3, ("since",), ("since",)),
    Shape("adjusted value", 3, ("start", "adjust", "at_least", "at_most"), ("start",)),
    Shape("adjustment", 3, ("when", "points", "add", "times", "person_share", "set")),
    Shape("points each", 3, ("of", "each"), ("of", "each")),
    Shape("formula value", 3, ("fixed", "plus", "at_least", "at_most"), ("plus",)),
    Shape("term", 3, ("rate", "of", "above"), ("rate", "of")),
    Shape("layer", 6, (
        "layer", "title", "fund", "requires_visit", "when", "base", "groups", "base_limits", "deductible", "allocate",
        "borne_by", "first_pay", "bands", "rounding", "already_paid", "flat", "at_least", "limits", "charges",
        "beyond_bill",
    ), ("layer", "fund")),
    Shape("group", 7, ("group", "items", "base", "first_pay"), ("group",)),
    Shape("base limit", 6, ("name", "amount", "counter", "times"), ("name", "amount")),
    Shape("deductible", 6, ("name", "amount", "counter", "times", "at_most", "borne_by"), ("name", "amount")),
    Shape("deductible at_most", 6, ("amount", "counter"), ("amount", "counter")),
    Shape("bands", 6, ("from", "running", "whole", "slices", "above", "phase"), ("slices",)),
    Shape("slice", 6, ("from", "to", "rate", "credit"), ("rate",)),
    Shape("phase", 6, ("counter", "reaches"), ("counter", "reaches")),
    Shape("rounding", 6, ("at", "mode", "to"), sourced=True),
    Shape("flat", 6, ("name", "amount", "number", "less", "when", "take"), ("name", "amount")),
    Shape("guarantee", 6, ("rate", "base"), ("rate", "base")),
    Shape("limit", 6, ("name", "on", "of", "amount", "counter", "times", "when"), ("name", "amount")),
    Shape("counter", 8, ("per", "keys", "holder", "adds", "sets", "counts_if", "clears_if", "unit"), ("per",)),
    Shape("counter addition", 8, ("also_adds",), ("also_adds",)),
    Shape("rolling period", 8, ("rolling_months",), ("rolling_months",), sourced=False),
    Shape("lines", 9, ("ceiling", "upfront", "catalogue", "category_limits")),
    Shape("category limit", 9, ("name", "items", "amount", "times", "order"), ("name", "items", "amount")),
    Shape("conventions", 10, ("rounding", "order_by", "year_by", "year_start", "status_at", "new_year", "undo")),
    Shape("rate_drop bound", 11, ("name", "check", "attribute", "against", "value", "at_most", "from"),
          ("name", "check", "attribute", "against", "value", "at_most", "from")),
    Shape("waiting bound", 11, ("name", "check", "join", "at_most", "from"),
          ("name", "check", "join", "at_most", "from")),
    Shape("case", 12, ("name", "source", "claim", "opening", "prior", "given", "expect"),
          ("name", "claim", "expect"), sourced=False),
    Shape("case line", 12, ("class", "kind", "marks", "item_group", "amount", "upfront", "quantity", "price", "ceiling",
                            "code", "date", "stay_day"), ("amount",), sourced=False),
)  # fmt: skip
"""Every mapping with fixed keys. Claims of cases, `by`, conditions, linear forms and `since` have keys of their own."""

CLAIM_KEYS = ("person", "date", "dates", "lines", "who", "total", *BUCKETS)
"""Keys of a claim in a case beside attributes and the plan's own amounts."""

CONVENTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "order_by": CLAIM_DATES,
        "year_by": CLAIM_DATES,
        "status_at": CLAIM_DATES,
        "new_year": ("whole", "split"),
        "undo": ("forbid", "cascade", "keep"),
    }
)

ATTRIBUTES: Mapping[str, BuiltIn] = MappingProxyType({
    "group": BuiltIn("person", "word", (
        "in_service", "retired", "flexible", "adult", "elderly", "minor", "student", "newborn")),
    "sex": BuiltIn("person", "word", ("male", "female")),
    "age": BuiltIn("person", "number"),
    "status": BuiltIn("person", "marks", (
        "extreme_poverty", "subsistence", "low_income_edge", "expenditure_poor", "orphan", "severely_disabled",
        "veteran", "civil_servant", "serious_illness"), open=True),
    "tier": BuiltIn("person", "word", ("high", "low", "one", "two"), open=True),
    "months_insured": BuiltIn("person", "number"),
    "years_insured": BuiltIn("person", "number"),
    "join": BuiltIn("person", "word", ("window", "late", "switch", "newborn")),
    "level": BuiltIn("facility", "word", ("tertiary", "secondary", "primary", "community", "township", "unranked")),
    "administration": BuiltIn("facility", "word", ("national", "province", "city", "county", "township")),
    "price_class": BuiltIn("facility", "word", ("one", "two", "three")),
    "facility_kind": BuiltIn("facility", "word", (
        "hospital", "tcm_hospital", "community_centre", "clinic", "pharmacy")),
    "zone": BuiltIn("facility", "word", ("local", "in_province", "out_of_province", "abroad"), default="local"),
    "visit": BuiltIn("visit", "word", (
        "inpatient", "outpatient", "emergency", "chronic", "special", "dual_channel", "pharmacy", "maternity",
        "day_surgery", "family_bed", "accident")),
    "filing": BuiltIn("visit", "word", ("none", "filed", "referred", "emergency", "unfiled", "long_term"),
                      default="none"),
    "transfer": BuiltIn("visit", "word", ("none", "up", "down", "same"), default="none"),
    "disease": BuiltIn("visit", "word", open=True),
    "diagnosis": BuiltIn("visit", "word", open=True),
    "episode": BuiltIn("visit", "id", open=True),
    "series": BuiltIn("visit", "id", open=True),
    "delivery": BuiltIn("visit", "word", ("vaginal", "caesarean")),
    "stay_part": BuiltIn("visit", "word", ("whole", "first", "later"), default="whole"),
    "days": BuiltIn("visit", "number"),
    "children": BuiltIn("visit", "number"),
    "units": BuiltIn("visit", "number"),
})  # fmt: skip
"""Built-in attributes of a claim (section 4)."""

LINE_ATTRIBUTES: Mapping[str, BuiltIn] = MappingProxyType(
    {
        "class": BuiltIn("line", "word", ("A", "B", "C")),
        "kind": BuiltIn("line", "word", ("drug", "service", "consumable", "bed")),
        "mark": BuiltIn("line", "marks", open=True),
        "item_group": BuiltIn("line", "word", open=True),
        "stay_day": BuiltIn("line", "number"),
        "item_price": BuiltIn("line", "number"),
    }
)
"""Attributes of a line (section 9)."""

NO_LINES: frozenset[str] = frozenset()
"""Conditions on claims test no attribute of a line."""

OF_LINES = frozenset(LINE_ATTRIBUTES)
"""Conditions on lines (`items`, `lines.upfront`) test all of them."""

OF_GROUPS = frozenset({"item_group"})
"""In rates of bands and in `first_pay`, `item_group` is the group of the layer's base."""
