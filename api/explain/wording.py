"""Steps and sources as sentences in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.explain.explanation import Source, Step
from api.messages import Messages

PPM_DIGITS = 10_000
"""Parts per million in one per cent."""


def money(fen: int) -> str:
    """Give an amount in yuan with two decimals and separators of thousands."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def per_cent(ppm: int) -> str:
    """Give a rate in per cent, without zeros that say nothing."""
    whole, rest = divmod(abs(ppm), PPM_DIGITS)
    digits = f"{rest:04d}".rstrip("0")
    return f"{'-' if ppm < 0 else ''}{whole}{'.' + digits if digits else ''} %"


def sentence(step: Step, say: Messages) -> str:
    """Give the sentence of a step."""
    fields: dict[str, object] = {name: _shown(name, value, say) for name, value in step.fields.items()}
    if "terms" in step.fields:
        fields["terms"] = form(step.fields["terms"], say)
    if "from_fen" in step.fields:
        fields["range"] = _range(step.fields, say)
    return say(step.code, **fields)


def _shown(name: str, value: Any, say: Messages) -> str:
    if name.endswith("_fen"):
        return "" if value is None else money(value)
    if name == "rates_ppm":
        return " / ".join(per_cent(rate) for rate in value)
    if name.endswith("_ppm"):
        return per_cent(value)
    if name in ("fund", "mode", "at"):
        return say.name(name, value)
    if name == "times":
        return say("EXPLAIN_TIMES", number=say.name("attribute", value)) if value else ""
    return str(value)


def _range(fields: Mapping[str, Any], say: Messages) -> str:
    lower, upper = money(fields["from_fen"]), fields["to_fen"]
    if upper is None:
        return say("EXPLAIN_ABOVE", lower=lower)
    return say("EXPLAIN_BETWEEN", lower=lower, upper=money(upper))


def form(terms: list[Mapping[str, Any]], say: Messages) -> str:
    """Give a linear form with its amounts: `in scope 10,000.00 + upfront 600.00 x 50 %`."""
    text = ""
    for term in terms:
        weight = int(term["weight_ppm"])
        sign = "- " if weight < 0 else "+ " if text else ""
        factor = "" if abs(weight) == 1_000_000 else f" × {per_cent(abs(weight))}"
        text += f"{' ' if text else ''}{sign}{amount_name(term['amount'], say)} {money(term['fen'])}{factor}"
    return text


def amount_name(name: str, say: Messages) -> str:
    """Give the words for a named amount: a bucket, or an amount of a layer."""
    layer, dot, part = name.rpartition(".")
    if not dot:
        return say.name("bucket", name)
    return f"{layer} {say.name('amount', part)}"


class Footnotes:
    """Numbers for the sources of an explanation: a document has one number, an assumption has its own."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._sources: list[Source] = []

    def mark(self, source: Source) -> str:
        """Give the mark of a source, such as `[2]`; `[2*]` is an assumption."""
        assumed = source.kind == "assumed"
        key = (source.path, source.why) if assumed else (source.title, source.grade, source.address)
        if key not in self._numbers:
            self._sources.append(source)
            self._numbers[key] = len(self._sources)
        return f"[{self._numbers[key]}{'*' if assumed else ''}]"

    def entries(self, say: Messages) -> list[tuple[str, str, bool]]:
        """Give mark, text and whether it is an assumption, in order."""
        found = []
        for source in self._sources:
            assumed = source.kind == "assumed"
            where = say("EXPLAIN_PLACE", path=source.path, line=source.line)
            if assumed:
                text = say("EXPLAIN_ASSUMED", why=source.why or source.title, where=where)
            else:
                graded = say("EXPLAIN_SOURCE", title=source.title, grade=source.grade) if source.grade else source.title
                text = f"{graded}  {source.address}".strip()
            found.append((self.mark(source), text or where, assumed))
        return found
