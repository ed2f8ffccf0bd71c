"""The catalog tables as data: their columns, what a cell may hold, and what it means.

One declaration serves the reader, the importers that write the same tables, and the documentation
(docs/catalog-tables.md is tested against it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adjudicator.catalog import CLASSES, KINDS

Cell = Literal["text", "word", "words", "code", "date", "rate", "price", "count", "flag", "reference", "prefixes"]
"""What a cell holds. words and prefixes are separated by spaces; a reference is an id of another table."""

NONE_WORD = "-"
"""A cell that says there is none, where an empty cell inherits from the larger place."""

ANY_WORD = "*"
"""Any value (any level, any kind of visit)."""

SPECIAL_WORDS = (NONE_WORD, ANY_WORD)

OWN_SOURCE = "own"
"""Source key that needs no row in sources.csv: chosen by the author of the table."""

NATION = "CN"
"""Place of the national catalog, above every province."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table. `required`: an empty cell is a finding. `column`: the file must have the column."""

    name: str
    cell: Cell
    en: str
    zh: str
    required: bool = False
    column: bool = False
    values: tuple[str, ...] = ()  # closed list
    known: tuple[str, ...] = ()  # built-in words; others are allowed and warned of
    special: tuple[str, ...] = ()  # `-` or `*`, where the cell may say none or any
    refers: str = ""  # table of a reference


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One kind of table. `key`: columns that, with the dates if it has any, name a row."""

    name: str
    en: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    def field(self, name: str) -> Field:
        """Give the column of that name."""
        return next(f for f in self.fields if f.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order of the file."""
        return tuple(f.name for f in self.fields)


LEVELS = ("tertiary", "secondary", "primary", "community", "township", "unranked")
VISITS = (
    "inpatient", "outpatient", "emergency", "chronic", "special", "dual_channel", "pharmacy", "maternity",
    "day_surgery", "family_bed", "accident",
)  # fmt: skip
SCHEMES = ("employee_basic", "resident_basic", "rural_cooperative", "maternity", "commercial", "foreign", "work_injury")
ADMINISTRATIONS = ("national", "province", "city", "county", "township")
PRICE_CLASSES = ("one", "two", "three")
FACILITY_KINDS = ("hospital", "tcm_hospital", "community_centre", "clinic", "pharmacy")
SEXES = ("male", "female")
MARKS = (
    "tcm", "dual_channel", "essential", "negotiated", "imported", "domestic", "triangle", "pieces", "own_account",
    "implant", "single_use", "centrally_procured", "narcotic", "single_line", "compound", "hospital_made",
    "price_bid", "collective",
)  # fmt: skip
GRADES = ("A", "B", "C", "D")

_FROM = Field("valid_from", "date", "first day in force", "生效日期", required=True, column=True)
_UNTIL = Field("valid_until", "date", "first day no longer in force; empty: open", "失效日期（不含）")
_SOURCE = Field("source", "reference", "key in sources", "来源", required=True, column=True, refers="sources")
_SIDE_SOURCE = Field("source", "reference", "key in sources", "来源", refers="sources")
_PLACE = Field(
    "place", "code", "area code of the place whose list this is; CN for the nation", "地区代码", True, column=True
)

ITEMS = TableSchema(
    "items",
    "What is payable: one row is one version of one item in one place.",
    (
        _PLACE,
        Field("code", "code", "code of the item (国家医保编码 or the place's own)", "项目编码", True, column=True),
        Field("name", "text", "name of the item", "项目名称"),
        Field("kind", "word", "kind of item", "项目类别", values=KINDS),
        Field("form", "text", "dosage form, specification", "剂型、规格"),
        Field("class", "word", "A, B or C (甲, 乙, 丙)", "甲乙丙类", values=CLASSES),
        Field("group", "word", "item group of the place's rules", "费用分组", special=(NONE_WORD,)),
        Field("marks", "words", "marks that rules may ask for", "标识", known=MARKS, special=(NONE_WORD,)),
        Field("upfront", "rate", "share borne before the benefit: 10% or 0.1", "先行自付比例"),
        Field("schedule", "reference", "upfront share by scheme, visit and unit price", "分档自付", refers="schedules"),
        Field("ceiling", "reference", "payable unit price in yuan, or id of a ceiling", "支付标准", refers="ceilings"),
        Field("restriction", "reference", "conditions under which it is payable", "限制条件", refers="restrictions"),
        _FROM,
        _UNTIL,
        _SOURCE,
    ),
    ("place", "code"),
)

