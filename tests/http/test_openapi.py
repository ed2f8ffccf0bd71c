"""The OpenAPI document: as it is published, and free of what generators of clients trip over."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from api.wire.answers import HealthAnswer, ReadyAnswer, VersionAnswer
from tests.http.client import Hospital, of_type
from tests.http.client_rules import faults
from tests.http.openapi_page import PAGE, published

DOCUMENT: dict[str, Any] = orjson.loads(PAGE.read_bytes())


def test_the_published_document_is_that_of_the_service(hospital: Hospital) -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == published(hospital.http.get("/openapi.json").json()), "python -m tests.http.openapi_page"


def test_its_page_needs_nothing_from_elsewhere(hospital: Hospital) -> None:
    page = hospital.http.get("/docs").text
    assert "//" not in re.sub(r"<!--.*?-->", "", page), "an address with a host"
    assets = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page)
    assert len(assets) == 4
    for address in ("".join(found) for found in assets):
        assert hospital.http.get(address).status_code == 200, address
    assert '"validatorUrl": null' in page


def test_who_operates_it_is_answered_as_promised(hospital: Hospital) -> None:
    assert of_type(HealthAnswer, hospital.http.get("/health").json()) == {"healthy": True}
    assert of_type(ReadyAnswer, hospital.http.get("/ready").json()) == {"ready": True}
    said = of_type(VersionAnswer, hospital.http.get("/version").json())
    assert list(said["plans"]) == ["cn.beijing.employees.2023"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in (*said["plans"].values(), said["engine"]))
    assert "adjudicator_requests_total{" in hospital.http.get("/metrics").text


def test_nothing_in_it_trips_a_generator() -> None:
    assert faults(DOCUMENT) == []


def field(name: str, said: Any, schema: str = "Claim") -> Callable[[dict[str, Any]], None]:
    def plant(document: dict[str, Any]) -> None:
        document["components"]["schemas"][schema]["properties"][name] = said

    return plant


def named(name: str, schema: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """A schema of another name, in use."""

    def plant(document: dict[str, Any]) -> None:
        document["components"]["schemas"][name] = schema
        field("planted", {"$ref": f"#/components/schemas/{name}"})(document)

    return plant


def operation(**said: Any) -> Callable[[dict[str, Any]], None]:
    def plant(document: dict[str, Any]) -> None:
        document["paths"]["/v1/previews"]["post"] |= said

    return plant


TEXT = {"type": "string", "description": "d"}
CLOSED = {"type": "object", "additionalProperties": False, "description": "d", "properties": {}}
WORDS = {"type": "string", "description": "d"}
ANONYMOUS = {"200": {"description": "d", "content": {"application/json": {"schema": {"type": "object"}}}}}
UNTYPED, CLEAN = "has no type of its own", "has no clean type"
PLANTED: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (field("planted", {"anyOf": [TEXT, {"type": "null"}]}), CLEAN),
    (field("planted", {"type": "string", "nullable": True}), CLEAN),
    (field("planted", {"oneOf": [TEXT, {"type": "boolean"}]}), CLEAN),
    (field("planted", {"type": "array", "prefixItems": [TEXT]}), CLEAN),
    (field("planted", {"type": ["string", "null"]}), UNTYPED),
    (field("planted", {"type": "array"}), UNTYPED),
    (field("planted", {"type": "number"}), UNTYPED),
    (field("planted", {"type": "object", "properties": {}}), UNTYPED),
    (field("planted", {"type": "object", "additionalProperties": True}), UNTYPED),
    (field("planted", {"type": "integer"}), "an integer without a format"),
    (field("planted", {"type": "string", "enum": ["a"]}), "words without a name"),
    (field("planted", {"type": "string"}), "planted: is not described"),
    (field("planted", {"$ref": "#/components/schemas/FeeLine", "description": "d"}), "beside a reference"),
    (field("planted", {"$ref": "#/components/schemas/Planted"}), "is not there"),
    (field("claim", TEXT), "named like its class"),
    (field("to_string", TEXT), "member of every object"),
    (field("Visit_Id", TEXT), "is not snake_case"),
    (field("visitid", TEXT), "differs from another by case or underscores only"),
    (lambda document: document["components"]["schemas"]["Claim"]["required"].append("planted"), "but not there"),
    (named("Planted", WORDS | {"enum": ["3.5", "a b"]}), "words are no identifiers"),
    (named("Planted", WORDS | {"enum": ["done", "Done"]}), "word done differs"),
    (named("Planted", CLOSED | {"additionalProperties": True}), "nor a closed object"),
    (named("Planted", CLOSED | {"description": ""}), "Planted: is not described"),
    (named("List", CLOSED), "no name of a class of its own"),
    (named("planted_thing", CLOSED), "no name of a class of its own"),
    (named("FeeLINE", CLOSED), "differs from another by case only"),
    (lambda document: document["components"]["schemas"].update(Planted=CLOSED), "is not used"),
    (operation(operationId="settle"), "or not at all"),
    (operation(operationId="preview_v1_previews_post"), "lowerCamelCase"),
    (operation(tags=[]), "has not one tag"),
    (operation(parameters=[{"name": "X-Key", "in": "header", "schema": TEXT}]), "no text in the path"),
    (operation(security=[{"planted": []}]), "a scheme that is not declared"),
    (operation(responses=ANONYMOUS), "a body without a name"),
    (operation(responses={}), "has no answer 200"),
    (operation(summary=None), "preview: is not described"),
]


@pytest.mark.parametrize(("plant", "fault"), PLANTED)
def test_what_trips_a_generator_is_noticed(plant: Callable[[dict[str, Any]], None], fault: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    plant(document)
    assert any(fault in found for found in faults(document))
