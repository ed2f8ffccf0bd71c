"""Shows a plan as a text for people: who pays what, every value with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from adjudicator.rulebook import State
from catalogs.findings import Language
from catalogs.plans.complete import CompletePlan
from catalogs.plans.document import BandsEntry, CounterEntry, LayerEntry, LimitEntry
from catalogs.plans.values import Cell, Value, cells_of
from catalogs.plans.vocabulary import document_values
from catalogs.plans.wording import Row, cell_words, citation, condition_words, form_words, value_rows

WORDS: dict[str, tuple[str, str]] = {
    "scheme": ("scheme", "险种"),
    "place": ("place", "统筹区"),
    "valid": ("in force", "有效期"),
    "made_of": ("made of", "组成"),
    "sources": ("Sources", "来源"),
    "conventions": ("Conventions", "约定"),
    "layers": ("Layers", "待遇层"),
    "fund": ("fund", "基金"),
    "when": ("when", "适用"),
    "base": ("base", "基数"),
    "group": ("group", "组"),
    "base_limit": ("eligible limit", "合规限额"),
    "deductible": ("deductible", "起付线"),
    "first_pay": ("first pay", "先行负担"),
    "slice": ("slice", "分段"),
    "to": ("to", "至"),
    "above": ("above", "其上"),
    "flat": ("flat amount", "定额"),
    "at_least": ("at least", "保底"),
    "limit": ("limit", "限额"),
    "less": ("less", "扣减"),
    "charges": ("charges", "使用"),
    "counters": ("Counters", "累计"),
    "assumed": ("Assumed", "假定"),
    "open": ("Not stated, or goals only: claims that need them are held", "未说明或仅为目标：需要时暂缓结算"),
    "unknown": ("Left open by the sources", "来源未说明"),
    "conflicts": ("Contradictions between sources", "来源矛盾"),
}
"""Headings in English and Chinese."""


def show(plan: CompletePlan, language: Language = "en") -> str:
    """Give the whole plan as plain text, ending with a line break."""
    return "\n".join(_View(plan, language).lines()) + "\n"


def assumptions(plan: CompletePlan) -> tuple[Cell, ...]:
    """Give every assumed value of a plan and its parts, in order of the documents."""
    return tuple(cell for cell in _cells(plan) if cell.origin.kind == "assumed")


def open_values(plan: CompletePlan) -> tuple[Cell, ...]:
    """Give every value that is not stated or only a goal."""
    return tuple(cell for cell in _cells(plan) if cell.state in (State.NOT_STATED, State.TARGET))


def _cells(plan: CompletePlan) -> Iterator[Cell]:
    for document in plan.documents:
        for value in document_values(document):
            yield from cells_of(value)


class _View:
    def __init__(self, plan: CompletePlan, language: Language) -> None:
        self.plan, self.language = plan, language

    def word(self, name: str) -> str:
        return WORDS[name][self.language == "zh"]

    def lines(self) -> Iterator[str]:
        plan = self.plan
        yield f"{plan.id}  {plan.title.get(self.language, '')}"
        yield f"  {self.word('scheme')}: {plan.scheme}   {self.word('place')}: {plan.area or '-'}"
        days = [str(np.datetime64(day, "D")) for day in (plan.valid_from, plan.valid_until)]
        yield f"  {self.word('valid')}: {days[0]} .. {days[1] if days[1] < '9999' else ''}"
        if len(plan.documents) > 1:
            yield f"  {self.word('made_of')}: {', '.join(document.id for document in plan.documents[:-1])}"
        yield from self._sources()
        yield from self._titled("conventions", (f"{name}: {value}" for name, value in plan.conventions.items()))
        yield ""
        yield self.word("layers")
        for number, layer in enumerate(plan.layers, 1):
            yield from self._layer(number, layer)
        yield from self._titled("counters", (_counter_words(counter) for counter in plan.counters.values()))
        assumed = assumptions(plan)
        yield from self._titled("assumed", (_cited(cell) for cell in assumed), f" ({len(assumed)})")
        yield from self._titled("open", (_cited(cell) for cell in open_values(plan)))
        for name in ("unknown", "conflicts"):
            yield from self._titled(name, (text for document in plan.documents for text in getattr(document, name)))

    def _titled(self, name: str, texts: Iterable[str], more: str = "") -> Iterator[str]:
        listed = list(texts)
        if listed:
            yield ""
            yield self.word(name) + more
            yield from (f"  {text}" for text in listed)

    def _sources(self) -> Iterator[str]:
        cited = (
            f"{key} {source.grade}: {source.title} {source.address}".rstrip()
            for document in self.plan.documents
            for key, source in document.sources.items()
        )
        yield from self._titled("sources", dict.fromkeys(cited))

    # ---- one layer

    def _layer(self, number: int, layer: LayerEntry) -> Iterator[str]:
        title = layer.title.get(self.language, layer.name)
        yield f"  {number}. {title} [{layer.name}]  {self.word('fund')}: {layer.fund}"
        if layer.when is not None:
            yield f"     {self.word('when')}: {condition_words(layer.when)}"
        yield f"     {self.word('base')}: {form_words(layer.base)}"
        for group in layer.groups:
            base = f" = {form_words(group.base)}" if group.base is not None else ""
            yield f"     {self.word('group')} {group.name}: {' + '.join(group.items or ('*',))}{base}"
            yield from self._value(f"{self.word('first_pay')} {group.name}", group.first_pay)
        for limit in layer.base_limits:
            yield from self._limit("base_limit", limit)
        for deductible in layer.deductibles:
            more = self._less(deductible.times, deductible.counter)
            yield from self._value(f"{self.word('deductible')} {deductible.name}{more}", deductible.amount)
        yield from self._value(self.word("first_pay"), layer.first_pay)
        if layer.bands is not None:
            yield from self._bands(layer.bands)
        for flat in layer.flats:
            head = f"{self.word('flat')} {flat.name}{' -' if flat.take else ''}{self._less(flat.number, None)}"
            yield from self._value(head, flat.amount, condition_words(flat.when))
        if layer.guarantee is not None:
            rate, form = layer.guarantee
            yield from self._value(f"{self.word('at_least')} ({form_words(form)})", rate)
        for limit in layer.limits:
            yield from self._limit("limit", limit)

    def _less(self, times: str | None, counter: str | None) -> str:
        return (f" x {times}" if times else "") + (f" ({self.word('less')} {counter})" if counter else "")

    def _limit(self, name: str, limit: LimitEntry) -> Iterator[str]:
        on = f" [{limit.on}: {limit.of}]" if limit.on == "person_share" else ""
        head = f"{self.word(name)} {limit.name}{on}{self._less(limit.times, limit.counter)}"
        yield from self._value(head, limit.amount, condition_words(limit.when))

    def _bands(self, bands: BandsEntry) -> Iterator[str]:
        for number, part in enumerate(bands.slices, 1):
            yield from self._value(f"{self.word('slice')} {number} {self.word('to')}", part.to)
            yield from self._value(f"{self.word('slice')} {number}", part.rate)
        yield from self._value(f"{self.word('slice')} {self.word('above')}", bands.above)

    def _value(self, head: str, value: Value | None, when: str = "") -> Iterator[str]:
        rows = list(value_rows(value, when)) if value is not None else []
        if len(rows) == 1 and not rows[0].when:
            yield f"     {head}: {_row_words(rows[0], 0)}"
        elif rows:
            yield f"     {head}:"
            widths = [max(len(row.when) for row in rows), max(len(row.value) for row in rows)]
            yield from (f"       {row.when.ljust(widths[0])}  {_row_words(row, widths[1])}" for row in rows)


def _row_words(row: Row, width: int) -> str:
    return f"{row.value.ljust(width)}  [{row.citation}]" if row.citation else row.value


def _cited(cell: Cell) -> str:
    return f"{cell.origin.path}: {cell_words(cell)}  [{citation(cell)}]"


def _counter_words(counter: CounterEntry) -> str:
    per = f"{counter.months} months" if counter.per == "rolling" else counter.per
    keys = f" by {', '.join(counter.keys)}" if counter.keys else ""
    holder = f" of {counter.holder}" if counter.holder != "person" else ""
    only = f" where {condition_words(counter.counts_if)}" if counter.counts_if is not None else ""
    return f"{counter.name} ({per}{keys}{holder}) {'=' if counter.sets else '+'} {form_words(counter.adds)}{only}"
