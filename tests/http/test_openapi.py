"""The OpenAPI document: as it is published, and free of what generators of clients trip over."""

from __future__ import annotations

from typing import Any

from tests.http.client import Hospital
from tests.http.openapi_page import PAGE, published


def parts(schema: Any) -> list[dict[str, Any]]:
    found = [schema] if isinstance(schema, dict) else []
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return found + [part for child in children for part in parts(child)]


def test_the_published_document_is_that_of_the_service(hospital: Hospital) -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == published(hospital.http.get("/openapi.json").json()), "python -m tests.http.openapi_page"


def test_nothing_in_it_trips_a_generator(hospital: Hospital) -> None:
    document = hospital.http.get("/openapi.json").json()
    operations = [said for methods in document["paths"].values() for said in methods.values()]
    names = [said["operationId"] for said in operations]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name[0].islower() for name in names)
    schemas = document["components"]["schemas"]
    assert all(name.isidentifier() and name[0].isupper() for name in schemas)
    assert "HTTPValidationError" not in schemas
    used = {part["$ref"] for part in parts(document) if "$ref" in part}
    assert {reference.rpartition("/")[2] for reference in used} == set(schemas)
    for part in parts(document):
        assert not {"anyOf", "oneOf", "allOf", "prefixItems", "patternProperties", "const", "not"} & part.keys()
        assert part.get("type") not in ("number", "null")
        assert not isinstance(part.get("type"), list)
    for said in operations:
        assert {"summary", "description", "responses"} <= said.keys()
        assert "422" not in said["responses"] or "$ref" in str(said["responses"]["422"])
