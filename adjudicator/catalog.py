"""Catalog: what is payable, as arrays. Built by the upper storey from dated tables and place overlays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from adjudicator.columns import Int32, Int64, UInt8

CLASSES = ("A", "B", "C")
"""甲, 乙, 丙 (self-funded)."""

KINDS = ("drug", "service", "consumable", "bed")

ANY = -1
"""Code for 'no restriction of this kind'."""


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Conditions under which items are payable, one row a distinct set of conditions. Bit masks over the dictionaries.

    A mask of 0 means unrestricted. `text` restrictions cannot be checked by the engine: the institution's answer on
    the line decides, without one the line pends.
    """

    levels: Int64  # bits over Catalog.levels
    sexes: Int64  # bits: 1 male, 2 female
    age_from: Int32  # whole years, inclusive
    age_until: Int32  # exclusive
    visits: Int64  # bits over Catalog.visits
    schemes: Int64  # bits over Catalog.schemes
    diagnosis_set: Int32  # index into Catalog.diagnosis_sets, -1 unrestricted
    max_days: Int32  # payable days a claim, -1 unrestricted
    max_quantity_e4: Int64  # payable quantity a claim, -1 unrestricted
    second_line: UInt8  # 1: payable only after another drug (needs the institution's answer)
    text: UInt8  # 1: text restriction (needs the institution's answer)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Items, their dated versions and their restrictions.

    The versions of item i are rows first[i]:first[i+1] of the version arrays, by valid_from. One item is one
    (place, code): composition nation -> province -> city is done before. `codes` is for people and errors.
    """

    places: tuple[str, ...]
    codes: tuple[str, ...]
    place: Int32  # [items] index into places
    first: Int32  # [items + 1]
    valid_from: Int32  # [versions] days, inclusive
    valid_until: Int32  # [versions] days, exclusive
    item_class: UInt8  # [versions] index into CLASSES
    kind: UInt8  # [versions] index into KINDS
    group: Int32  # [versions] index into groups, -1 none
    marks: Int64  # [versions] bits over mark_names (tcm, dual_channel, essential, negotiated, imported ...)
    upfront_ppm: Int32  # [versions]; used when upfront_schedule is -1
    upfront_schedule: Int32  # [versions] row of schedules, -1 none
    ceiling: Int32  # [versions] row of ceilings_e6, -1 none
    restriction: Int32  # [versions] row of restrictions, -1 none
    ceilings_e6: Int64  # [rows, levels + 1] payable unit price, 1e-6 yuan; last column: any other level; -1 none
    schedule_from: Int32  # [schedules + 1] CSR into the rows below
    schedule_scheme: Int32  # index into schemes, -1 any
    schedule_visit: Int32  # index into visits, -1 any
    schedule_price_from_e6: Int64  # unit price, inclusive; the first row that fits is used
    schedule_price_until_e6: Int64
    schedule_rate_ppm: Int32
    restrictions: Restrictions
    levels: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    mark_names: tuple[str, ...] = ()
    diagnosis_sets: tuple[tuple[str, ...], ...] = ()  # code prefixes
    names: tuple[str, ...] = ()  # [items], for people
    digest: str = field(default="")
    memo: dict[str, object] = field(default_factory=dict, compare=False, repr=False)  # what the kernel derives once


def days(text: str) -> int:
    """Turn an ISO date into days since 1970-01-01."""
    return int(np.datetime64(text, "D").astype(np.int64))
