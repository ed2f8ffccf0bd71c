"""The line stage once more, line by line in plain Python with unbounded integers: what `judge` must equal."""

from __future__ import annotations

from dataclasses import dataclass, field

from adjudicator.batch import Batch
from adjudicator.catalog import CLASSES, KINDS, Catalog
from adjudicator.columns import MISSING
from adjudicator.reasons import LineReason
from adjudicator.rulebook import KeyKind, Program, State, Table

Buckets = list[int]


@dataclass
class SlowClaim:
    """Result of one claim: a row of (in_scope, upfront, over_limit, self_funded, reason, atom) a line."""

    lines: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    pended: bool = False
    state: int = 0


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def lookup(table: Table, values: dict[str, object]) -> tuple[int, int]:
    row = 0
    for key in table.keys:
        value = values.get(key.source)
        if key.kind is KeyKind.CATEGORY:
            known = len(key.domain)
            code = known + 1 if value is None else key.domain.index(value) if value in key.domain else known
        elif key.kind is KeyKind.NUMBER:
            code = 0 if value is None else sum(edge <= value for edge in key.edges.tolist())  # type: ignore[operator]
        else:
            code = int(bool(value))
        row = row * key.size + code
    return int(table.values[row]), int(table.states[row])


def claim_values(batch: Batch, claim: int) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, column in batch.attributes.items():
        if hasattr(column, "codes"):
            values[name] = column.decode()[claim]  # type: ignore[union-attr]
        elif hasattr(column, "bits"):
            continue
        else:
            number = int(column.values[claim])  # type: ignore[arg-type]
            values[name] = None if number == MISSING else number
    return values


def version_of(catalog: Catalog | None, item: int, date: int) -> tuple[int, int]:
    if item < 0 or catalog is None:
        return -1, LineReason.UNKNOWN_ITEM if item < 0 else LineReason.NOT_IN_FORCE
    for version in range(int(catalog.first[item]), int(catalog.first[item + 1])):
        if catalog.valid_from[version] <= date < catalog.valid_until[version]:
            is_c = CLASSES[catalog.item_class[version]] == "C"
            return version, LineReason.CLASS_C if is_c else 0
    return -1, LineReason.NOT_IN_FORCE


def unit_price(batch: Batch, line: int) -> int:
    lines = batch.lines
    if lines.price_e6 is not None and lines.price_e6[line] != MISSING:
        return abs(int(lines.price_e6[line]))
    return half_down_half(abs(int(lines.amount_fen[line])) * 10**8, quantity_of(batch, line))


