"""The OpenAPI document: every body by its type, every operation with a stable id and the roles that may ask it.

Bodies are read raw, so the framework does not know their types; the document is told here, from the same models that
check them. No null, no union, no tuple and no number with decimals occurs in it: clients are generated from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import PlainTextResponse

from api.service.requests import Role
from api.wire.agency import (
    BalancesAnswer,
    DepositMessage,
    JobAnswer,
    JobsAnswer,
    OpeningMessage,
    PeriodAnswer,
    PeriodMessage,
    ReadjudicationMessage,
)
from api.wire.answers import (
    AccountsAnswer,
    ExplanationAnswer,
    HealthAnswer,
    HistoryAnswer,
    PreviewAnswer,
    ProblemBody,
    ReadyAnswer,
    ReversalAnswer,
    SettlementAnswer,
    VersionAnswer,
)
from api.wire.books import CoverAnswer, CoverMessage, InstitutionAnswer, InstitutionMessage
from api.wire.models import Claim, ClaimMessage, PersonQuery, ReverseMessage
from api.wire.problems import MEDIA_TYPE
from api.wire.signing import FORMS, KEY_HEADER, NONCE_HEADER, SIGNATURE_HEADER, TIME_HEADER
from api.wire.statements import DetailsAnswer, StatementDetails, StatementTotals, TotalsAnswer
from api.wire.values import ID_FORM

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
    HistoryAnswer,
    StatementTotals,
    TotalsAnswer,
    StatementDetails,
    DetailsAnswer,
    HealthAnswer,
    ReadyAnswer,
    VersionAnswer,
    ProblemBody,
    CoverMessage,
    CoverAnswer,
    InstitutionMessage,
    InstitutionAnswer,
    PeriodMessage,
    PeriodAnswer,
    DepositMessage,
    OpeningMessage,
    BalancesAnswer,
    ReadjudicationMessage,
    JobAnswer,
    JobsAnswer,
)
OPENAPI = "3.0.3"
"""The version that generators of every language read."""

SCHEMAS = "#/components/schemas/"
STORED = "StoredAnswer"
"""Schema of what a message was answered, be it a settlement or a reversal."""

SIGNATURE = {
    "key": KEY_HEADER,
    "time": TIME_HEADER,
    "nonce": NONCE_HEADER,
    "signature": SIGNATURE_HEADER,
}
"""Headers that sign a request, by the name of their security scheme. Schemes, because the body is signed as it is sent:
an interceptor of a client adds them, and no method of it has to take them."""

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
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "The request has mistakes, or is refused with a reason; such a refusal is kept and repeated",
    429: "The key asks too often; the header Retry-After says when to come again",
    500: "The program or the database failed; it may or may not have taken effect",
    503: "Not done; the same request may be sent again a little later",
    504: "The outcome is not known yet; the same request may be sent again",
}


ALWAYS = (401, 403, 429, 500, 503)
"""Statuses that every signed operation can be answered with."""


def asked(
    roles: tuple[Role, ...],
    gives: type | None,
    statuses: tuple[int, ...],
    takes: type | None = None,
    tag: str = "settlement",
) -> dict[str, Any]:
    """Describe a signed operation, as keywords of its route: what it takes and gives, and who may ask.

    gives: None for what a message was answered, which its kind decides. tag: part of the client it is generated into.
    """
    described: dict[str, Any] = {ROLES: [role.value for role in roles], "security": [{name: [] for name in SIGNATURE}]}
    if takes:
        described["requestBody"] = {"required": True, "content": _content("application/json", takes.__name__)}
    good = {"description": "Done", "content": _content("application/json", gives.__name__ if gives else STORED)}
    return {"tags": [tag], "openapi_extra": described, "responses": {200: good} | _refusals(*ALWAYS, *statuses)}


def open_to_anyone(good: str, gives: type | None, *statuses: int) -> dict[str, Any]:
    """Describe an operation that is not signed, as keywords of its route. gives: None for plain text."""
    content = _content("application/json", gives.__name__) if gives else {"text/plain": {"schema": {"type": "string"}}}
    described: dict[str, Any] = {"tags": ["operation"], "openapi_extra": {ROLES: [ANYONE]}}
    described["responses"] = {200: {"description": good, "content": content}} | _refusals(*statuses)
    return described if gives else described | {"response_class": PlainTextResponse}


def _refusals(*statuses: int) -> dict[int | str, Any]:
    content = _content(MEDIA_TYPE, ProblemBody.__name__)
    return {status: {"description": ANSWERS[status], "content": content} for status in sorted({*statuses})}


def _content(kind: str, name: str) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": SCHEMAS + name}}}


def document(app: FastAPI, models: Iterable[type] = MODELS) -> dict[str, Any]:
    """Make the OpenAPI document of an application. models: the bodies of its operations."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operation in (said for methods in found["paths"].values() for said in methods.values()):
        if FRAMEWORKS_OWN in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = {"type": "string", "pattern": ID_FORM.pattern}
    schemas: dict[str, Any] = {}
    for model in models:
        schema = TypeAdapter(model).json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    schemas[STORED] = _either(schemas[SettlementAnswer.__name__], schemas[ReversalAnswer.__name__])
    found["openapi"] = OPENAPI
    found["components"] = {
        "schemas": {name: _plain(schemas[name]) for name in sorted(schemas)},
        "securitySchemes": {
            name: {"type": "apiKey", "in": "header", "name": header, "description": f"^{FORMS[header].pattern}$"}
            for name, header in SIGNATURE.items()
        },
    }
    return found


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Give the schema of what is one of two, as one object: generators make no clean types of unions."""
    return {
        "type": "object",
        "description": "A SettlementAnswer, or a ReversalAnswer, which has the field `reversed`.",
        "properties": one["properties"] | other["properties"],
        "additionalProperties": False,
    }


def _plain(schema: Any) -> Any:
    """Give a schema as OpenAPI 3.0 writes it, without the titles that repeat names of fields: generators would make
    types of them."""
    if isinstance(schema, list):
        return [_plain(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    written = {key: _plain(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if isinstance(written.get("examples"), list):
        written["example"] = written.pop("examples")[0]
    return written
