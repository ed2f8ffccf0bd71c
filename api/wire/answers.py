"""What is answered, as types: the part of the OpenAPI document that answers make; tests hold real answers against them.

The bytes themselves are written by the rooms that decide; nothing is read through these types.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypeAliasType, TypedDict

from api.wire.models import STRICT
from api.wire.values import Amount, Day, Identifier

Moment = Annotated[str, Field(examples=["2023-05-06T10:11:12.345+08:00"], json_schema_extra={"format": "date-time"})]
Text = Annotated[str, Field(examples=["..."])]
RowKind = TypeAliasType(
    "RowKind", Annotated[Literal["SETTLE", "REVERSE", "ADJUST"], Field(description="ADJUST: settled anew")]
)
Whole = Annotated[int, Field(examples=[3], json_schema_extra={"format": "int64"})]


@with_config(STRICT)
class FundShare(TypedDict):
    """What one fund pays."""

    fund: Annotated[Text, Field(description="Name of the fund in the plan")]
    paid: Annotated[Amount, Field(description="Yuan")]


@with_config(STRICT)
class LayerShare(TypedDict):
    """What one layer of the plan made of a claim, or of one benefit year's part of it."""

    layer: Annotated[Text, Field(description="Name of the layer in the plan")]
    fund: Annotated[Text, Field(description="The fund that pays it")]
    base: Annotated[Amount, Field(description="What it starts from")]
    deductible: Annotated[Amount, Field(description="What the person bears of it first")]
    paid: Annotated[Amount, Field(description="What it pays")]


@with_config(STRICT)
class Part(TypedDict):
    """One benefit year's part of a claim, nearly always the whole of it."""

    plan: Annotated[Text, Field(description="The plan it is settled by")]
    status: Annotated[Text, Field(description="PAYABLE, NOT_PAYABLE ...")]
    reason: Annotated[Text, Field(description="Code of the reason")]
    admission: Annotated[Day, Field(description="First day")]
    discharge: Annotated[Day, Field(description="Last day")]
    layers: Annotated[list[LayerShare], Field(description="In the order in which they pay")]


@with_config(STRICT)
class LineShare(TypedDict):
    """The four buckets into which every fen of a line falls, and why."""

    line_id: Annotated[Identifier, Field(description="The line of the request")]
    in_scope: Annotated[Amount, Field(description="政策范围内 (inscp_scp_amt)")]
    upfront: Annotated[Amount, Field(description="先行自付 (preselfpay_amt)")]
    over_limit: Annotated[Amount, Field(description="超限价 (overlmt_amt)")]
    self_funded: Annotated[Amount, Field(description="全自费 (fulamt_ownpay_amt)")]
    reason: Annotated[Text, Field(description="Code of the reason")]


class _Figures(TypedDict):
    plan: Annotated[Text, Field(description="The plan that decides; of a stay over two plans both, in order")]
    total: Annotated[Amount, Field(description="The bill (medfee_sumamt)")]
    in_scope: Annotated[Amount, Field(description="政策范围内 (inscp_scp_amt)")]
    upfront: Annotated[Amount, Field(description="先行自付 (preselfpay_amt)")]
    over_limit: Annotated[Amount, Field(description="超限价 (overlmt_amt)")]
    self_funded: Annotated[Amount, Field(description="全自费 (fulamt_ownpay_amt)")]
    funds: Annotated[list[FundShare], Field(description="Who pays, apart from the person's cash")]
    cash: Annotated[Amount, Field(description="What the person pays at the window (psn_cash_pay)")]
    beyond_bill: Annotated[Amount, Field(description="What the plan pays the person beyond the bill")]
    parts: Annotated[list[Part], Field(description="By benefit year")]
    lines: Annotated[list[LineShare], Field(description="In the order of the request")]


@with_config(STRICT)
class PreviewAnswer(_Figures):
    """What a settlement would come to now. It has no effect."""

    previewed_at_person_seq: Annotated[
        Whole, Field(description="A settlement comes to the same while this is the person's last row in the ledger")
    ]


