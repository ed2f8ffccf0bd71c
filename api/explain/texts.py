"""What a plan document says for people: titles of the plan, of its layers and of its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceText:
    """A cited document."""

    title: str
    address: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class PlanTexts:
    """Titles `{en, zh}` of a plan and of its layers by name, and its sources by key."""

    title: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, SourceText] = field(default_factory=dict)