USUAL_RATES = TableSchema(
    "usual_rates",
    "Upfront shares a place uses for items whose own rows give none. The first row that fits decides.",
    (
        _PLACE,
        Field("kind", "word", "kind of item; empty: any", "项目类别", values=KINDS),
        Field("class", "word", "A or B", "甲乙类", True, column=True, values=("A", "B")),
        Field("group", "word", "item group; empty: any", "费用分组"),
        Field("mark", "word", "a mark the item must have; empty: any", "标识", known=MARKS),
        Field("upfront", "rate", "share borne before the benefit", "先行自付比例"),
        Field("schedule", "reference", "upfront share by scheme, visit and unit price", "分档自付", refers="schedules"),
        _FROM,
        _UNTIL,
        _SOURCE,
    ),
    (),
)

SCHEDULES = TableSchema(
    "schedules",
    "Upfront shares that depend on scheme, kind of visit or unit price. The first row that fits decides.",
    (
        Field("id", "code", "name of the schedule", "编号", True, column=True),
        Field("scheme", "word", "scheme; * or empty: any", "险种", known=SCHEMES, special=(ANY_WORD,)),
        Field("visit", "word", "kind of visit; * or empty: any", "就诊类型", known=VISITS, special=(ANY_WORD,)),
        Field("price_from", "price", "unit price in yuan, inclusive; empty: 0", "单价下限（含）"),
        Field("price_until", "price", "unit price in yuan, exclusive; empty: open", "单价上限（不含）"),
        Field("rate", "rate", "share of the whole price borne before the benefit", "自付比例", True, column=True),
        _SIDE_SOURCE,
    ),
    (),
)

CEILINGS = TableSchema(
    "ceilings",
    "Payable unit prices by facility level.",
    (
        Field("id", "code", "name of the ceiling", "编号", True, column=True),
        Field("level", "word", "facility level; *: other", "医院等级", True, True, known=LEVELS, special=(ANY_WORD,)),
        Field("price", "price", "payable unit price in yuan; -: none", "支付标准", True, column=True),
        _SIDE_SOURCE,
    ),
    ("id", "level"),
)

RESTRICTIONS = TableSchema(
    "restrictions",
    "Conditions under which an item is payable. All that are given must hold; an empty cell asks nothing.",
    (
        Field("id", "code", "name of the restriction", "编号", True, column=True),
        Field("levels", "words", "facility levels", "医院等级", known=LEVELS),
        Field("sexes", "words", "male, female", "性别", values=SEXES),
        Field("age_from", "count", "whole years, inclusive", "年龄下限（含）"),
        Field("age_until", "count", "whole years, exclusive", "年龄上限（不含）"),
        Field("visits", "words", "kinds of visit", "就诊类型", known=VISITS),
        Field("schemes", "words", "schemes", "险种", known=SCHEMES),
        Field("diagnoses", "prefixes", "beginnings of diagnosis codes", "诊断编码前缀"),
        Field("max_days", "count", "payable days a claim", "支付天数"),
        Field("max_quantity", "price", "payable quantity a claim, up to 4 decimals", "支付数量"),
        Field("second_line", "flag", "yes: only after another drug", "二线用药"),
        Field("text", "text", "condition in words; the institution's answer decides", "限制内容"),
        _SIDE_SOURCE,
    ),
    ("id",),
)

FACILITIES = TableSchema(
    "facilities",
    "Hospitals, clinics and pharmacies; one row is one period of one facility.",
    (
        Field("code", "code", "code of the facility", "机构编码", True, column=True),
        Field("name", "text", "name of the facility", "机构名称", True, column=True),
        Field("place", "code", "area code where it stands", "所在地", True, column=True),
        Field("level", "word", "level the rules use", "医院等级", True, True, known=LEVELS),
        Field("administration", "word", "administrative tier", "隶属", known=ADMINISTRATIONS),
        Field("price_class", "word", "charging class", "收费类别", known=PRICE_CLASSES),
        Field("facility_kind", "word", "kind of facility", "机构类别", True, True, known=FACILITY_KINDS),
        Field("grade", "text", "grade as published, such as 3A", "等级"),
        Field("agreement_from", "date", "first day of the period", "协议起始日期", required=True, column=True),
        Field("agreement_until", "date", "first day after the period; empty: open", "协议终止日期（不含）"),
        Field(
            "agreement_visits",
            "words",
            "visits agreed on; *: all; -: none",
            "协议范围",
            True,
            True,
            known=VISITS,
            special=(ANY_WORD, NONE_WORD),
        ),
        _SOURCE,
    ),
    ("code",),
)

SOURCES = TableSchema(
    "sources",
    "Where the rows come from.",
    (
        Field("key", "code", "key used in the column source", "来源编号", True, column=True),
        Field("title", "text", "title of the document", "标题", True, column=True),
        Field("address", "text", "where it was read", "网址"),
        Field("grade", "word", "A agency, B hospital or newspaper, C mirror, D code", "等级", True, True, GRADES),
    ),
    ("key",),
)

TABLES = {t.name: t for t in (ITEMS, USUAL_RATES, SCHEDULES, CEILINGS, RESTRICTIONS, FACILITIES, SOURCES)}