class _Posted(TypedDict):
    settlement_id: Annotated[Identifier, Field(description="Made by the ledger (setl_id)")]
    person_seq: Annotated[Whole, Field(description="Place among the person's rows in the ledger, from 1")]
    settled_at: Annotated[Moment, Field(description="Moment, in Asia/Shanghai (setl_time)")]
    book_date: Annotated[Day, Field(description="Day it is booked on, in Asia/Shanghai")]


@with_config(STRICT)
class SettlementAnswer(_Posted, _Figures):
    """Who pays what. The same bytes are given whenever the message is sent again."""


@with_config(STRICT)
class PostedAmount(TypedDict):
    """One line of the double entry."""

    account: Annotated[
        Text, Field(description="fund:NAME, account:person, cash:person, hospital:borne, institution:CODE")
    ]
    amount: Annotated[Amount, Field(description="Debit above zero, credit below")]


@with_config(STRICT)
class AdjustedSettlement(TypedDict):
    """A later settlement that was settled anew, and what it comes to more or less, by account."""

    settlement: Annotated[Identifier, Field(description="The settlement that was settled anew (setl_id)")]
    institution: Annotated[Text, Field(description="Whose settlement it is (fixmedins_code)")]
    differences: Annotated[list[PostedAmount], Field(description="New less old; empty where it comes to the same")]


@with_config(STRICT)
class ReversalAnswer(TypedDict):
    """What was undone. `reversed` is false where the message had had no effect, and will never have one now."""

    reversed: Annotated[bool, Field(description="Whether something was undone")]
    original_message_id: NotRequired[Annotated[Identifier, Field(description="The message that had no effect")]]
    settlement_id: NotRequired[Annotated[Identifier, Field(description="Of the reversal itself (setl_id)")]]
    person_seq: NotRequired[Annotated[Whole, Field(description="Place among the person's rows in the ledger, from 1")]]
    settled_at: NotRequired[Annotated[Moment, Field(description="Moment of the reversal, in Asia/Shanghai")]]
    book_date: NotRequired[Annotated[Day, Field(description="Day the reversal is booked on")]]
    reverses: NotRequired[Annotated[Identifier, Field(description="The settlement or reversal undone")]]
    settlement: NotRequired[Annotated[Identifier, Field(description="The settlement it is about")]]
    in_force: NotRequired[Annotated[bool, Field(description="Whether that settlement counts now")]]
    entries: NotRequired[Annotated[list[PostedAmount], Field(description="The double entry of the reversal")]]
    caused_by: NotRequired[Annotated[Identifier, Field(description="The reversal that made this one necessary")]]
    adjusted: NotRequired[
        Annotated[list[AdjustedSettlement], Field(description="Later settlements that were settled anew, in order")]
    ]


@with_config(STRICT)
class HistoryRow(_Posted):
    """One row of a settlement: it was settled, taken back, or settled anew."""

    kind: RowKind
    caused_by: NotRequired[
        Annotated[Identifier, Field(description="The row that made this one necessary, where no message asked for it")]
    ]
    entries: Annotated[list[PostedAmount], Field(description="The double entry of the row")]


@with_config(STRICT)
class HistoryAnswer(TypedDict):
    """All rows of one settlement, in order."""

    settlement: Annotated[Identifier, Field(description="The settlement (setl_id)")]
    in_force: Annotated[bool, Field(description="Whether it counts now")]
    rows: Annotated[list[HistoryRow], Field(description="The last one says how it stands")]


@with_config(STRICT)
class CounterValue(TypedDict):
    """One counter of a person: fen, times or days, as the plan counts."""

    plan: Annotated[Text, Field(description="The plan that counts")]
    counter: Annotated[Text, Field(description="Name of the counter in the plan")]
    keys: Annotated[str, Field(description="What it is kept apart by", examples=[""])]
    period: Annotated[Whole, Field(description="Year, month or day it is counted in")]
    value: Annotated[Whole, Field(description="Fen, times or days")]


@with_config(STRICT)
class AccountsAnswer(TypedDict):
    """What a person has used so far (人员累计信息, 5206)."""

    person_seq: Annotated[Whole, Field(description="The person's last row in the ledger; 0: none")]
    counters: Annotated[list[CounterValue], Field(description="Counters that are not zero")]


