"""The sandbox on the wire, as types: its persons, and its clock."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.wire.answers import FundShare
from api.wire.models import STRICT, Claim
from api.wire.values import Amount, Day, Identifier


@with_config(STRICT)
class SandboxPerson(TypedDict):
    """A person of the sandbox, who does not exist, with a claim to try and what it comes to."""

    person_id: Annotated[Identifier, Field(description="Number of the person")]
    title: Annotated[str, Field(description="What it shows, in English", examples=["caps exhausted"])]
    title_zh: Annotated[str, Field(description="What it shows, in Chinese", examples=["已达封顶线"])]
    claim: Claim
    cash: NotRequired[Annotated[Amount, Field(description="What the person pays; left out where it is refused")]]
    funds: Annotated[list[FundShare], Field(description="Who pays the rest")]
    reason: NotRequired[
        Annotated[str, Field(description="Why no fund pays, or code of the refusal", examples=["SUSPENDED"])]
    ]


@with_config(STRICT)
class SandboxPersons(TypedDict):
    """The persons of the sandbox."""

    persons: Annotated[list[SandboxPerson], Field(description="By number")]


@with_config(STRICT)
class SandboxClock(TypedDict):
    """The day on which the sandbox settles. Requests are signed at the real time."""

    day: Annotated[Day, Field(description="Day in Asia/Shanghai")]
