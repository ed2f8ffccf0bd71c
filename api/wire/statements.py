"""Daily reconciliation (对账) on the wire, as types: what an institution says of its days, and what is answered."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypeAliasType, TypedDict

from api.wire.models import STRICT
from api.wire.values import Amount, Count, Day, Identifier, Word

Difference = TypeAliasType(
    "Difference",
    Annotated[
        Literal["only_here", "only_there", "status", "amount"],
        Field(
            description="only_here: the institution lacks it; only_there: the ledger lacks it, or it was sent twice; "
            "status: one takes for a refund, or of another visit, what the other does not; amount: at other amounts"
        ),
    ],
)

MOST_ROWS = 700
"""Rows of a statement in one request; longer statements are compared in parts."""

MOST_DAYS = 31
"""Days of a statement."""


class _Span(TypedDict):
    scheme: Annotated[Word, Field(description="Insurance scheme (insutype)")]
    clearing: Annotated[Word, Field(description="Clearing type (clr_type): the kind of visit")]
    first: Annotated[Day, Field(description="First day (stmt_begndate), by the day a row is booked on")]
    last: Annotated[Day, Field(description="Last day (stmt_enddate), at most 31 days in all")]
    institution: NotRequired[
        Annotated[Identifier, Field(description="Whose rows (fixmedins_code): said by the agency alone")]
    ]


class _Sums(TypedDict):
    total: Annotated[Amount, Field(description="Bills in yuan (medfee_sumamt); what is taken back is below zero")]
    fund: Annotated[Amount, Field(description="What all funds pay (fund_pay_sumamt)")]
    account: Annotated[Amount, Field(description="What personal accounts pay (acct_pay)")]
    count: Annotated[Count, Field(description="Rows (fixmedins_setl_cnt): settlements, and what takes them back")]


@with_config(STRICT)
class StatementSums(_Sums):
    """Sums of all rows of a statement."""


@with_config(STRICT)
class StatementLine(TypedDict):
    """One row: a settlement or, below zero, what takes one back."""

    settlement_id: Annotated[Identifier, Field(description="Of the row itself (setl_id); a reversal has its own")]
    visit_id: Annotated[Identifier, Field(description="Visit (mdtrt_id)")]
    refund: Annotated[bool, Field(description="Whether it takes something back (refd_setl_flag)")]
    total: Annotated[Amount, Field(description="The bill in yuan (medfee)")]
    fund: Annotated[Amount, Field(description="What all funds pay")]
    account: Annotated[Amount, Field(description="What the personal account pays")]


@with_config(STRICT)
class StatementTotals(_Span, _Sums):
    """An institution's sums of some days, to be compared with the ledger's (3201)."""


@with_config(STRICT)
class StatementDetails(_Span):
    """An institution's rows of some days, to be compared with the ledger's (3202).

    A statement of more rows is compared in parts: its rows are put in order of their settlement ids (by character
    code) and cut; each part says between which ids it lies.
    """

    rows: Annotated[list[StatementLine], Field(max_length=MOST_ROWS, description="Rows, in any order")]
    after: NotRequired[
        Annotated[Identifier, Field(description="Last settlement id of the part before; left out in the first part")]
    ]
    through: NotRequired[
        Annotated[Identifier, Field(description="Last settlement id of this part; left out in the last part")]
    ]


@with_config(STRICT)
class TotalsAnswer(TypedDict):
    """Sums side by side: the ledger's (`here`) and the institution's (`there`)."""

    agreed: Annotated[bool, Field(description="Whether all are the same (stmt_rslt: 平)")]
    here: StatementSums
    there: StatementSums


@with_config(STRICT)
class StatementDifference(TypedDict):
    """One row that differs, as the ledger (`here`) and the institution (`there`) have it."""

    settlement_id: Annotated[Identifier, Field(description="The row")]
    difference: Difference
    here: NotRequired[StatementLine]
    there: NotRequired[StatementLine]


@with_config(STRICT)
class DetailsAnswer(TypedDict):
    """What differs between two statements."""

    agreed: Annotated[bool, Field(description="Whether nothing differs")]
    differences: Annotated[list[StatementDifference], Field(description="The ledger's rows first, in order")]