@with_config(STRICT)
class RuleSource(TypedDict):
    """Where a value of a plan or an entry of the catalog comes from."""

    kind: Annotated[Text, Field(description="stated, or assumed by the author of the plan")]
    title: Annotated[str, Field(description="The document", examples=["..."])]
    grade: Annotated[str, Field(description="Grade of the document", examples=["A"])]
    address: Annotated[str, Field(description="Address of the document", examples=[""])]
    path: Annotated[
        str, Field(description="Place in the plan, or table of the catalog", examples=["layers.basic.bands"])
    ]
    line: Annotated[Whole, Field(description="Line of the plan document or table")]
    why: Annotated[str, Field(description="Why it is assumed", examples=[""])]


@with_config(STRICT)
class ExplainedStep(TypedDict):
    """One step of a layer or a fee line, as a sentence in English and Chinese."""

    code: Annotated[Text, Field(description="Stable")]
    text: Annotated[Text, Field(description="English")]
    text_zh: Annotated[Text, Field(description="Chinese")]
    amount: NotRequired[Annotated[Amount, Field(description="What the step gives")]]
    sources: Annotated[list[RuleSource], Field(description="Where its values come from")]


@with_config(STRICT)
class ExplainedLayer(TypedDict):
    """One layer of the plan, step by step."""

    layer: Annotated[Text, Field(description="Name of the layer in the plan")]
    title: Annotated[Text, Field(description="English, where the plan has it")]
    title_zh: Annotated[Text, Field(description="Chinese, where the plan has it")]
    fund: Annotated[Text, Field(description="The fund that pays it")]
    base: Annotated[Amount, Field(description="What it starts from")]
    paid: Annotated[Amount, Field(description="What it pays")]
    left: Annotated[Amount, Field(description="What it leaves to the next one")]
    steps: Annotated[list[ExplainedStep], Field(description="In the order in which they are computed")]


class CatalogEntryFound(TypedDict):
    """The version of a catalog item in force on the day of service."""

    place: Annotated[Text, Field(description="Area code of the list it stands in; CN is the nation's")]
    code: Annotated[Text, Field(description="Code of the item")]
    name: Annotated[str, Field(description="Name of the item", examples=[""])]
    item_class: Annotated[Text, Field(description="A, B or C (甲, 乙, 丙)")]
    valid_from: Annotated[str, Field(description="First day in force", examples=["2023-01-01"])]
    valid_until: Annotated[str, Field(description="First day no longer in force, empty where open", examples=[""])]
    source: NotRequired[Annotated[RuleSource, Field(description="The document it comes from")]]


@with_config(STRICT)
class ExplainedLine(TypedDict):
    """One fee line: what the catalog has, and how its amount was divided."""

    line_id: Annotated[Text, Field(description="The line of the request")]
    item_code: Annotated[str, Field(description="As it was given", examples=["XA02BC-01P"])]
    service_date: Annotated[str, Field(description="Day of service", examples=["2023-05-06"])]
    amount: Annotated[Amount, Field(description="Its amount")]
    in_scope: Annotated[Amount, Field(description="政策范围内 (inscp_scp_amt)")]
    upfront: Annotated[Amount, Field(description="先行自付 (preselfpay_amt)")]
    over_limit: Annotated[Amount, Field(description="超限价 (overlmt_amt)")]
    self_funded: Annotated[Amount, Field(description="全自费 (fulamt_ownpay_amt)")]
    reason: Annotated[Text, Field(description="Code of the reason")]
    entry: NotRequired[Annotated[CatalogEntryFound, Field(description="Missing where nothing is in force")]]
    steps: Annotated[list[ExplainedStep], Field(description="What each takes off the amount; the last is what is left")]


@with_config(STRICT)
class CounterChange(TypedDict):
    """A counter before and after the claim."""

    counter: Annotated[Text, Field(description="Name of the counter in the plan")]
    unit: Annotated[Text, Field(description="fen or count")]
    before: Annotated[Whole, Field(description="Before the claim")]
    after: Annotated[Whole, Field(description="After it")]


