"""How a fee line was divided among the buckets: its catalog entry and, step by step, what the line stage said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from adjudicator.batch import Lines
from adjudicator.catalog import ANY, CLASSES, Catalog
from adjudicator.ceilings import ONE_UNIT
from adjudicator.columns import MISSING
from adjudicator.reasons import LineReason
from adjudicator.restrictions import OLDEST, SEXES, UNRESTRICTED
from adjudicator.rulebook import Program, State
from adjudicator.versions import FAR
from api.explain.explanation import CatalogEntry, Source, Step
from api.explain.steps import UNDECIDED, source_of
from api.explain.texts import PlanTexts
from api.explain.wording import decimal

_ASKED = {
    LineReason.RESTRICTED_LEVEL: "level",
    LineReason.RESTRICTED_SEX: "sex",
    LineReason.RESTRICTED_AGE: "age",
    LineReason.RESTRICTED_SETTING: "visit",
    LineReason.RESTRICTED_SCHEME: "scheme",
    LineReason.RESTRICTED_DIAGNOSIS: "diagnosis",
    LineReason.OVER_DAYS: "most_days",
    LineReason.OVER_QUANTITY: "most_quantity",
    LineReason.RESTRICTED_SECOND_LINE: "second_line",
}
"""The condition of a restriction that is behind a reason."""

_ANY_ASKED = (LineReason.RESTRICTION_NOT_MET, LineReason.PENDED_RESTRICTION)
"""Reasons that concern a restriction as a whole."""

_OPEN_PRICE = 1 << 60
"""Unit prices from here on (1e-6 yuan) are no bound."""


class LineReader:
    """Puts one line of a batch into its catalog entry and steps. `said`: what the line stage said about it."""

    def __init__(
        self,
        lines: Lines,
        at: int,
        reason: LineReason,
        said: Mapping[str, int],
        program: Program | None,
        catalog: Catalog | None,
        texts: PlanTexts,
    ) -> None:
        self.lines, self.at, self.reason, self.said = lines, at, reason, said
        self.program, self.catalog, self.texts = program, catalog, texts
        self.left = int(lines.amount_fen[at])
        self.sign = -1 if self.left < 0 else 1
        self.version = -1 if reason is LineReason.GIVEN else said.get("version", -1)

    def entry(self) -> CatalogEntry | None:
        """Give the catalog entry the line was judged by."""
        catalog, version = self.catalog, self.version
        if catalog is None or version < 0:
            return None
        item = int(self.lines.item[self.at])
        return CatalogEntry(
            catalog.places[catalog.place[item]],
            catalog.codes[item],
            catalog.names[item] if catalog.names else "",
            CLASSES[catalog.item_class[version]],
            _day(int(catalog.valid_from[version])),
            _day(int(catalog.valid_until[version])),
            self._source(),
        )

    def _source(self) -> Source | None:
        tables = self.texts.tables
        if tables is None:
            return None
        path, _, line = tables.file_of(self.version).rpartition(":")
        known = tables.source_of(self.version)
        title, grade, address = (known.title, known.grade, known.address) if known else (f"{path}:{line}", "", "")
        return Source(title, grade, address, path, int(line), "exact", "")

    def steps(self) -> tuple[Step, ...]:
        """Give the steps in the order in which the line stage took them; the last one is what stays in scope."""
        if self.reason is LineReason.GIVEN:
            return (Step("LINE_GIVEN"),)
        if self.said:
            steps = [*self._before(), *self._taken()]
        else:
            steps = [self._take("LINE_NOT_JUDGED", {}, self.left, "self_funded")]
        return (*steps, Step("LINE_IN_SCOPE", {}, self.left, "in_scope"))

    def _take(self, code: str, fields: dict[str, Any], fen: int, bucket: str, sources: tuple[Source, ...] = ()) -> Step:
        """Take fen off what is left."""
        self.left -= fen
        return Step(code, fields, -fen if fen else None, bucket, sources)

    def _before(self) -> Iterator[Step]:
        """Say what came with the line or the plan and what could not be decided."""
        if "version" not in self.said:
            yield Step("LINE_WHOLE_BILL")
            return
        given = self.lines.class_code
        if given is not None and given[self.at] >= 0:
            yield Step("LINE_CLASS_GIVEN", {"item_class": CLASSES[given[self.at]]})
        for label in [name for name in self.said if name.startswith("undecided.")]:
            state, parameter = State(self.said[label]), label.removeprefix("undecided.")
            if state > State.ABSENT:
                origin = "origin." + parameter
                yield Step(UNDECIDED[state], {"parameter": f"lines.{parameter}"}, None, "", self._origin(origin))

    def _taken(self) -> Iterator[Step]:
        for name, value in self.said.items():
            match name:
                case "self_funded":
                    yield self._self_funded(value)
                case "over_ceiling" if self.left:
                    yield self._over_ceiling(self.sign * value)
                case "upfront":
                    yield from self._upfront(self.sign * value)
                case _ if name.startswith("over.") and value:
                    yield self._over_category(name.removeprefix("over."), value)

    def _self_funded(self, fen: int) -> Step:
        reason = LineReason(self.said["refused"])
        fields: dict[str, Any] = {"reason": reason.name}
        conditions = self._conditions(reason)
        if conditions:
            fields["conditions"] = conditions
        if reason is not LineReason.OVER_QUANTITY:
            return self._take("LINE_RESTRICTED" if conditions else "LINE_REFUSED", fields, fen, "self_funded")
        payable, billed = self.said["payable_quantity_e4"], self._billed_quantity()
        fields |= {"payable_quantity_e4": self.sign * payable, "quantity_e4": self.sign * billed}
        return self._take("LINE_OVER_QUANTITY", fields, fen, "self_funded")

    def _billed_quantity(self) -> int:
        given = self.lines.quantity_e4
        return ONE_UNIT if given is None or given[self.at] == MISSING else abs(int(given[self.at]))

    def _over_ceiling(self, fen: int) -> Step:
        levels = self.catalog.levels if self.catalog else ()
        level = self.said["level"]
        fields: dict[str, Any] = {
            "level": levels[level] if level < len(levels) else "",
            "price_e6": self.said["price_e6"],
            "quantity_e4": self.sign * self.said["quantity_e4"],
            "of_fen": self.left,
        }
        if not fen:
            return Step("LINE_WITHIN_CEILING", fields)
        return self._take("LINE_OVER_CEILING", fields | {"payable_fen": self.left - fen}, fen, "over_limit")

    def _upfront(self, fen: int) -> Iterator[Step]:
        origin = [name for name in self.said if name.startswith("rate.")]
        if not self.left or not origin or (origin[-1] == "rate.item" and not self.said["rate"]):
            return
        fields: dict[str, Any] = {"of_fen": self.left, "rate_ppm": self.said["rate"]}
        match origin[-1]:
            case "rate.item":
                yield self._take("LINE_UPFRONT_ITEM", fields, fen, "upfront")
            case "rate.schedule":
                yield self._take("LINE_UPFRONT_SCHEDULE", fields | self._schedule(), fen, "upfront")
            case "rate.plan":
                yield self._take("LINE_UPFRONT_PLAN", fields, fen, "upfront", self._origin("origin.upfront"))
            case "rate.given":
                yield self._take("LINE_UPFRONT_GIVEN", fields, fen, "upfront")

    def _schedule(self) -> dict[str, Any]:
        """Give the row of the schedule that fits: for which scheme, visit and unit prices."""
        assert self.catalog is not None
        catalog, row = self.catalog, self.said["rate.schedule"]
        scheme, visit = int(catalog.schedule_scheme[row]), int(catalog.schedule_visit[row])
        until = int(catalog.schedule_price_until_e6[row])
        return {
            "scheme": "" if scheme == ANY else catalog.schemes[scheme],
            "visit": "" if visit == ANY else catalog.visits[visit],
            "price_e6": self.said["unit_price_e6"],
            "price_from_e6": int(catalog.schedule_price_from_e6[row]),
            "price_until_e6": None if until >= _OPEN_PRICE else until,
        }

    def _over_category(self, label: str, fen: int) -> Step:
        limit, before = self.said[f"limit.{label}"], self.said[f"before.{label}"]
        fields = {"name": label.removeprefix("category_limits."), "limit_fen": limit, "before_fen": before}
        return self._take("LINE_OVER_CATEGORY", fields, fen, "over_limit", self._origin(f"origin.{label}"))

    def _origin(self, label: str) -> tuple[Source, ...]:
        number = self.said.get(label, -1)
        if self.program is None or not 0 <= number < len(self.program.origins):
            return ()
        return (source_of(self.program.origins[number], self.texts),)

    def _conditions(self, reason: LineReason) -> list[dict[str, Any]]:
        """Give the conditions of the restriction that a reason is about: `{asks, of}`."""
        row = -1 if self.catalog is None or self.version < 0 else int(self.catalog.restriction[self.version])
        if row < 0 or (reason not in _ASKED and reason not in _ANY_ASKED):
            return []
        found = self._asked(row)
        wanted = found if reason in _ANY_ASKED else [_ASKED[reason]]
        return [{"asks": name, "of": found[name]} for name in wanted]

    def _asked(self, row: int) -> dict[str, list[str]]:
        """Give everything a restriction asks for, in words: quantities and ages as numbers."""
        assert self.catalog is not None
        catalog, rules = self.catalog, self.catalog.restrictions
        oldest, chosen = int(rules.age_until[row]), int(rules.diagnosis_set[row])
        ages = [f"≥ {rules.age_from[row]}"] if rules.age_from[row] > 0 else []
        ages += [f"< {oldest}"] if 0 <= oldest < OLDEST else []
        days, quantity = int(rules.max_days[row]), int(rules.max_quantity_e4[row])
        tables = self.texts.tables
        found = {
            "level": _words(int(rules.levels[row]), catalog.levels),
            "sex": _words(int(rules.sexes[row]), SEXES),
            "age": ages,
            "visit": _words(int(rules.visits[row]), catalog.visits),
            "scheme": _words(int(rules.schemes[row]), catalog.schemes),
            "diagnosis": list(catalog.diagnosis_sets[chosen]) if chosen >= 0 else [],
            "most_days": [] if days == UNRESTRICTED else [str(days)],
            "most_quantity": [] if quantity == UNRESTRICTED else [decimal(quantity, 4)],
            "second_line": ["yes"] if rules.second_line[row] else [],
            "text": [tables.restriction_text(self.version) if tables else ""] if rules.text[row] else [],
        }
        return {name: of for name, of in found.items() if of}


def _words(mask: int, domain: tuple[str, ...]) -> list[str]:
    return [word for bit, word in enumerate(domain) if mask >> bit & 1]


def _day(days: int) -> str:
    return str(np.datetime64(days, "D")) if abs(days) < FAR else ""
