"""Write the reference of the tables from the schema; docs/catalog-tables.md holds it, and a test compares."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.tables.schema import TABLES, Cell, Field, TableSchema

CELLS: dict[Cell, str] = {
    "text": "any text",
    "word": "one word: small letters, digits, `_`",
    "words": "words separated by spaces",
    "code": "text without spaces",
    "date": "`2024-01-31`",
    "rate": "`10%` or `0.1`, exact to a millionth, at most 100%",
    "price": "a decimal number without sign",
    "count": "a whole number",
    "flag": "`yes` or `no`",
    "reference": "an id of another table",
    "prefixes": "beginnings of codes, separated by spaces",
}
"""How each kind of cell is written."""


def reference() -> str:
    """Give the reference of all tables as Markdown."""
    return "\n".join(line for schema in TABLES.values() for line in _table(schema)).rstrip() + "\n"


def _table(schema: TableSchema) -> Iterator[str]:
    yield f"### {schema.name}"
    yield ""
    yield schema.en
    yield ""
    yield "| column | cell | needed | meaning | 中文 |"
    yield "|---|---|---|---|---|"
    for field in schema.fields:
        needed = "cell" if field.required else "column" if field.column else ""
        yield f"| `{field.name}` | {_cell(field)} | {needed} | {field.en} | {field.zh} |"
    yield ""


def _cell(field: Field) -> str:
    if field.values:
        return ", ".join(f"`{value}`" for value in field.values)
    if field.refers:
        return f"key of [{field.refers}](#{field.refers})"
    if field.known:
        return f"{field.cell}: " + ", ".join(f"`{word}`" for word in field.known) + " ..."
    return field.cell
