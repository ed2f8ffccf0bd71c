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
    if name.endswith("_ppm"):
        return per_cent(value)
    if name == "rates_ppm":
        return " / ".join(per_cent(rate) for rate in value)
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


def citation(source: Source, say: Messages) -> str:
    """Give where a value stands: title and grade of its document; for an assumption, why."""
    if source.kind == "assumed":
        return say("EXPLAIN_ASSUMED", why=source.why or source.title)
    if source.grade:
        return say("EXPLAIN_SOURCE", title=source.title, grade=source.grade)
    return source.title
