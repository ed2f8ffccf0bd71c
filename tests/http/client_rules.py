"""What generators of clients trip over: those of Java, C# and the other languages with types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

Schema = dict[str, Any]

UNIONS = {"anyOf", "oneOf", "allOf", "prefixItems", "patternProperties", "const", "not", "if", "nullable"}
MEMBERS = {
    *("class", "equals", "hashcode", "gethashcode", "tostring", "gettype", "finalize", "clone", "notify", "wait"),
    *("memberwiseclone", "additionalproperties"),
}
"""Members that every object of Java or C# has, or that generators add."""

LIBRARY = {
    *("Object", "String", "Boolean", "Byte", "Char", "Decimal", "Double", "Float", "Integer", "Long", "Number", "Enum"),
    *("Array", "List", "Map", "Set", "Collection", "Dictionary", "Optional", "Void", "Type", "Error", "Exception"),
    *("Date", "DateTime", "Event", "File", "Stream", "Task", "Thread", "Process", "Attribute", "Action", "Func"),
    *("Environment", "Buffer", "Version", "Index", "Range", "Record", "Override", "Deprecated", "Configuration"),
    *("ApiClient", "ApiException", "ApiResponse", "Client", "Request", "Response", "HttpRequest", "HttpResponse"),
}
"""Types that a generated file imports or makes anyway."""

TAGS = {"settlement", "operation", "books", "agency", "sandbox"}
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CONSTANT = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def faults(document: Schema) -> list[str]:
    """Everything in a document that a generator trips over, each with its place."""
    schemas = document["components"]["schemas"]
    found = [*_operations(document), *_references(document, schemas)]
    found += [f"schemas: {name} differs from another by case only" for name in _alike(schemas)]
    for name, schema in schemas.items():
        found += _named(name, schema)
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            found += _bodies(f"{method} {path}", said)
    return found


def _operations(document: Schema) -> Iterator[str]:
    said = [said for methods in document["paths"].values() for said in methods.values()]
    names = [operation.get("operationId", "") for operation in said]
    for name in _alike(names):
        yield f"operations: {name} differs from another by case only, or not at all"
    schemes = document["components"]["securitySchemes"]
    for name, operation in zip(names, said, strict=True):
        if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name):
            yield f"{name}: an operation id is lowerCamelCase"
        if len(operation.get("tags", ())) != 1 or operation["tags"][0] not in TAGS:
            yield f"{name}: has not one tag of {sorted(TAGS)}: it is the class that it is generated into"
        if not (operation.get("summary") and operation.get("description")):
            yield f"{name}: is not described"
        if any(header not in schemes for need in operation.get("security", ()) for header in need):
            yield f"{name}: is signed by a scheme that is not declared"
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "path" or not parameter.get("required") or parameter["schema"]["type"] != "string":
                yield f"{name}: parameter {parameter['name']} is no text in the path"


def _references(document: Schema, schemas: Schema) -> Iterator[str]:
    used = {part["$ref"].rpartition("/")[2] for part in _parts(document) if "$ref" in part}
    for name in used ^ schemas.keys():
        yield f"schemas: {name} is {'not used' if name in schemas else 'not there'}"


def _named(name: str, schema: Schema) -> Iterator[str]:
    """Faults of a schema that has a name."""
    if not re.fullmatch(r"([A-Z][a-z0-9]+)+", name) or name in LIBRARY:
        yield f"{name}: no name of a class of its own"
    if not schema.get("description"):
        yield f"{name}: is not described"
    if "enum" in schema:
        if schema.get("type") != "string" or not all(CONSTANT.fullmatch(str(word)) for word in schema["enum"]):
            yield f"{name}: words are no identifiers"
        for word in _alike(map(str, schema["enum"])):
            yield f"{name}: word {word} differs from another by case only"
        return
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        yield f"{name}: is neither a list of words nor a closed object"
    properties = schema.get("properties", {})
    for field in _alike(properties):
        yield f"{name}.{field}: differs from another by case or underscores only"
    for field in set(schema.get("required", ())) - properties.keys():
        yield f"{name}.{field}: required, but not there"
    for field, said in properties.items():
        if not WORD.fullmatch(field):
            yield f"{name}.{field}: is not snake_case"
        if _plain(field) == name.lower():
            yield f"{name}.{field}: is named like its class"
        if _plain(field) in MEMBERS:
            yield f"{name}.{field}: is a member of every object"
        if "$ref" not in said and not said.get("description"):
            yield f"{name}.{field}: is not described"
        yield from _inline(f"{name}.{field}", said)


def _inline(place: str, said: Schema) -> Iterator[str]:
    """Faults of a schema without a name: a plain value, or a list or map of such or of named ones."""
    if "$ref" in said:
        if len(said) > 1:
            yield f"{place}: what stands beside a reference is not read"
        return
    if UNIONS & said.keys():
        yield f"{place}: {sorted(UNIONS & said.keys())} has no clean type"
        return
    kind = said.get("type")
    match kind:
        case "string" | "boolean":
            if "enum" in said:
                yield f"{place}: words without a name"
        case "integer":
            if said.get("format") not in ("int32", "int64"):
                yield f"{place}: an integer without a format"
        case "array":
            yield from _inline(f"{place}[]", said.get("items", {}))
        case "object" if isinstance(said.get("additionalProperties"), dict) and "properties" not in said:
            yield from _inline(f"{place}{{}}", said["additionalProperties"])
        case _:
            yield f"{place}: {kind} has no type of its own"


def _bodies(place: str, said: Schema) -> Iterator[str]:
    """Faults of what an operation takes and gives: named schemas, or text."""
    if "200" not in said["responses"]:
        yield f"{place}: has no answer 200"
    bodies = [said["requestBody"]] if "requestBody" in said else []
    for body in [*bodies, *said["responses"].values()]:
        for kind, content in body["content"].items():
            if "$ref" not in content["schema"] and (kind, content["schema"]) != ("text/plain", {"type": "string"}):
                yield f"{place}: a body without a name"


def _parts(schema: Any) -> list[Schema]:
    found = [schema] if isinstance(schema, dict) else []
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return found + [part for child in children for part in _parts(child)]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _alike(names: Iterable[str]) -> list[str]:
    """Names that are one name in a language that ignores case and underscores."""
    listed = list(names)
    counts = Counter(map(_plain, listed))
    return [name for name in listed if counts[_plain(name)] > 1]
