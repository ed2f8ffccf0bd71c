"""The books on the wire, as types: who is insured how, and which institutions there are."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.wire.answers import Whole
from api.wire.models import STRICT
from api.wire.values import Count, Day, Identifier, Word

MOST_TOGETHER = 300
"""Spans of cover, or institutions, of one request."""

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["北京示例第一人民医院"])]


@with_config(STRICT)
class CoverSpan(TypedDict):
    """One span of a person's cover, as a row of a members file says it."""

    person_id: Annotated[Identifier, Field(description="Number of the insured person (psn_no)")]
    scheme: Annotated[Word, Field(description="Insurance scheme (insutype)")]
    place: Annotated[Word, Field(description="Area code of the pooling area (insuplc_admdvs)", examples=["110000"])]
    cover: Annotated[Word, Field(description="State of the cover (psn_insu_stas)", examples=["normal"])]
    valid_from: NotRequired[Annotated[Day, Field(description="First day (psn_insu_date)")]]
    valid_until: NotRequired[Annotated[Day, Field(description="First day after it; left out: open (paus_insu_date)")]]
    plan: NotRequired[Annotated[Word, Field(description="Id of the plan, where several fit")]]
    group: NotRequired[Annotated[Word, Field(description="Group of the person (psn_type)", examples=["in_service"])]]
    sex: NotRequired[Annotated[Word, Field(description="Sex (gend)", examples=["female"])]]
    birth_date: NotRequired[Annotated[Day, Field(description="Date of birth (brdy)")]]
    status: NotRequired[Annotated[list[Word], Field(max_length=10, description="Marks of the person (psn_idet_type)")]]
    tier: NotRequired[Annotated[Word, Field(description="Premium tier")]]
    join: NotRequired[Annotated[Word, Field(description="How the person joined")]]
    months_insured: NotRequired[Annotated[Count, Field(description="Months insured without break")]]
    years_insured: NotRequired[Annotated[Count, Field(description="Years insured without break")]]
    household: NotRequired[Annotated[Identifier, Field(description="Household that shares counters")]]


@with_config(STRICT)
class CoverMessage(TypedDict):
    """All spans of cover of some persons. They take the place of what was known of these, and change nobody else."""

    spans: Annotated[list[CoverSpan], Field(min_length=1, max_length=MOST_TOGETHER, description="In any order")]


@with_config(STRICT)
class CoverAnswer(TypedDict):
    """What it brought, by persons."""

    new: Annotated[Whole, Field(description="Not known before")]
    changed: Annotated[Whole, Field(description="Whose cover is another now")]
    unchanged: Annotated[Whole, Field(description="As before")]


@with_config(STRICT)
class InstitutionEntry(TypedDict):
    """A designated institution. Its level and agreement stand in the table of facilities."""

    code: Annotated[Identifier, Field(description="Code (fixmedins_code)", examples=["H11000000001"])]
    name: Annotated[Name, Field(description="Name (fixmedins_name)")]
    place: Annotated[Word, Field(description="Area code of its place", examples=["110000"])]


@with_config(STRICT)
class InstitutionMessage(TypedDict):
    """Institutions to add, or to give another name and place."""

    institutions: Annotated[
        list[InstitutionEntry], Field(min_length=1, max_length=MOST_TOGETHER, description="In any order")
    ]


@with_config(STRICT)
class InstitutionAnswer(TypedDict):
    """How many institutions are in the books as they were sent."""

    institutions: Annotated[Whole, Field(description="Those of the request")]
