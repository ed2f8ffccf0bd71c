"""Reads a whole document (sections 2, 4, 9 to 11)."""

from __future__ import annotations

from adjudicator.rulebook import Origin, Rounding
from catalogs.plans.conditions import Condition
from catalogs.plans.document import (
    Attribute,
    Bound,
    CategoryLimitEntry,
    Composition,
    CounterAddition,
    CounterEntry,
    LayerEntry,
    LinesEntry,
    PlanDocument,
    Source,
)
from catalogs.plans.findings import Findings
from catalogs.plans.grammar import (
    AMOUNTS_OF_CLAIM,
    AMOUNTS_OF_LAYER,
    ATTRIBUTES,
    CLAIM_DATES,
    CONVENTIONS,
    GRADES,
    LINE_ATTRIBUTES,
    OF_LINES,
    SCHEMES,
    BuiltIn,
)
from catalogs.plans.nodes import Fields, Items, Node, Text, read_nodes
from catalogs.plans.read_conditions import read_condition
from catalogs.plans.read_layers import LayerReader, read_addition, read_counter, read_rounding
from catalogs.plans.read_values import ValueReader
from catalogs.plans.reading import Names, Reader, Scope, meant
from catalogs.plans.values import Unit, Value

KINDS = ("plan", "overlay", "base")
RESERVED = ("all", "other", "counter", "person", "cash", "fund", "slice", *AMOUNTS_OF_CLAIM)


def read_document(text: str, file: str, findings: Findings) -> PlanDocument | None:
    """Parse and type one document; None when not even its kind is known. All findings are added at once."""
    root = read_nodes(text, file, findings)
    if root is None:
        return None
    reader = Reader(file, findings)
    fields = reader.fields(root, "document")
    kinds = [kind for kind in KINDS if kind in fields]
    if len(kinds) != 1:
        findings.add("KIND_NOT_ONE", root.place, count=len(kinds))
        return None
    return _DocumentReader(reader, root, fields, kinds[0], text).read()


