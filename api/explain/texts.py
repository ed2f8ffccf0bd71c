"""What rules say for people: titles of the plan, of its layers and of its sources, and the tables of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalogs.tables import Catalogs


@dataclass(frozen=True, slots=True)
class SourceText:
    """A cited document."""

    title: str
    address: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class PlanTexts:
    """Titles `{en, zh}` of a plan and of its layers by name, its sources by key, and the tables of its catalog.

    Of the tables people are told sources and conditions in words.
    """

    title: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, SourceText] = field(default_factory=dict)
    tables: Catalogs | None = None