def half_down_half(numerator: int, denominator: int) -> int:
    denominator = max(denominator, 1)
    return (numerator + denominator // 2) // denominator


def quantity_of(batch: Batch, line: int) -> int:
    column = batch.lines.quantity_e4
    if column is None or column[line] == MISSING:
        return 10_000
    return abs(int(column[line]))


class SlowJudge:
    """One claim after the other."""

    def __init__(self, batch: Batch, program: Program, catalog: Catalog | None, check_stay: bool = True) -> None:
        self.batch, self.program, self.catalog, self.check_stay = batch, program, catalog, check_stay

    def claim(self, claim: int) -> SlowClaim:
        self.values = claim_values(self.batch, claim)
        self.result = SlowClaim()
        self.days_seen: dict[int, set[int]] = {}
        self.used: dict[int, int] = {}
        self.category: dict[str, int] = {}
        first = self.batch.lines.first
        lines = range(int(first[claim]), int(first[claim + 1]))
        self.restricted_days(claim, lines)
        for line in lines:
            self.result.lines.append(self.line(claim, line))
        return self.result

    def restricted_days(self, claim: int, lines: range) -> None:
        """Collect the payable days of every item beforehand: they count by the calendar, not by line order."""
        for line in lines:
            version, reason = self.entry(claim, line)
            refused, row = self.restriction(line, version)
            if reason == 0 and refused == 0 and row >= 0 and self.catalog.restrictions.max_days[row] >= 0:  # type: ignore
                self.days_seen.setdefault(int(self.batch.lines.item[line]), set()).add(
                    int(self.batch.lines.service_date[line])
                )

    def entry(self, claim: int, line: int) -> tuple[int, int]:
        lines = self.batch.lines
        date = int(lines.service_date[line])
        version, reason = version_of(self.catalog, int(lines.item[line]), date)
        if self.program.lines.whole_bill:
            return version, 0
        if lines.class_code is not None and lines.class_code[line] >= 0:
            reason = LineReason.CLASS_C if lines.class_code[line] == 2 else 0
        admission, discharge = int(self.batch.admission[claim]), int(self.batch.discharge[claim])
        stay = admission < discharge or (admission == discharge and self.values.get("visit") == "inpatient")
        if reason == 0 and self.check_stay and stay and not admission <= date <= discharge:
            reason = LineReason.OUTSIDE_STAY
        return version, reason

    def restriction(self, line: int, version: int) -> tuple[int, int]:
        """Give reason (without days and quantity) and row of restrictions (-1 none)."""
        if self.catalog is None or version < 0 or self.program.lines.whole_bill:
            return 0, -1
        row = int(self.catalog.restriction[version])
        if row < 0:
            return 0, -1
        rules, catalog = self.catalog.restrictions, self.catalog
        for mask, domain, name, reason in (
            (rules.levels[row], catalog.levels, "level", LineReason.RESTRICTED_LEVEL),
            (rules.sexes[row], ("male", "female"), "sex", LineReason.RESTRICTED_SEX),
            (None, (), "age", LineReason.RESTRICTED_AGE),
            (rules.visits[row], catalog.visits, "visit", LineReason.RESTRICTED_SETTING),
            (rules.schemes[row], catalog.schemes, "scheme", LineReason.RESTRICTED_SCHEME),
            (None, (), "diagnosis", LineReason.RESTRICTED_DIAGNOSIS),
        ):
            value = self.program.scheme if name == "scheme" else self.values.get(name)
            found = self.one_condition(row, name, mask, domain, value, reason)
            if found:
                return found, row
        answer = -1 if self.batch.lines.confirmed is None else int(self.batch.lines.confirmed[line])
        asks = bool(rules.second_line[row] or rules.text[row])
        if answer == 0:
            return LineReason.RESTRICTED_SECOND_LINE if rules.second_line[row] else LineReason.RESTRICTION_NOT_MET, row
        return (LineReason.PENDED_RESTRICTION if answer < 0 and asks else 0), row

    def one_condition(
        self, row: int, name: str, mask: object, domain: tuple[str, ...], value: object, reason: int
    ) -> int:
        assert self.catalog is not None
        rules = self.catalog.restrictions
        if name == "age":
            lowest, beyond = int(rules.age_from[row]), int(rules.age_until[row])
            beyond = 1000 if beyond < 0 else beyond
            if lowest <= 0 and beyond >= 1000:
                return 0
            if value is None:
                return LineReason.PENDED_RESTRICTION
            return 0 if lowest <= value < beyond else reason  # type: ignore[operator]
        if name == "diagnosis":
            wanted = int(rules.diagnosis_set[row])
            if wanted < 0:
                return 0
            if value is None:
                return LineReason.PENDED_RESTRICTION
            return 0 if str(value).startswith(self.catalog.diagnosis_sets[wanted]) else reason
        if mask == 0:
            return 0
        if value is None:
            return LineReason.PENDED_RESTRICTION
        allowed = value in domain and (int(mask) >> domain.index(str(value))) & 1  # type: ignore[call-overload]
        return 0 if allowed else reason

    def line(self, claim: int, line: int) -> tuple[int, int, int, int, int, int]:
        lines, item = self.batch.lines, int(self.batch.lines.item[line])
        amount, quantity = int(lines.amount_fen[line]), quantity_of(self.batch, line)
        sign = -1 if amount < 0 else 1
        version, reason = self.entry(claim, line)
        values = {**self.values, **self.line_values(claim, line, version)}
        atom, atom_state = lookup(self.program.lines.atom, values) if self.program.lines.atoms > 1 else (0, 0)
        if reason == 0:
            reason, row = self.restriction(line, version)
            if reason == LineReason.PENDED_RESTRICTION:
                self.result.pended = True
            if reason == 0 and row >= 0:
                reason, quantity = self.cumulative(row, item, line, sign * quantity)
        rate = self.rate(line, version, reason, values)
        payable = abs(amount)
        if reason == LineReason.OVER_QUANTITY:
            payable = half_up(payable * quantity, quantity_of(self.batch, line))
        elif reason:
            payable = 0
        self.result.state = max(self.result.state, atom_state if atom_state > State.ABSENT else 0)
        parts, found = self.divide(claim, line, version, payable, quantity, rate, atom, sign)
        in_scope, upfront, over = (sign * part for part in parts)
        return in_scope, upfront, over, amount - in_scope - upfront - over, reason or found, atom

    def cumulative(self, row: int, item: int, line: int, signed: int) -> tuple[int, int]:
        assert self.catalog is not None
        rules = self.catalog.restrictions
        if rules.max_days[row] >= 0:
            nth = sorted(self.days_seen[item]).index(int(self.batch.lines.service_date[line])) + 1
            if nth > rules.max_days[row]:
                return LineReason.OVER_DAYS, 0
        most = int(rules.max_quantity_e4[row])
        if most < 0:
            return 0, abs(signed)
        before = self.used.get(item, 0)
        self.used[item] = before + signed
        fits = abs(min(before + signed, most) - min(before, most))
        return (LineReason.OVER_QUANTITY if fits != abs(signed) else 0), fits

    def line_values(self, claim: int, line: int, version: int) -> dict[str, object]:
        lines, catalog = self.batch.lines, self.catalog
        values: dict[str, object] = {
            "stay_day": int(lines.service_date[line]) - int(self.batch.admission[claim]) + 1,
            "item_price": unit_price(self.batch, line),
            "class": None,
            "kind": None,
            "item_group": None,
        }
        if version >= 0 and catalog is not None:
            values["class"] = CLASSES[catalog.item_class[version]]
            values["kind"] = KINDS[catalog.kind[version]]
            values["item_group"] = catalog.groups[catalog.group[version]] if catalog.group[version] >= 0 else None
            for bit, mark in enumerate(catalog.mark_names):
                values["mark:" + mark] = (int(catalog.marks[version]) >> bit) & 1
        if lines.class_code is not None and lines.class_code[line] >= 0:
            values["class"] = CLASSES[lines.class_code[line]]
        if lines.group is not None and lines.group.codes[line] >= 0:
            values["item_group"] = lines.group.values[lines.group.codes[line]]
        return values

    def rate(self, line: int, version: int, reason: int, values: dict[str, object]) -> int:
        lines, catalog = self.batch.lines, self.catalog
        rate = 0
        if version >= 0 and catalog is not None:
            rate = int(catalog.upfront_ppm[version])
            schedule = int(catalog.upfront_schedule[version])
            if schedule >= 0:
                rate = self.scheduled(schedule, line, rate)
        given = lines.upfront_ppm is not None and lines.upfront_ppm[line] >= 0
        if self.program.lines.whole_bill:
            return 0
        if self.program.lines.upfront is not None:
            value, state = lookup(self.program.lines.upfront, values)
            if state == State.ABSENT:
                rate = 0
            elif state < State.ABSENT and value != -1:
                rate = value
            elif state > State.ABSENT and reason in (0, LineReason.OVER_QUANTITY) and not given:
                self.result.state = max(self.result.state, state)
        return int(lines.upfront_ppm[line]) if given else rate  # type: ignore[index]

    def scheduled(self, schedule: int, line: int, rate: int) -> int:
        assert self.catalog is not None
        catalog, price = self.catalog, unit_price(self.batch, line)
        for row in range(int(catalog.schedule_from[schedule]), int(catalog.schedule_from[schedule + 1])):
            scheme, visit = int(catalog.schedule_scheme[row]), int(catalog.schedule_visit[row])
            fits = scheme < 0 or catalog.schemes[scheme] == self.program.scheme
            fits = fits and (visit < 0 or catalog.visits[visit] == self.values.get("visit"))
            if fits and catalog.schedule_price_from_e6[row] <= price < catalog.schedule_price_until_e6[row]:
                return int(catalog.schedule_rate_ppm[row])
        return rate

    def ceiling(self, version: int, quantity: int) -> int | None:
        catalog, rules = self.catalog, self.program.lines
        if catalog is None or version < 0 or catalog.ceiling[version] < 0 or not rules.ceilings or rules.whole_bill:
            return None
        level = self.values.get("level")
        column = catalog.levels.index(str(level)) if level in catalog.levels else len(catalog.levels)
        price = int(catalog.ceilings_e6[catalog.ceiling[version], column])
        return None if price < 0 else half_up(price * quantity, 10**8)

    def divide(
        self, claim: int, line: int, version: int, left: int, quantity: int, rate: int, atom: int, sign: int
    ) -> tuple[tuple[int, int, int], int]:
        rules = self.program.lines
        ceiling, over, categories = self.ceiling(version, quantity), 0, 0
        if rules.ceiling_first and ceiling is not None:
            over = max(0, left - ceiling)
        categories += self.cut(claim, left - over, atom, sign, before=True)
        upfront = half_up(rate * (left - over - categories), 10**6)
        if not rules.ceiling_first and ceiling is not None:
            over = max(0, left - categories - upfront - ceiling)
        late = self.cut(claim, left - over - categories - upfront, atom, sign, before=False)
        found = (LineReason.OVER_CEILING if over else 0) + (LineReason.UPFRONT if upfront else 0)
        categories += late
        in_scope = left - over - categories - upfront
        return (in_scope, upfront, over + categories), LineReason.OVER_CATEGORY_LIMIT if categories else found

    def cut(self, claim: int, left: int, atom: int, sign: int, before: bool) -> int:
        cut = 0
        for limit in () if self.program.lines.whole_bill else self.program.lines.category_limits:
            if limit.before_upfront != before or atom not in limit.atoms:
                continue
            most, state = lookup(limit.amount.fixed, self.values)
            if state == State.ABSENT:
                continue
            times = 1 if limit.times is None else self.values.get(limit.times)
            unsure = state if state > State.ABSENT else State.MISSING if times is None else 0
            if unsure:
                self.result.state = max(self.result.state, unsure if left - cut else 0)
                continue
            most *= int(times)  # type: ignore[call-overload]
            so_far = self.category.get(limit.name, 0)
            now = so_far + sign * (left - cut)
            self.category[limit.name] = now
            cut += abs(sign * (left - cut) - (min(now, most) - min(so_far, most)))
        return cut