class _DocumentReader:
    def __init__(self, reader: Reader, root: Fields, fields: dict[str, Node], kind: str, text: str) -> None:
        self.reader, self.root, self.fields, self.kind, self.text = reader, root, fields, kind, text

    def read(self) -> PlanDocument:
        reader, fields = self.reader, self.fields
        reader.sources = self._sources()
        scope = reader.scope(fields, Scope())
        reader.names = self._names()
        valid_from, valid_until = self._valid()
        conventions, rounding, stated = self._conventions(scope.into("conventions"))
        coverage = reader.fields(fields["coverage"], "coverage") if "coverage" in fields else {}
        inner = reader.scope(coverage, scope.into("coverage"))
        months = ValueReader(reader, Unit.NUMBER)
        return PlanDocument(
            id=reader.name(fields[self.kind]),
            kind=self.kind,
            file=reader.file,
            text=self.text,
            title=reader.title(fields["title"]) if "title" in fields else {},
            scheme=reader.one_of(fields["scheme"], SCHEMES) if "scheme" in fields else None,
            area=self._area(),
            inherits=reader.name(fields["inherits"]) if "inherits" in fields else None,
            compose=self._compose(),
            valid_from=valid_from,
            valid_until=valid_until,
            sources=reader.sources,
            attributes=reader.names.attributes,
            amounts=reader.names.amounts,
            items=self._items(),
            conventions=conventions,
            convention_origins=stated,
            rounding=rounding,
            indexes=self._indexes(scope),
            lines=self._lines(scope.into("lines")) if "lines" in fields else None,
            excluded=read_condition(reader, fields["excluded"]) if "excluded" in fields else None,
            coverage_by=reader.one_of(coverage["by"], CLAIM_DATES) if "by" in coverage else None,
            waiting=months.read(coverage["waiting"], inner.into("waiting")) if "waiting" in coverage else None,
            layers=self._layers(scope.into("layers")),
            counters=self._counters(scope.into("counters")),
            additions=self._additions(scope.into("counters")),
            bounds=self._bounds(scope.into("bounds")),
            cases=self._cases(),
            unknown=reader.texts(fields["unknown"], "unknown") if "unknown" in fields else (),
            conflicts=reader.texts(fields["conflicts"], "conflicts") if "conflicts" in fields else (),
            place=self.root.place,
            root=self.root,
        )

    # ---- names, read before what uses them

    def _names(self) -> Names:
        reader, fields = self.reader, self.fields
        built_in = {name: _attribute(name, rule) for name, rule in ATTRIBUTES.items()}
        lines = {name: _attribute(name, rule) for name, rule in LINE_ATTRIBUTES.items()}
        for key, node in reader.entries(fields["attributes"], "attributes") if "attributes" in fields else ():
            if key.text in lines or key.text in RESERVED or _is_amount_of_layer(key.text):
                reader.add("RESERVED_NAME", key, name=key.text)
            built_in[key.text] = self._declared(key, node, built_in.get(key.text))
        counters = {}
        for key, node in reader.entries(fields["counters"], "counters") if "counters" in fields else ():
            if _is_addition(node):
                continue
            unit = node.get("unit") if isinstance(node, Fields) else None
            counters[key.text] = unit.text if isinstance(unit, Text) else "fen"
        layers = fields.get("layers")
        named = [n.get("layer") for n in layers.items if isinstance(n, Fields)] if isinstance(layers, Items) else []
        items = fields.get("items")
        names = Names(
            attributes=built_in,
            line_attributes=lines,
            amounts=reader.texts(fields["amounts"], "amounts") if "amounts" in fields else (),
            layers=tuple(node.text for node in named if isinstance(node, Text)),
            counters=counters,
            items=tuple(key.text for key, _ in items.entries) if isinstance(items, Fields) else (),
            complete=self.kind == "plan" and "compose" not in fields,
        )
        self._check_names(names, named)
        return names

    def _check_names(self, names: Names, layers: list[Node | None]) -> None:
        seen: set[str] = set()
        for node in layers:
            if isinstance(node, Text):
                if node.text in seen:
                    self.reader.add("DUPLICATE_NAME", node, name=node.text)
                elif node.text in RESERVED or node.text in names.attributes or node.text in names.amounts:
                    self.reader.add("RESERVED_NAME", node, name=node.text)
                seen.add(node.text)
        amounts = self.fields.get("amounts")
        for item in amounts.items if isinstance(amounts, Items) else ():
            taken = isinstance(item, Text) and (item.text in RESERVED or item.text in names.attributes)
            if isinstance(item, Text) and (taken or _is_amount_of_layer(item.text)):
                self.reader.add("RESERVED_NAME", item, name=item.text)

    def _declared(self, key: Text, node: Node, known: Attribute | None) -> Attribute:
        reader = self.reader
        fields = reader.fields(node, "attribute")
        kinds = [kind for kind in ("number", "id", "mark", "marks") if kind in fields and reader.yes_no(fields[kind])]
        values = reader.texts(fields["values"], "values") if "values" in fields else ()
        if len(kinds) + bool(values) != 1 and not (known and not kinds and not values):
            reader.add("ATTRIBUTE_KIND", key, name=key.text)
        if known is None and "of" not in fields:
            reader.add("KEY_MISSING", node, key="of", what="attribute")
        of = reader.one_of(fields["of"], ("person", "facility", "visit")) if "of" in fields else "visit"
        if known is not None:
            of = known.of
        default = reader.text(fields["default"]) if "default" in fields else None
        if kinds == ["mark"]:
            return Attribute(key.text, of, "word", ("no", "yes"), False, default or "no", True, key.place)
        if not kinds and known and known.kind not in ("word", "marks") and values:
            reader.add("ATTRIBUTE_KIND", key, name=key.text)
        words = values or (known.words if known else ())
        kind = kinds[0] if kinds else (known.kind if known else "word")
        default = default if default is not None else (known.default if known else None)
        if default and words and kind == "word" and default not in words and "default" in fields:
            reader.add("UNKNOWN_WORD", fields["default"], word=default, **meant(default, words))
        opened = not words or (known is not None and known.open and not values) or kind == "marks"
        return Attribute(key.text, of, kind, words, opened, default, bool(values), key.place)

    # ---- head of the document

    def _sources(self) -> dict[str, Source]:
        sources: dict[str, Source] = {}
        if "sources" not in self.fields:
            return sources
        for key, node in self.reader.entries(self.fields["sources"], "sources"):
            if key.text in ("own", "published"):
                self.reader.add("RESERVED_NAME", key, name=key.text)
            fields = self.reader.fields(node, "cited source")
            texts = {name: self.reader.text(value) for name, value in fields.items() if name != "grade"}
            grade = self.reader.one_of(fields["grade"], GRADES) if "grade" in fields else ""
            sources[key.text] = Source(texts.get("title", ""), grade, texts.get("address", ""), texts.get("note", ""))
        return sources

    def _valid(self) -> tuple[int | None, int | None]:
        if "valid" not in self.fields:
            if self.kind == "plan" and "compose" not in self.fields:
                self.reader.add("KEY_MISSING", self.root, key="valid", what="document")
            return None, None
        fields = self.reader.fields(self.fields["valid"], "valid")
        start = self.reader.date(fields["from"]) if "from" in fields else None
        end = self.reader.date(fields["until"]) if "until" in fields else None
        if start is not None and end is not None and end <= start:
            self.reader.add("DATES_NOT_RISING", fields["until"])
        return start, end

    def _area(self) -> str | None:
        if "place" not in self.fields:
            return None
        text = self.reader.text(self.fields["place"])
        if text == "null":
            return None
        if text and not (len(text) == 6 and text.isdigit()):
            self.reader.add("BAD_AREA", self.fields["place"], text=text)
        return text

    def _compose(self) -> Composition | None:
        if "compose" not in self.fields:
            return None
        node = self.fields["compose"]
        fields = self.reader.fields(node, "compose")
        overlays = self.reader.names_list(fields["overlays"]) if "overlays" in fields else ()
        plan = self.reader.name(fields["plan"]) if "plan" in fields else ""
        why = self.reader.text(fields["illustrative"]) if "illustrative" in fields else ""
        return Composition(plan, overlays, why, node.place)

    # ---- conventions, indexes, lines, bounds

    def _conventions(self, scope: Scope) -> tuple[dict[str, str], Rounding | None, dict[str, Origin]]:
        reader = self.reader
        if "conventions" not in self.fields:
            return {}, None, {}
        fields = reader.fields(self.fields["conventions"], "conventions")
        scope = reader.scope(fields, scope)
        stated: dict[str, Node] = {}
        origins: dict[str, Origin] = {}
        for name, node in fields.items():
            if name != "source":
                stated[name], origins[name] = self._convention(node, scope.into(name))
        rounding = read_rounding(reader, stated["rounding"]) if "rounding" in stated else None
        found = {name: reader.one_of(stated[name], words) for name, words in CONVENTIONS.items() if name in stated}
        if "year_start" in stated:
            node = stated["year_start"]
            found["year_start"] = reader.text(node)
            reader.date(Text(node.place, f"2001-{found['year_start']}"))
        return found, rounding, origins

    def _convention(self, node: Node, scope: Scope) -> tuple[Node, Origin]:
        """Give what a convention says, plainly or as `{value, source}` or `{assumed, why}`, and whence it comes."""
        reader = self.reader
        kind = next((k for k in ("value", "assumed") if isinstance(node, Fields) and node.get(k) is not None), "")
        if not kind:
            return node, self._origin(scope, node, "exact", "")
        fields = reader.fields(node, "exact value" if kind == "value" else "assumed value")
        inner = reader.scope(fields, scope)
        why = reader.text(fields["why"]) if "why" in fields else ""
        return fields[kind], self._origin(inner, node, "exact" if kind == "value" else "assumed", why)

    def _origin(self, scope: Scope, node: Node, kind: str, why: str) -> Origin:
        if scope.source is None:
            self.reader.add("VALUE_WITHOUT_SOURCE", node, path=scope.path)
        elif scope.source == "own" and kind != "assumed":
            self.reader.add("OWN_NOT_ASSUMED", node, path=scope.path)
        cited = self.reader.sources.get(scope.source or "")
        return Origin(scope.path, node.place.line, scope.source or "", cited.grade if cited else "", kind, why)

    def _indexes(self, scope: Scope) -> dict[str, Value]:
        indexes: dict[str, Value] = {}
        if "indexes" in self.fields:
            amounts = ValueReader(self.reader, Unit.AMOUNT)
            for key, node in self.reader.entries(self.fields["indexes"], "indexes"):
                inner = scope
                dated = node
                if isinstance(node, Fields):
                    inner = self.reader.scope({k.text: v for k, v in node.entries if k.text == "source"}, scope)
                    dates = tuple(entry for entry in node.entries if entry[0].text != "source")
                    dated = Fields(node.place, ((Text(node.place, "since"), Fields(node.place, dates)),))
                indexes[key.text] = amounts.read(dated, inner.into(f"indexes.{key.text}"))
        return indexes

    def _items(self) -> dict[str, Condition]:
        if "items" not in self.fields:
            return {}
        found: dict[str, Condition] = {}
        for key, node in self.reader.entries(self.fields["items"], "items"):
            if key.text in RESERVED or key.text in self.reader.names.amounts:
                self.reader.add("RESERVED_NAME", key, name=key.text)
            found[key.text] = read_condition(self.reader, node, lines=OF_LINES)
        return found

    def _lines(self, scope: Scope) -> LinesEntry:
        reader = self.reader
        fields = reader.fields(self.fields["lines"], "lines")
        scope = reader.scope(fields, scope)
        limits = reader.items(fields["category_limits"], "category_limits") if "category_limits" in fields else ()
        ceilings = ("before_upfront", "after_upfront", "none")
        upfront: Value | None = None
        if "upfront" in fields and not (isinstance(fields["upfront"], Text) and fields["upfront"].text == "item"):
            upfront = ValueReader(reader, Unit.RATE, lines=OF_LINES).read(fields["upfront"], scope.into("upfront"))
        catalogue = reader.one_of(fields["catalogue"], ("applied", "ignored")) if "catalogue" in fields else "applied"
        return LinesEntry(
            ceiling=reader.one_of(fields["ceiling"], ceilings) if "ceiling" in fields else "before_upfront",
            upfront=upfront,
            catalogue=catalogue == "applied",
            category_limits=tuple(self._category_limit(item, scope.into("category_limits")) for item in limits),
        )

    def _category_limit(self, node: Node, scope: Scope) -> CategoryLimitEntry:
        reader = self.reader
        fields = reader.fields(node, "category limit")
        scope = reader.scope(fields, scope.into(reader.name(fields["name"]) if "name" in fields else ""))
        items = reader.names_list(fields["items"]) if "items" in fields else ()
        for item in items:
            if item not in reader.names.items:
                reader.add("UNKNOWN_ITEMS", fields["items"], name=item, **meant(item, reader.names.items))
        amounts = ValueReader(reader, Unit.AMOUNT)
        numbers = [a.name for a in reader.names.attributes.values() if a.kind == "number"]
        times = reader.name(fields["times"]) if "times" in fields else None
        if times and times not in numbers:
            reader.add("UNKNOWN_NUMBER", fields["times"], name=times, **meant(times, numbers))
        order = reader.one_of(fields["order"], ("before_upfront", "after_upfront")) if "order" in fields else ""
        return CategoryLimitEntry(
            name=reader.name(fields["name"]) if "name" in fields else "",
            items=items,
            amount=amounts.read(fields.get("amount", Text(node.place, "0")), scope.into("amount")),
            times=times,
            before_upfront=order != "after_upfront",
            place=node.place,
        )

    def _bounds(self, scope: Scope) -> tuple[Bound, ...]:
        if "bounds" not in self.fields:
            return ()
        if self.kind != "base":
            self.reader.add("BOUNDS_OUTSIDE_BASE", self.fields["bounds"])
        return tuple(self._bound(item, scope) for item in self.reader.items(self.fields["bounds"], "bounds"))

    def _bound(self, node: Node, scope: Scope) -> Bound:
        reader = self.reader
        check = node.get("check") if isinstance(node, Fields) else None
        kind = reader.one_of(check, ("rate_drop", "waiting")) if check is not None else "rate_drop"
        fields = reader.fields(node, f"{kind} bound")
        name = reader.name(fields["name"]) if "name" in fields else ""
        scope = reader.scope(fields, scope.into(name))
        attribute, value = "join", ""
        against: tuple[str, ...] = ()
        if kind == "rate_drop":
            attribute = reader.name(fields["attribute"]) if "attribute" in fields else "filing"
            against = reader.names_list(fields["against"]) if "against" in fields else ()
            value = reader.text(fields["value"]) if "value" in fields else ""
        else:
            value = reader.text(fields["join"]) if "join" in fields else ""
        limits = ValueReader(reader, Unit.POINTS if kind == "rate_drop" else Unit.NUMBER)
        return Bound(
            name=name,
            check=kind,
            attribute=attribute,
            against=against,
            value=value,
            at_most=limits.read(fields.get("at_most", Text(node.place, "0")), scope.into("at_most")),
            start=reader.date(fields["from"]) if "from" in fields else 0,
            place=node.place,
        )

    # ---- layers, counters, cases

    def _layers(self, scope: Scope) -> tuple[LayerEntry, ...]:
        if "layers" not in self.fields:
            return ()
        layers = LayerReader(self.reader)
        read = (layers.read(item, scope) for item in self.reader.items(self.fields["layers"], "layers"))
        return tuple(layer for layer in read if layer is not None)

    def _counters(self, scope: Scope) -> dict[str, CounterEntry]:
        if "counters" not in self.fields:
            return {}
        entries = self.reader.entries(self.fields["counters"], "counters")
        whole = ((key, node) for key, node in entries if not _is_addition(node))
        return {key.text: read_counter(self.reader, key, node, scope) for key, node in whole}

    def _additions(self, scope: Scope) -> dict[str, CounterAddition]:
        node = self.fields.get("counters")
        entries = node.entries if isinstance(node, Fields) else ()
        added = ((key, node) for key, node in entries if _is_addition(node))
        return {key.text: read_addition(self.reader, key, node, scope) for key, node in added}

    def _cases(self) -> Items | None:
        node = self.fields.get("cases")
        if node is None:
            return None
        for item in self.reader.items(node, "cases"):
            self.reader.fields(item, "case")
        return node if isinstance(node, Items) else None


def _is_addition(counter: Node) -> bool:
    """Tell whether an entry of `counters` adds to a counter of another document."""
    return isinstance(counter, Fields) and counter.get("also_adds") is not None


def _is_amount_of_layer(name: str) -> bool:
    """Tell whether a name looks like LAYER.AMOUNT, an amount that layers give."""
    layer, _, amount = name.rpartition(".")
    return bool(layer) and amount in AMOUNTS_OF_LAYER


def _attribute(name: str, rule: BuiltIn) -> Attribute:
    return Attribute(name, rule.of, rule.kind, rule.words, rule.open, rule.default)
