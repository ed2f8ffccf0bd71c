"""The OpenAPI document: every body by its type, every operation with a stable id and the roles that may ask it.

Bodies are read raw, so the framework does not know their types; the document is told here, from the same models that
check them. No null, no union, no tuple and no number with decimals occurs in it: clients are generated from it.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from api.service.requests import Role
from api.wire.answers import (
    AccountsAnswer,
    ExplanationAnswer,
    PreviewAnswer,
    ProblemBody,
    ReversalAnswer,
    SettlementAnswer,
)
from api.wire.models import Claim, ClaimMessage, PersonQuery, ReverseMessage
from api.wire.problems import MEDIA_TYPE
from api.wire.signing import FORMS

MODELS = (
    Claim,
    ClaimMessage,
    ReverseMessage,
    PersonQuery,
    PreviewAnswer,
    SettlementAnswer,
    ReversalAnswer,
    AccountsAnswer,
    ExplanationAnswer,
    ProblemBody,
)
SCHEMAS = "#/components/schemas/"
ROLES = "x-roles"
"""Extension of an operation: the roles that may ask it."""

ANYONE = "anyone"

FRAMEWORKS_OWN = "HTTPValidationError"
"""Answer that the framework adds where a path has parameters; it never occurs, because they are all text."""

ANSWERS = {
    400: "The body is not JSON",
    401: "The signature is missing, wrong, old or repeated",
    403: "The role of the key does not allow it",
    404: "There is none, or it is another institution's",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "The request has mistakes, or is refused with a reason; such a refusal is kept and repeated",
    503: "Not done; the same request may be sent again a little later",
    504: "The outcome is not known yet; the same request may be sent again",
}


def asked(
    roles: tuple[Role, ...], gives: type | None, statuses: tuple[int, ...], takes: type | None = None
) -> dict[str, Any]:
    """Describe a signed operation, as keywords of its route: what it takes and gives, and who may ask."""
    described: dict[str, Any] = {ROLES: [role.value for role in roles]}
    described["parameters"] = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string", "pattern": f"^{form.pattern}$"}}
        for name, form in FORMS.items()
    ]
    if takes:
        described["requestBody"] = {"required": True, "content": _content("application/json", takes)}
    good = {"description": "Done", "content": _content("application/json", gives)}
    responses: dict[int, Any] = {200: good}
    for status in sorted({401, 403, *statuses}):
        responses[status] = {"description": ANSWERS[status], "content": _content(MEDIA_TYPE, ProblemBody)}
    return {"openapi_extra": described, "responses": responses}


def open_to_anyone(good: str, kind: str, *statuses: int) -> dict[str, Any]:
    """Describe an operation that is not signed, as keywords of its route."""
    schema = {"type": "object"} if kind == "application/json" else {"type": "string"}
    responses: dict[int, Any] = {200: {"description": good, "content": {kind: {"schema": schema}}}}
    for status in statuses:
        responses[status] = {"description": ANSWERS[status], "content": _content(MEDIA_TYPE, ProblemBody)}
    return {"openapi_extra": {ROLES: [ANYONE]}, "responses": responses}


def _content(kind: str, model: type | None) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": SCHEMAS + model.__name__} if model else {"type": "object"}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Make the OpenAPI document of an application."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operation in (said for methods in found["paths"].values() for said in methods.values()):
        if FRAMEWORKS_OWN in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
    schemas: dict[str, Any] = {}
    for model in MODELS:
        schema = TypeAdapter(model).json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    found["components"] = {"schemas": {name: _without_titles(schemas[name]) for name in sorted(schemas)}}
    return found


def _without_titles(schema: Any) -> Any:
    """Leave out the titles that repeat names of fields: generators would make types of them."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(value) for value in schema] if isinstance(schema, list) else schema
