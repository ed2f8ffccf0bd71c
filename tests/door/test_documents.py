"""The reference of claims files names every column, code value and message there is, and no other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from api.files.cells import Fault
from api.files.codes import TABLES
from api.files.headings import PARTS, known, plain

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "claims-files.md").read_text(encoding="utf-8")
MESSAGES = tomllib.loads((ROOT / "catalogs" / "messages" / "input.toml").read_text(encoding="utf-8"))


def test_every_column_and_alias_is_documented() -> None:
    rows = {line.split("|")[1].strip(" `"): line for line in REFERENCE.splitlines() if line.startswith("| `")}
    for headings in PARTS.values():
        for heading in headings:
            assert heading.name in rows, heading.name
            for alias in heading.aliases:
                assert f"`{alias}`" in REFERENCE, f"{heading.name}: {alias}"


def test_no_name_means_two_columns_of_a_file() -> None:
    for parts in (("claim", "line"), ("line",), ("member",)):
        owners: dict[str, str] = {}
        for part in parts:
            for heading in PARTS[part]:  # type: ignore[index]
                for name in (heading.name, *heading.aliases):
                    assert owners.setdefault(plain(name), heading.name) == heading.name, name
        assert set(known(parts)) == set(owners)  # type: ignore[arg-type]


def test_every_code_value_is_documented() -> None:
    for name, table in TABLES.items():
        section = REFERENCE.split(f"**`{name}`**")[1].split("**`")[0]
        for value, word in table.items():
            assert f"`{value}`" in section and f"`{word}`" in section, f"{name}: {value}"


def test_every_message_is_used_documented_and_complete() -> None:
    sources = [p.read_text(encoding="utf-8") for room in ("files", "door") for p in (ROOT / "api" / room).glob("*.py")]
    used = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', "".join(sources))) | {f.name for f in Fault if f}
    codes = {code for code in used if code in MESSAGES}
    assert codes == set(MESSAGES)
    assert {f.name for f in Fault if f} <= set(MESSAGES)
    for code, texts in MESSAGES.items():
        assert set(texts) == {"en", "zh", "help_en", "help_zh"}, code
        assert f"| `{code}` |" in REFERENCE
        assert set(re.findall(r"\{(\w+)\}", texts["en"])) == set(re.findall(r"\{(\w+)\}", texts["zh"])), code
