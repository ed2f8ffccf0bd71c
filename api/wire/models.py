"""What may be sent, as types: the request bodies and, generated from them, their part of the OpenAPI document.

They are typed dictionaries: pydantic checks what was decoded and leaves it as it is, a field left out is absent (null
is refused), and unknown fields are refused. Fields keep the names of claims files; the national field name stands in
brackets in the description.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypeAliasType, TypedDict

from api.wire.values import Amount, Count, Day, Identifier, Price, Quantity, Word

MOST_LINES = 300
"""Fee lines of a claim."""

MOST_ATTRIBUTES = 50
"""Further attributes, or amounts, of a claim."""

STRICT = ConfigDict(strict=True, extra="forbid")

ReversalReason = TypeAliasType(
    "ReversalReason",
    Annotated[
        Literal["unknown_outcome", "mistake", "returned", "other"],
        Field(description="Kept, and decides nothing. unknown_outcome: the answer never came (冲正)"),
    ],
)
"""Words of a list have a name, so that generated clients give their type the same one."""


@with_config(STRICT)
class FeeLine(TypedDict):
    """One fee line (费用明细). A refund inside a claim has a negative quantity and a negative amount."""

    line_id: Annotated[Identifier, Field(description="Number of the line, unique in its claim (feedetl_sn)")]
    item_code: Annotated[Identifier, Field(description="Code of the item in the catalog (med_list_codg)")]
    amount: Annotated[Amount, Field(description="Amount in yuan (det_item_fee_sumamt)")]
    service_date: NotRequired[
        Annotated[Day, Field(description="Day the fee arose (fee_ocur_time); left out: the day of admission")]
    ]
    quantity: NotRequired[Annotated[Quantity, Field(description="Quantity (cnt)")]]
    price: NotRequired[Annotated[Price, Field(description="Price of one, in yuan (pric)")]]
    confirmed: NotRequired[
        Annotated[bool, Field(description="Whether the restriction of the item is met (lmt_used_flag, hosp_appr_flag)")]
    ]


@with_config(STRICT)
class Claim(TypedDict):
    """One bill of one person. The institution is the one that signs; cover and marks of the person are in the books."""

    visit_id: Annotated[Identifier, Field(description="Visit (mdtrt_id)")]
    receipt_id: Annotated[
        Identifier, Field(description="Bill in the visit (setl_batch, chrg_bchno); visit and bill are settled once")
    ]
    person_id: Annotated[Identifier, Field(description="Number of the insured person (psn_no)")]
    visit: Annotated[Word, Field(description="Kind of visit (med_type)")]
    total: Annotated[Amount, Field(description="The bill in yuan, the sum of its lines (medfee_sumamt)")]
    lines: Annotated[list[FeeLine], Field(min_length=1, max_length=MOST_LINES, description="Fee lines (feedetail)")]
    scheme: NotRequired[Annotated[Word, Field(description="Insurance scheme (insutype), where the person has several")]]
    admission: NotRequired[Annotated[Day, Field(description="Day of admission, or of the visit (begntime)")]]
    discharge: NotRequired[Annotated[Day, Field(description="Day of discharge (endtime)")]]
    filing: NotRequired[Annotated[Word, Field(description="Out-of-area filing (备案)", examples=["filed"])]]
    transfer: NotRequired[Annotated[Word, Field(description="Transfer between facilities (转院)", examples=["up"])]]
    disease: NotRequired[Annotated[Word, Field(description="Disease of a by-disease benefit (dise_codg)")]]
    diagnosis: NotRequired[
        Annotated[Word, Field(description="Main diagnosis (dscg_maindiag_code)", examples=["I10.x00"])]
    ]
    episode: NotRequired[Annotated[Identifier, Field(description="Links claims of one episode (疗程)")]]
    series: NotRequired[Annotated[Identifier, Field(description="Links claims of one treatment series")]]
    delivery: NotRequired[Annotated[Word, Field(description="Kind of delivery (matn_type)", examples=["vaginal"])]]
    days: NotRequired[Annotated[Count, Field(description="Days of stay (ipt_days)")]]
    children: NotRequired[Annotated[Count, Field(description="Children born (fetus_cnt)", examples=[1])]]
    units: NotRequired[Annotated[Count, Field(description="Units of a per-unit benefit", examples=[2])]]
    words: NotRequired[
        Annotated[
            dict[str, Word], Field(max_length=MOST_ATTRIBUTES, description="Further attributes of the plan, by name")
        ]
    ]
    numbers: NotRequired[
        Annotated[dict[str, Count], Field(max_length=MOST_ATTRIBUTES, description="Further whole numbers of the plan")]
    ]
    amounts: NotRequired[
        Annotated[
            dict[str, Amount], Field(max_length=MOST_ATTRIBUTES, description="Further amounts of the plan, in yuan")
        ]
    ]


@with_config(STRICT)
class ClaimMessage(Claim):
    """A claim to settle. Sent again with the same message id it has no second effect and the same answer."""

    message_id: Annotated[Identifier, Field(description="Made by the institution, unique in it (msgid)")]


@with_config(STRICT)
class ReverseMessage(TypedDict):
    """Undo a settlement, or what a message did. Exactly one of `original_message_id` and `settlement_id` is given."""

    message_id: Annotated[Identifier, Field(description="Of this reversal itself, unique in the institution (msgid)")]
    original_message_id: NotRequired[
        Annotated[
            Identifier,
            Field(description="Message whose effect is undone (omsgid of 2601); one never seen can then never succeed"),
        ]
    ]
    settlement_id: NotRequired[Annotated[Identifier, Field(description="Settlement that is undone (setl_id)")]]
    reason: NotRequired[ReversalReason]


@with_config(STRICT)
class PersonQuery(TypedDict):
    """Whose accounts are asked for. In a body, because an address stands in the logs of every proxy."""

    person_id: Annotated[Identifier, Field(description="Number of the insured person (psn_no)")]
