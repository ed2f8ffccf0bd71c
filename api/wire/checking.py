"""What pydantic found becomes mistakes: a code, a JSON pointer, what was found, what was expected, what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

import jiter
from pydantic import TypeAdapter
from pydantic_core import ErrorDetails

from api.files.headings import known, plain
from api.wire.decoding import pointer_to
from api.wire.problems import Mistake, shown
from api.wire.values import FORMS, LONGEST_ID

PRIVATE = frozenset({"person_id", "holder"})
"""Fields that identify a person: masked wherever they are shown."""

RENAMED = {"claim_id": "visit_id", "settlement": "admission"}
"""Columns of claims files that go by another name here."""

FROM_BOOKS = frozenset(
    {
        *("plan", "group", "sex", "birth_date", "age", "status", "tier", "join", "months_insured", "years_insured"),
        *("household", "place", "valid_from", "valid_until", "valid_through", "cover"),
    }
)
FROM_CATALOGS = frozenset(
    {
        *("class", "upfront_rate", "item_group", "in_scope", "upfront", "over_limit", "self_funded"),
        *("level", "administration", "price_class", "facility_kind", "facility_code", "zone"),
    }
)
"""Columns of claims files that an institution does not say: who it is, who is insured how, and what is payable."""

KINDS = {
    "string": '"..."',
    "boolean": "true | false",
    "integer": "0, 1, 2 ...",
    "array": "[...]",
    "object": "{...}",
}
"""What is expected of each type of JSON schema."""

Steps = tuple[int | str, ...]


def pointer(steps: Steps) -> str:
    """Give the JSON pointer of a place."""
    found = ""
    for step in steps:
        found = pointer_to(found, step)
    return found


def mistake_of(details: ErrorDetails, model: type) -> Mistake:
    """Give one thing that pydantic found in a value that should be of a model."""
    kind, steps, value = details["type"], details["loc"], details["input"]
    context: Mapping[str, Any] = details.get("ctx", {})
    place, private = pointer(steps), bool(steps) and steps[-1] in PRIVATE
    found = shown(value, private)
    match kind:
        case "missing":
            return Mistake(
                "FIELD_MISSING", place, expected=_example(_schema_at(model, steps)), fields={"name": steps[-1]}
            )
        case "extra_forbidden":
            return _unknown(place, str(steps[-1]), list(_schema_at(model, steps[:-1])["properties"]))
        case "string_too_short" | "string_too_long" if "pattern" not in _schema_at(model, steps):
            return Mistake("SIZE_OUT_OF_BOUNDS", place, found=str(len(value)), expected=_size(context))
        case "string_pattern_mismatch" | "string_too_long":
            form = FORMS[_schema_at(model, steps)["pattern"]]
            return Mistake(
                form.code, place, found=found, expected=shown(form.example), fields={"decimals": form.decimals}
            )
        case "no_such_day":
            return Mistake("DATE_IMPOSSIBLE", place, found=found)
        case "too_short" | "too_long":
            return Mistake("SIZE_OUT_OF_BOUNDS", place, found=str(context["actual_length"]), expected=_size(context))
        case "greater_than_equal" | "less_than_equal":
            bound = f">= {context['ge']}" if "ge" in context else f"<= {context['le']}"
            return Mistake("COUNT_OUT_OF_BOUNDS", place, found=found, expected=bound)
        case "literal_error":
            words = context["expected"].replace("'", "").replace(" or ", ", ").replace(", ", " | ")
            return Mistake("WORD_NOT_ONE_OF", place, found=found, expected=words)
    if value is None:
        return Mistake("NULL_NOT_ALLOWED", place, found="null", expected=KINDS[_schema_at(model, steps)["type"]])
    if kind == "string_type" and type(value) in (int, jiter.LosslessFloat):
        return Mistake("NUMBER_NOT_IN_QUOTES", place, found=found, expected=_example(_schema_at(model, steps)))
    return Mistake("OTHER_TYPE", place, found=found, expected=KINDS[_schema_at(model, steps)["type"]])


def _unknown(place: str, name: str, names: list[str]) -> Mistake:
    """Give the mistake of a field that is not known: one that others say, one of another name, or a slip of the pen."""
    heading = known(("claim", "line", "member")).get(plain(name[:LONGEST_ID]))
    meant = RENAMED.get(heading.name, heading.name) if heading else ""
    if meant in FROM_BOOKS or meant in FROM_CATALOGS:
        code = "FIELD_FROM_BOOKS" if meant in FROM_BOOKS else "FIELD_FROM_CATALOGS"
        return Mistake(code, place, fields={"name": meant})
    if meant not in names:
        meant = next(iter(difflib.get_close_matches(name[:LONGEST_ID], names, 1, 0.75)), "")
    return Mistake("FIELD_UNKNOWN", place, expected=" ".join(names), fields={"meant": meant})


def _size(context: Mapping[str, Any]) -> str:
    """Give the bound that a list or a text is beyond."""
    return f">= {context['min_length']}" if "min_length" in context else f"<= {context['max_length']}"


def _example(schema: Mapping[str, Any]) -> str:
    """Give an example of a value, the kind of value where the schema has none."""
    return shown(schema["examples"][0]) if "examples" in schema else KINDS[schema["type"]]


def _schema_at(model: type, steps: Steps) -> Mapping[str, Any]:
    """Give the JSON schema of the place in a model that steps of known names lead to."""
    whole = _json_schema(model)
    here = whole
    for step in steps:
        below = here["items"] if isinstance(step, int) else here.get("properties", {}).get(step)
        here = here["additionalProperties"] if below is None else below
        if "$ref" in here:
            here = whole["$defs"][here["$ref"].rpartition("/")[2]]
    return here


@cache
def _json_schema(model: type) -> Mapping[str, Any]:
    return TypeAdapter(model).json_schema()
