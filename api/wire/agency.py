"""The agency's own work on the wire, as types: clearing months, balances, re-adjudication as a job."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypeAliasType, TypedDict

from api.wire.answers import AdjustedSettlement, MistakeBody, Moment, PostedAmount, Text, Whole
from api.wire.models import STRICT
from api.wire.values import Amount, Count, Identifier, Month, Name, Word

MOST_TOGETHER = 300
"""Balances, or persons, of one request."""

MOST_COUNTERS = 100
"""Counters of one holder."""

BalanceReason = TypeAliasType(
    "BalanceReason",
    Annotated[
        Literal["name_used", "below_zero", "built_on"],
        Field(
            description="name_used: something else was posted under this name; below_zero: the balance would fall "
            "below zero; built_on: settlements in force have used the counters"
        ),
    ],
)
JobState = TypeAliasType(
    "JobState",
    Annotated[
        Literal["running", "interrupted", "done", "failed"],
        Field(description="interrupted, failed: sent again as it was, it goes on"),
    ],
)
Year = Annotated[int, Field(ge=1900, le=2199, examples=[2023], json_schema_extra={"format": "int32"})]


@with_config(STRICT)
class PeriodMessage(TypedDict):
    """Close a clearing month (清算期): one that is over, after all before it."""

    period: Annotated[Month, Field(description="The month")]


@with_config(STRICT)
class PeriodAnswer(TypedDict):
    """A month that is closed, and what it comes to."""

    period: Annotated[Month, Field(description="The month")]
    rows: Annotated[Whole, Field(description="Rows of the journal posted to it")]
    root: Annotated[Text, Field(description="Hash of these rows after that of the month before")]
    closed_at: Annotated[Moment, Field(description="Moment it was closed, in Asia/Shanghai")]
    sums: Annotated[list[PostedAmount], Field(description="By account of the double entry")]


@with_config(STRICT)
class DepositEntry(TypedDict):
    """A credit of a personal account (个人账户划入)."""

    person_id: Annotated[Identifier, Field(description="Number of the insured person (psn_no)")]
    plan: Annotated[Word, Field(description="Id of the plan", examples=["cn.beijing.employees.2023"])]
    amount: Annotated[Amount, Field(description="Yuan; below zero: taken back, as far as it is still there")]


@with_config(STRICT)
class DepositMessage(TypedDict):
    """Credit personal accounts. Under a name each person and plan is credited once."""

    name: Annotated[Name, Field(description="Names what is credited, such as the month")]
    deposits: Annotated[
        list[DepositEntry], Field(min_length=1, max_length=MOST_TOGETHER, description="One a person and plan")
    ]


@with_config(STRICT)
class OpenedCounter(TypedDict):
    """A counter at the value that an older system had."""

    plan: Annotated[Word, Field(description="Id of the plan", examples=["cn.beijing.employees.2023"])]
    counter: Annotated[Word, Field(description="Name of the counter in the plan", examples=["outpatient_deductible"])]
    keys: NotRequired[Annotated[Word, Field(description="What it is kept apart by, joined by /")]]
    period: Annotated[Count, Field(description="Year, month or day it is counted in; 0: none")]
    value: Annotated[Count, Field(description="Fen, times or days")]


@with_config(STRICT)
class OpeningEntry(TypedDict):
    """What a holder of counters has used by an older system."""

    holder: Annotated[
        Identifier, Field(description="Number of the insured person (psn_no), or another holder, as household:H1")
    ]
    counters: Annotated[list[OpenedCounter], Field(min_length=1, max_length=MOST_COUNTERS, description="All at once")]


@with_config(STRICT)
class OpeningMessage(TypedDict):
    """Carry counters in from an older system, before anything is settled by them. Under a name each holder once."""

    name: Annotated[Name, Field(description="Names where they come from")]
    openings: Annotated[list[OpeningEntry], Field(min_length=1, max_length=MOST_TOGETHER, description="One a holder")]


@with_config(STRICT)
class RefusedBalance(TypedDict):
    """A balance that cannot be posted; the others are."""

    pointer: Annotated[str, Field(description="Place in the request (RFC 6901)", examples=["/deposits/3"])]
    reason: BalanceReason


@with_config(STRICT)
class BalancesAnswer(TypedDict):
    """What became of balances. Sent again, what was posted counts as before."""

    name: Annotated[Name, Field(description="Of the request")]
    posted: Annotated[Whole, Field(description="Rows posted to the journal")]
    before: Annotated[Whole, Field(description="Rows posted before, under this name")]
    refused: Annotated[list[RefusedBalance], Field(description="In the order of the request")]


@with_config(STRICT)
class ReadjudicationMessage(TypedDict):
    """Settle a year anew by the books and rules at hand. Exactly one of `persons` and `everyone` says for whom."""

    name: Annotated[Name, Field(description="Names the job; under it each person is posted once")]
    year: Annotated[Year, Field(description="The year")]
    persons: NotRequired[
        Annotated[list[Identifier], Field(min_length=1, max_length=MOST_TOGETHER, description="Numbers (psn_no)")]
    ]
    everyone: NotRequired[Annotated[bool, Field(description="true: all persons with settlements of the year")]]
    post: Annotated[bool, Field(description="Whether what differs is posted; else it is only told")]


class _Job(TypedDict):
    name: Annotated[Name, Field(description="Names the job")]
    year: Annotated[Year, Field(description="The year settled anew")]
    everyone: Annotated[bool, Field(description="Whether all persons are looked at, or those of the request")]
    post: Annotated[bool, Field(description="Whether what differs is posted")]
    state: JobState
    started_at: Annotated[Moment, Field(description="When it first began, in Asia/Shanghai")]
    ended_at: NotRequired[Annotated[Moment, Field(description="When it was done, or failed")]]


@with_config(STRICT)
class JobEntry(_Job):
    """A job, in a list."""


@with_config(STRICT)
class JobAnswer(_Job):
    """A job, and what it came to so far."""

    persons_found: NotRequired[
        Annotated[Whole, Field(description="Persons whose settlements differ; left out while they are looked for")]
    ]
    persons_done: Annotated[Whole, Field(description="Persons looked at anew, of these")]
    persons: Annotated[Whole, Field(description="Persons with settlements settled anew")]
    settlements: Annotated[Whole, Field(description="Settlements settled anew")]
    undecided: Annotated[Whole, Field(description="Persons that cannot be decided, and are left as they were")]
    before: Annotated[Whole, Field(description="Persons for whom this name had posted before")]
    sums: Annotated[dict[str, Amount], Field(description="New less old in yuan, by account of the double entry")]
    adjusted: Annotated[list[AdjustedSettlement], Field(description="The first 100 of these settlements")]
    refused: Annotated[list[MistakeBody], Field(description="Why persons cannot be decided, the first 100")]


@with_config(STRICT)
class JobsAnswer(TypedDict):
    """The jobs that began last."""

    jobs: Annotated[list[JobEntry], Field(description="At most 100, the last one first")]
