"""Steps and sources as sentences in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.explain.explanation import CatalogEntry, Source, Step
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
    if "price_from_e6" in step.fields:
        fields["row"] = _schedule_row(step.fields, say)
    return say(step.code, **fields)


def _shown(name: str, value: Any, say: Messages) -> str:
    if name.endswith("_fen"):
        return "" if value is None else money(value)
    if name == "rates_ppm":
        return " / ".join(per_cent(rate) for rate in value)
    if name.endswith("_ppm"):
        return per_cent(value)
    if name.endswith("_e6"):
        return "" if value is None else decimal(value, 6, 2)
    if name.endswith("_e4"):
        return decimal(value, 4)
    if name == "reason":
        return say(value)
    if name == "conditions":
        return say("EXPLAIN_COMMA").join(_condition(condition, say) for condition in value)
    if name == "item_class":
        return say.name("class", value)
    if name == "level":
        return say.name("level", value) if value else say("EXPLAIN_ANY_LEVEL")
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


def _schedule_row(fields: Mapping[str, Any], say: Messages) -> str:
    """Give for which scheme, visit and unit prices a row of a schedule is."""
    lower, until = decimal(fields["price_from_e6"], 6, 2), fields["price_until_e6"]
    words = [say.name(kind, fields[kind]) for kind in ("scheme", "visit") if fields[kind]]
    if fields["price_from_e6"] or until is not None:
        words.append(f"≥ {lower}" + ("" if until is None else f" < {decimal(until, 6, 2)}"))
    return say("EXPLAIN_COMMA").join(words)


def _condition(condition: Mapping[str, Any], say: Messages) -> str:
    """Give a condition of a restriction: `facility level: tertiary`."""
    asks, of = condition["asks"], condition["of"]
    name = say.name("condition", asks)
    if asks == "second_line":
        return name
    return say("EXPLAIN_PAIR", name=name, value=say("EXPLAIN_COMMA").join(say.name(asks, word) for word in of))


def entry_text(entry: CatalogEntry, say: Messages) -> str:
    """Give a catalog entry: place, code, name, class, and the days it is in force."""
    code = "EXPLAIN_ENTRY_UNTIL" if entry.valid_until else "EXPLAIN_ENTRY"
    fields = {"place": entry.place, "item": entry.code, "name": entry.name, "from": entry.valid_from}
    return say(code, item_class=say.name("class", entry.item_class), until=entry.valid_until, **fields)


def decimal(value: int, digits: int, fewest: int = 0) -> str:
    """Give a scaled integer as a decimal without zeros that say nothing, but with at least `fewest` digits."""
    whole, rest = divmod(abs(value), 10**digits)
    shown = f"{rest:0{digits}d}".rstrip("0").ljust(fewest, "0")
    return f"{'-' if value < 0 else ''}{whole:,}{'.' + shown if shown else ''}"


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