@with_config(STRICT)
class ExplainedPart(TypedDict):
    """One benefit year's part of a claim, nearly always the whole of it."""

    plan: Annotated[Text, Field(description="The plan it is settled by")]
    title: Annotated[Text, Field(description="English, where the plan has it")]
    title_zh: Annotated[Text, Field(description="Chinese, where the plan has it")]
    status: Annotated[Text, Field(description="SETTLED, or why it is not payable")]
    reason: Annotated[Text, Field(description="Code of the reason")]
    total: Annotated[Amount, Field(description="The bill")]
    in_scope: Annotated[Amount, Field(description="政策范围内 (inscp_scp_amt)")]
    upfront: Annotated[Amount, Field(description="先行自付 (preselfpay_amt)")]
    over_limit: Annotated[Amount, Field(description="超限价 (overlmt_amt)")]
    self_funded: Annotated[Amount, Field(description="全自费 (fulamt_ownpay_amt)")]
    cash: Annotated[Amount, Field(description="What the person pays at the window")]
    beyond_bill: Annotated[Amount, Field(description="What the plan pays the person beyond the bill")]
    layers: Annotated[list[ExplainedLayer], Field(description="Those that take the claim, in their order")]
    lines: Annotated[list[ExplainedLine], Field(description="The fee lines and how each was divided")]
    counters: Annotated[list[CounterChange], Field(description="What it changed")]
    assumptions: Annotated[list[RuleSource], Field(description="Assumed values that it rests on")]


@with_config(STRICT)
class ExplanationAnswer(TypedDict):
    """Why a settlement came to what it came to."""

    settlement_id: Annotated[Identifier, Field(description="The settlement")]
    parts: Annotated[list[ExplainedPart], Field(description="By benefit year")]


@with_config(STRICT)
class HealthAnswer(TypedDict):
    """The process answers."""

    healthy: Annotated[bool, Field(description="true")]


@with_config(STRICT)
class ReadyAnswer(TypedDict):
    """The service can settle."""

    ready: Annotated[bool, Field(description="true")]


@with_config(STRICT)
class VersionAnswer(TypedDict):
    """What decides, by hashes: rows of the journal name the same ones."""

    version: Annotated[Text, Field(description="Version of the program")]
    engine: Annotated[Text, Field(description="SHA-256 of the modules that decide")]
    rules: Annotated[Text, Field(description="SHA-256 of all rules together, as the ledger keeps them")]
    tables: Annotated[str, Field(description="SHA-256 of the tables of items and facilities", examples=["..."])]
    plans: Annotated[dict[str, str], Field(description="SHA-256 of each plan, by its name")]


@with_config(STRICT)
class MistakeBody(TypedDict):
    """One thing that is wrong, at one place."""

    code: Annotated[Text, Field(description="Stable", examples=["DECIMAL_NOT_READ"])]
    message: Annotated[Text, Field(description="English")]
    message_zh: Annotated[Text, Field(description="Chinese")]
    help: NotRequired[Annotated[Text, Field(description="What to do, in English")]]
    help_zh: NotRequired[Annotated[Text, Field(description="What to do, in Chinese")]]
    pointer: NotRequired[Annotated[str, Field(description="JSON pointer (RFC 6901)", examples=["/lines/0/amount"])]]
    line: NotRequired[Annotated[Whole, Field(description="Where the body is no JSON: line, from 1")]]
    column: NotRequired[Annotated[Whole, Field(description="Character in the line, from 1")]]
    found: NotRequired[Annotated[Text, Field(description="What stands there, shortened; persons are masked")]]
    expected: NotRequired[Annotated[Text, Field(description="What could stand there")]]


@with_config(STRICT)
class ProblemBody(TypedDict):
    """Why a request is refused (RFC 9457)."""

    type: Annotated[Text, Field(description="urn:adjudicator:problem:CODE")]
    code: Annotated[Text, Field(description="Stable", examples=["REQUEST_NOT_VALID"])]
    title: Annotated[Text, Field(description="English")]
    title_zh: Annotated[Text, Field(description="Chinese")]
    status: NotRequired[Annotated[Whole, Field(description="HTTP status", examples=[422])]]
    help: NotRequired[Annotated[Text, Field(description="What to do, in English")]]
    help_zh: NotRequired[Annotated[Text, Field(description="What to do, in Chinese")]]
    instance: NotRequired[Annotated[Text, Field(description="Names this answer, here and in the log")]]
    mistakes: NotRequired[Annotated[Whole, Field(description="How many mistakes were found")]]
    errors: NotRequired[Annotated[list[MistakeBody], Field(description="The first hundred of them")]]
