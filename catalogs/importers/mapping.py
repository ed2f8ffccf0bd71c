"""Mapping files: how the columns and words of a place's own list become fields of a catalog table.

A mapping is a TOML or YAML file. Every key is checked; an unknown one is a finding, never ignored.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from catalogs.findings import Finding
from catalogs.plans.findings import Findings
from catalogs.plans.nodes import plain, read_nodes
from catalogs.tables.schema import TABLES

ASIDE = "_"
"""A field whose name begins so is read, may be asked for in rules, and is not written."""

EXTRA_FIELDS = {"items": ("restriction_text", "pending"), "facilities": ()}
"""Fields beside those of the table: a restriction in words, and a condition that always waits for an answer."""

AS_IT_STANDS = "="
ANY_VALUE = "*"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text} is no pattern: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
Setting = dict[str, str]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reading(_Section):
    """Where the list stands in the file."""

    sheet: str = Field(default="", description="name of the sheet; empty: the only one, or the first")
    header_row: int = Field(
        default=0, ge=0, description="row of the labels, from 1; 0: the first row that has them all"
    )
    encoding: str = Field(default="auto", description="of a CSV file; auto: UTF-8 or GB18030")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    fill_merged: bool = Field(default=False, description="give every cell of a merged area its value")


class Source(_Section):
    """A row of sources.csv."""

    key: str
    title: str
    address: str = ""
    grade: Literal["A", "B", "C", "D"]


class Rule(_Section):
    """Where every pattern is found in its field, the fields of `set` are set."""

    when: dict[str, Pattern]
    set: Setting


class Skip(_Section):
    """Where every pattern is found in its field, the row is left out; `why` is told in the report."""

    when: dict[str, Pattern]
    why: str


class CodeSynthesis(_Section):
    """A code for lists that have none: prefix and a hash of the fields named."""

    prefix: str
    made_from: tuple[str, ...] = Field(alias="from", min_length=1)


class Mapping(_Section):
    """A whole mapping file."""

    table: Literal["items", "facilities"]
    title: str = ""
    read: Reading = Reading()
    source: Source
    columns: dict[str, str] = Field(description="field -> label in the header")
    constants: Setting = Field(default={}, description="field -> value of every row")
    defaults: Setting = Field(default={}, description="field -> value of rows that leave it empty")
    values: dict[str, dict[str, str | Setting]] = Field(
        {}, description="field -> published value -> value of the field, or several fields; = as it stands, * any other"
    )
    rules: tuple[Rule, ...] = Field(default=())
    remove: dict[str, Pattern] = Field(
        default={}, description="field -> pattern taken out of its text, after the rules"
    )
    skip: tuple[Skip, ...] = Field(default=())
    code: CodeSynthesis | None = None
    date_formats: tuple[str, ...] = Field(default=("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"))
    until_inclusive: bool = Field(True, description="published last days are the last in force; written exclusive")
    rates: Literal["share", "percent"] = Field(default="share", description="what a bare 10 or 0.1 in a rate means")
    expect: dict[str, Pattern] = Field(
        default={}, description="field -> pattern its values should match; a warning otherwise"
    )
    duplicates: Literal["error", "keep_first"] = "error"
    understand_restrictions: bool = True

    def starting(self, day: date) -> Mapping:
        """Give the mapping with another first day for rows that do not say theirs."""
        name = "valid_from" if self.table == "items" else "agreement_from"
        constants = {key: value for key, value in self.constants.items() if key != name}
        formats = ("%Y-%m-%d", *self.date_formats)
        defaults = {**self.defaults, name: day.isoformat()}
        return self.model_copy(update={"constants": constants, "defaults": defaults, "date_formats": formats})


def load_mapping(path: Path) -> tuple[Mapping | None, list[Finding]]:
    """Read a mapping file; every mistake in it is a finding that names the key."""
    try:
        text = path.read_text(encoding="utf-8")
        content, found = (tomllib.loads(text), []) if path.suffix.lower() == ".toml" else _yaml(text, path.name)
    except FileNotFoundError:
        return None, [Finding("IMPORT_NO_SUCH_FILE", str(path))]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return None, [Finding("IMPORT_MAPPING_UNREADABLE", path.name, fields={"why": " ".join(str(error).split())})]
    if found:
        return None, found
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        return None, [_wrong(path, problem) for problem in error.errors()]
    findings = _field_findings(path, mapping)
    return (None if findings else mapping), findings


def _yaml(text: str, file: str) -> tuple[Any, list[Finding]]:
    """Read YAML with every scalar as text: 012345 keeps its zero, no is a word."""
    findings = Findings()
    node = read_nodes(text, file, findings)
    return (None if node is None else plain(node)), findings.errors


def _wrong(path: Path, problem: Any) -> Finding:
    keys = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], Mapping.model_fields, 1)
        fields = {"key": ".".join(keys), "near": f" ({near[0]}?)" if near else ""}
        return Finding("IMPORT_MAPPING_KEY", path.name, 0, ".".join(keys), fields)
    fields = {"key": ".".join(keys), "why": problem["msg"]}
    return Finding("IMPORT_MAPPING_VALUE", path.name, 0, ".".join(keys), fields)


def _field_findings(path: Path, mapping: Mapping) -> list[Finding]:
    """Check that every field named is one of the table, and that each comes from one place."""
    schema = TABLES[mapping.table]
    known = {*schema.names, *EXTRA_FIELDS[mapping.table]}
    aside = {name for name in mapping.columns if name.startswith(ASIDE)}
    findings = [
        Finding("IMPORT_MAPPING_FIELD", path.name, 0, f"{key}.{name}", _unknown(name, mapping.table, known))
        for key, name in _fields_named(mapping)
        if name not in known | aside
    ]
    twice = sorted(mapping.columns.keys() & mapping.constants.keys())
    findings += [Finding("IMPORT_MAPPING_TWICE", path.name, 0, name, {"field": name}) for name in twice]
    given = {
        *mapping.columns,
        *mapping.constants,
        *mapping.defaults,
        *(f for r in mapping.rules for f in r.set),
        "source",
    }
    given |= {"code"} if mapping.code else set()
    for field in schema.fields:
        if field.required and field.name not in given:
            fields = {"field": field.name, "table": mapping.table}
            findings.append(Finding("IMPORT_MAPPING_MISSING", path.name, 0, field.name, fields))
    return findings


def _unknown(name: str, table: str, known: set[str]) -> dict[str, object]:
    near = difflib.get_close_matches(name, sorted(known), 1)
    return {"field": name, "table": table, "near": f" ({near[0]}?)" if near else ""}


def _fields_named(mapping: Mapping) -> list[tuple[str, str]]:
    m = mapping
    sections = ("columns", "constants", "defaults", "values", "remove", "expect")
    return [
        *((key, name) for key in sections for name in getattr(m, key)),
        *(
            (f"values.{f}", n)
            for f, words in m.values.items()
            for v in words.values()
            if isinstance(v, dict)
            for n in v
        ),
        *(("rules", name) for rule in m.rules for name in (*rule.when, *rule.set)),
        *(("skip", name) for skip in m.skip for name in skip.when),
        *(("code.from", name) for name in (m.code.made_from if m.code else ())),
    ]
