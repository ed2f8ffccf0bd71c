"""The explanation in the terminal: the bill as a waterfall, every layer's steps, the check, lines, sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.explain.explanation import Explanation, LayerPart, Step
from api.explain.wording import Footnotes, entry_text, money, sentence
from api.messages import Messages

BAR_CELLS = 32
COLOURS = {"self_funded": "red", "over_limit": "red", "upfront": "yellow", "in_scope": "green"}


def render(explanation: Explanation, say: Messages) -> RenderableType:
    """Give the whole explanation for the terminal."""
    notes = Footnotes()
    parts: list[RenderableType] = [_heading(explanation, say), "", _waterfall(explanation, say)]
    for layer in explanation.layers:
        if layer.applies and layer.steps:
            parts += ["", *_layer(layer, notes, say)]
    if explanation.undecided:
        parts += ["", Text(say("EXPLAIN_UNDECIDED"), "bold"), *_steps(explanation.undecided, notes, say)]
    for source in explanation.conventions:
        notes.mark(source)
    parts += [*_skipped(explanation, say), *_check(explanation, say)]
    parts += [*_counters(explanation, say), *_lines(explanation, say), *_divided(explanation, notes, say)]
    parts += _sources(notes, say)
    return Group(*parts)


def _heading(explanation: Explanation, say: Messages) -> RenderableType:
    e = explanation
    title = say.title(e.plan_title, e.plan)
    top = Text.assemble((say("EXPLAIN_CLAIM", claim=e.claim), "bold"), "  ", (say(e.status), _status_colour(e.status)))
    if e.reason != "NONE":
        top.append(f"  {e.reason} {say(e.reason)}", "yellow")
    place = " · ".join(part for part in (say.name("scheme", e.scheme), e.place) if part)
    facts = "  ".join(
        say("EXPLAIN_PAIR", name=say.name("attribute", name), value=say.name(name, value))
        for name, value in e.attributes.items()
        if name in ("visit", "level", "group", "age", "status", "zone", "filing", "days", "disease", "stay_part")
    )
    stay = e.dates["admission"] + (f" → {e.dates['discharge']}" if e.dates["discharge"] != e.dates["admission"] else "")
    return Group(top, Text(f"{title}  ({place})  {stay}", "dim"), Text(facts, "dim"))


def _status_colour(status: str) -> str:
    return {"SETTLED": "green", "HELD": "yellow"}.get(status, "red")


def _waterfall(explanation: Explanation, say: Messages) -> Table:
    """Bill, buckets and payers on one scale: each bar begins where the one before it ended."""
    e = explanation
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    whole = _bar(0, e.total_fen, e.total_fen, "white")
    table.add_row(Text(say("EXPLAIN_BILL"), "bold"), Text(money(e.total_fen), "bold"), whole)
    for name, start, fen, colour in _stacked(((n, f, COLOURS[n]) for n, f in _buckets(e)), 0):
        table.add_row("  " + say.name("bucket", name), money(fen), _bar(start, fen, e.total_fen, colour))
    table.add_row("", "", "")
    for name, start, fen, colour in _stacked(_payers(e, say), 0):
        table.add_row(name, money(fen), _bar(start, fen, e.total_fen, colour))
    return table


def _buckets(e: Explanation) -> Iterator[tuple[str, int]]:
    return ((name, fen) for name, fen in e.buckets.items() if fen)


def _payers(e: Explanation, say: Messages) -> Iterator[tuple[str, int, str]]:
    for layer in e.layers:
        if layer.applies and layer.paid_fen:
            name = f"{say.title(layer.title, layer.name)} ({say.name('fund', layer.fund)})"
            yield name, layer.paid_fen, "cyan" if layer.fund == "personal_account" else "green"
    if e.held_fen:
        yield say("EXPLAIN_HELD"), e.held_fen, "yellow"
    yield say("EXPLAIN_CASH"), e.cash_fen, "red"


def _stacked(rows: Iterable[tuple[str, int, str]], start: int) -> Iterator[tuple[str, int, int, str]]:
    for name, fen, colour in rows:
        yield name, start, fen, colour
        start += fen


def _bar(start: int, fen: int, total: int, colour: str) -> Text:
    if total <= 0 or fen <= 0:
        return Text("")
    first = min(start * BAR_CELLS // total, BAR_CELLS - 1)
    cells = max(min((start + fen) * BAR_CELLS // total, BAR_CELLS) - first, 1)
    return Text(" " * first + "█" * cells, colour)


def _layer(layer: LayerPart, notes: Footnotes, say: Messages) -> Iterator[RenderableType]:
    title = say.title(layer.title, layer.name)
    yield Text.assemble((title, "bold"), (f"  {layer.name} → {say.name('fund', layer.fund)}", "dim"))
    yield from _steps(layer.steps, notes, say)


def _steps(steps: Iterable[Step], notes: Footnotes, say: Messages) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for step in steps:
        words = Text(sentence(step, say), "bold" if step.code == "STEP_PAID" else "")
        for mark in dict.fromkeys(notes.mark(source) for source in step.sources):
            words.append(f" {mark}", "yellow" if "*" in mark else "dim")
        amount = "" if step.amount_fen is None else money(step.amount_fen)
        table.add_row(words, Text(amount, "bold" if step.code == "STEP_PAID" else ""))
    yield Padding(table, (0, 0, 0, 2))


def _skipped(e: Explanation, say: Messages) -> Iterator[RenderableType]:
    names = [say.title(layer.title, layer.name) for layer in e.layers if not layer.applies]
    if names:
        yield ""
        yield Text(say("EXPLAIN_SKIPPED", names=say("EXPLAIN_COMMA").join(names)), "dim")


def _check(e: Explanation, say: Messages) -> Iterator[RenderableType]:
    paid = [money(layer.paid_fen) for layer in e.layers if layer.paid_fen]
    parts = [*paid, money(e.cash_fen), *([money(e.held_fen)] if e.held_fen else [])]
    text = " + ".join(parts) + (f" - {money(e.beyond_bill_fen)}" if e.beyond_bill_fen else "")
    right = e.difference_fen == 0
    yield ""
    sums = f"{text} = {money(e.total_fen)} {'✓' if right else '✗'}"
    verdict = say("EXPLAIN_PAIR", name=say("EXPLAIN_CHECK"), value=sums)
    yield Text(verdict, "green" if right else "red")


def _sources(notes: Footnotes, say: Messages) -> Iterator[RenderableType]:
    """List the sources; then the assumptions, under a line that says what they are."""
    entries = notes.entries(say)
    for assumed, code in ((False, "EXPLAIN_SOURCES"), (True, "EXPLAIN_ASSUMPTIONS")):
        chosen = [(mark, text) for mark, text, of_author in entries if of_author == assumed]
        if chosen:
            yield ""
            yield Text(say(code), "bold yellow" if assumed else "bold")
            table = Table.grid(padding=(0, 1))
            for mark, text in chosen:
                table.add_row(Text(f"  {mark}"), Text(text, "yellow" if assumed else "dim"))
            yield table


def _counters(e: Explanation, say: Messages) -> Iterator[RenderableType]:
    if not e.counters:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("EXPLAIN_COUNTER"))
    for code in ("EXPLAIN_BEFORE", "EXPLAIN_AFTER"):
        table.add_column(say(code), justify="right")
    for part in e.counters:
        shown = [str(v) if part.unit == "count" else money(v) for v in (part.before, part.after)]
        table.add_row(part.name, *shown)
    yield ""
    yield table


def _lines(e: Explanation, say: Messages) -> Iterator[RenderableType]:
    if not e.lines:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("EXPLAIN_ITEM"), ratio=3, overflow="ellipsis", no_wrap=True)
    table.add_column(say("EXPLAIN_AMOUNT"), justify="right")
    for name in ("in_scope", "upfront", "over_limit", "self_funded"):
        table.add_column(say.name("bucket", name), justify="right")
    table.add_column(say("EXPLAIN_REASON"), ratio=3, overflow="fold")
    for line in e.lines:
        amounts = (line.amount_fen, line.in_scope_fen, line.upfront_fen, line.over_limit_fen, line.self_funded_fen)
        shown = [money(fen) if fen or not place else "" for place, fen in enumerate(amounts)]
        table.add_row(line.name or line.item or line.line, *shown, say(line.reason))
    yield ""
    yield table


def _divided(e: Explanation, notes: Footnotes, say: Messages) -> Iterator[RenderableType]:
    """Say for each line what the catalog has, and how its amount went to the buckets, step by step."""
    if not e.lines:
        return
    yield Text(say("EXPLAIN_DIVIDED"), "bold")
    for line in e.lines:
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(ratio=1)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        heading = "  ".join(word for word in (line.line, line.item, line.name, line.service_date) if word)
        table.add_row(Text(heading, "bold"), Text(money(line.amount_fen), "bold"), "")
        if line.entry is not None:
            marks = "" if line.entry.source is None else f" {notes.mark(line.entry.source)}"
            table.add_row(Text.assemble("  ", entry_text(line.entry, say), (marks, "dim")), "", "")
        for step in line.steps:
            if step.code == "LINE_IN_SCOPE" and not step.amount_fen:
                continue
            words = Text(f"  {sentence(step, say)}")
            for mark in dict.fromkeys(notes.mark(source) for source in step.sources):
                words.append(f" {mark}", "yellow" if "*" in mark else "dim")
            amount = "" if step.amount_fen is None else money(step.amount_fen)
            table.add_row(words, amount, say.name("bucket", step.effect) if amount else "")
        yield ""
        yield table


def print_explanation(explanation: Explanation, say: Messages, console: Console) -> None:
    """Print it."""
    console.print(render(explanation, say))
