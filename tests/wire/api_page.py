"""The tables of codes in docs/api.md: `python -m tests.wire.api_page` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from api.http.situations import SITUATIONS
from api.wire.problems import STATUS
from catalogs.findings import texts

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api.md"
SOURCES = ("api/wire", "api/service", "api/http")


def codes() -> list[str]:
    """Every code that the rooms of the service's text name, in the order of the message files."""
    files = [path for folder in SOURCES for path in sorted((ROOT / folder).glob("*.py"))]
    stopping = {
        word for path in files for word in re.findall(r'CannotRunError\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    words = {word for path in files for word in re.findall(r'"([A-Z][A-Z0-9_]{3,})"', path.read_text(encoding="utf-8"))}
    return [code for code in texts() if code in words - stopping]


def tables() -> dict[str, str]:
    """The tables by the name of their place in the page."""
    problems = [code for code in codes() if code in STATUS]
    mistakes = [code for code in codes() if code not in STATUS]
    return {
        "problems": _table(("code", "status"), ((code, str(STATUS[code])) for code in problems)),
        "mistakes": _table(("code",), ((code,) for code in mistakes)),
        "situations": _situations(),
    }


def _situations() -> str:
    """The persons of the sandbox."""
    lines = ["| person | shows | claim to try | cash | funds, or reason |", "|---" * 5 + "|"]
    for person in SITUATIONS:
        claim, shown = person.claim, f"{person.title}（{person.title_zh}）"
        tried = " ".join(claim.get(name, "") for name in ("visit", "total", "admission", "filing")).strip()
        outcome = ", ".join(f"{fund} {paid}" for fund, paid in person.funds.items()) or f"`{person.reason}`"
        lines.append(f"| `{person.person_id}` | {shown} | {tried} | {person.cash} | {outcome} |".replace("``", "none"))
    return "\n".join(lines)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    titles = (*heads, "meaning", "what to do")
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for code, *rest in rows:
        entry = texts()[code]
        cells = (f"`{code}`", *rest, entry["en"], entry.get("help_en", ""))
        lines.append(
            "| " + " | ".join(cell.replace("{{", "{").replace("}}", "}").replace("|", "\\|") for cell in cells) + " |"
        )
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with its tables as they should be."""
    for name, table in tables().items():
        begin, end = f"<!-- table: {name} -->\n", "\n<!-- end -->"
        start = page.index(begin) + len(begin)
        page = page[:start] + table + page[page.index(end, start) :]
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
