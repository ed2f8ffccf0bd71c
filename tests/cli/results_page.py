"""Writes the table of reasons in docs/results.md from the catalogue of messages: python -m tests.cli.results_page"""

from __future__ import annotations

from pathlib import Path

from adjudicator.reasons import ClaimReason, LineReason
from api.messages import Messages

PAGE = Path(__file__).parent.parent.parent / "docs" / "results.md"
BEGIN = "<!-- reasons: written by tests/cli/results_page.py from catalogs/messages/reasons.toml -->\n"
END = "<!-- end of reasons -->\n"


def written() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return before + BEGIN + "\n" + table("Claims", ClaimReason, skip=0) + table("Lines", LineReason) + END + after


def table(title: str, kinds: type[ClaimReason] | type[LineReason], skip: int | None = None) -> str:
    en, zh = Messages("en"), Messages("zh")
    rows = [
        f"| `{kind.name}` | {en(kind.name)} | {zh(kind.name)} | {en.help(kind.name)} |"
        for kind in kinds
        if kind != skip
    ]
    return "\n".join([f"### {title}", "", "| code | meaning | 含义 | what to do |", "|---|---|---|---|", *rows, "", ""])


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
