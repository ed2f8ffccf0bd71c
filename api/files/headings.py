"""Headings of claims, line and member files: one table of canonical names and the names people and interfaces use.

The national field names are those of the hospital interface of the medical-insurance platform.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

Cell = Literal["id", "word", "words", "text", "date", "moment", "money", "quantity", "price", "rate", "number"]
"""What a cell holds. id: kept as written; word: one of a set; words: several, separated; moment: a date, perhaps with
the time of day; money: yuan to the fen; quantity: up to 4 decimals; price: up to 6; number: a whole number."""

Part = Literal["claim", "line", "member"]


@dataclass(frozen=True, slots=True)
class Heading:
    """One column: its canonical name, what its cells hold, and the other names it goes by.

    `codes` names the table of `api.files.codes` that turns code values into words.
    """

    name: str
    cell: Cell
    en: str
    other_names: str = ""  # separated by spaces
    codes: str = ""
    private: bool = False  # identifies a person: masked wherever it is shown

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names the column goes by: national field names, then Chinese headings."""
        return tuple(self.other_names.split())


CLAIM = (
    Heading(
        "claim_id",
        "id",
        "id of the claim (visit)",
        "mdtrt_id setl_id claim 就诊ID 就诊编号 就诊号 就诊流水号 结算ID 结算编号 单据号 住院号 ipt_no",
    ),
    Heading(
        "person_id",
        "id",
        "number of the insured person",
        "psn_no person member_id 人员编号 个人编号 参保人编号 医保编号 身份证号 身份证号码 证件号码 certno",
        private=True,
    ),
    Heading(
        "facility_code",
        "id",
        "code of the facility",
        "fixmedins_code facility hospital_code 定点医药机构编号 定点医药机构编码 医药机构编号 医药机构编码 "
        "医疗机构编码 医疗机构编号 医院编码 机构编码 机构编号",
    ),
    Heading("visit", "word", "kind of visit", "med_type visit_type 医疗类别 就诊类型 就医类型", codes="visit"),
    Heading("scheme", "word", "insurance scheme", "insutype 险种 险种类型 参保类型", codes="scheme"),
    Heading("plan", "word", "id of the plan document", "plan_id 待遇方案 方案"),
    Heading(
        "admission",
        "moment",
        "day of admission, or of the visit",
        "begntime adm_date admission_date 入院日期 入院时间 开始时间 开始日期 就诊日期 就诊时间 mdtrt_time date 日期",
    ),
    Heading(
        "discharge",
        "moment",
        "day of discharge",
        "endtime dscg_date discharge_date 出院日期 出院时间 结束时间 结束日期",
    ),
    Heading(
        "settlement",
        "moment",
        "moment of settlement",
        "setl_time settlement_time settlement_date 结算时间 结算日期",
    ),
    Heading("filing", "word", "out-of-area filing", "备案 备案类型 异地备案", codes="filing"),
    Heading("transfer", "word", "transfer between facilities", "转诊 转院 转院类型", codes="transfer"),
    Heading("disease", "word", "disease of a by-disease benefit", "dise_codg 病种 病种编码"),
    Heading(
        "diagnosis",
        "word",
        "main diagnosis",
        "dscg_maindiag_code diag_code 主诊断 主诊断编码 诊断编码 住院主诊断代码 诊断代码",
    ),
    Heading("episode", "id", "id that links claims of one episode", "疗程"),
    Heading("series", "id", "id that links claims of one treatment series", "治疗系列"),
    Heading("delivery", "word", "kind of delivery", "matn_type 生育类别 分娩方式", codes="delivery"),
    Heading(
        "zone",
        "word",
        "where the facility lies from the place of cover",
        "out_type pay_loc 就医地类型",
        codes="zone",
    ),
    Heading("days", "number", "days of stay", "住院天数 ipt_days 住院床日"),
    Heading("children", "number", "children born", "fetus_cnt 胎儿数"),
    Heading("units", "number", "units of a per-unit benefit", "次数"),
    Heading("level", "word", "level of the facility", "hosp_lv 医院等级 机构等级 医院级别", codes="level"),
    Heading("administration", "word", "administrative tier of the facility", "隶属关系"),
    Heading("price_class", "word", "charging class of the facility", "收费类别"),
    Heading("facility_kind", "word", "kind of facility", "机构类型 机构类别"),
    Heading("group", "word", "group of the person", "psn_type 人员类别 人群 参保人群", codes="group"),
    Heading("sex", "word", "sex", "gend 性别", codes="sex"),
    Heading("birth_date", "date", "date of birth", "brdy 出生日期 birthday"),
    Heading("age", "number", "age in whole years", "年龄"),
    Heading(
        "status",
        "words",
        "marks of the person, separated by ;",
        "psn_idet_type 人员身份 人员身份类别 特殊身份 困难身份",
        codes="status",
    ),
    Heading("tier", "word", "premium tier", "缴费档次 档次"),
    Heading("join", "word", "how the person joined", "参保方式"),
    Heading("months_insured", "number", "months insured without break", "连续参保月数 参保月数"),
    Heading("years_insured", "number", "years insured without break", "连续参保年数 参保年数"),
    Heading("household", "id", "household that shares counters", "family 家庭编号 户编号 户号", private=True),
    Heading("total", "money", "the bill", "medfee_sumamt 总费用 医疗费总额 医疗费用总额 费用总额"),
    Heading(
        "in_scope",
        "money",
        "bucket total: in scope",
        "inscp_scp_amt 政策范围内 符合政策范围金额 政策范围内金额",
    ),
    Heading("upfront", "money", "bucket total: upfront", "preselfpay_amt 先行自付 先行自付金额"),
    Heading(
        "over_limit",
        "money",
        "bucket total: over limit",
        "overlmt_amt overlmt_selfpay 超限价 超限价金额 超限价自费费用",
    ),
    Heading("self_funded", "money", "bucket total: self-funded", "fulamt_ownpay_amt 全自费 全自费金额"),
)

LINE = (
    CLAIM[0],
    Heading(
        "line_id",
        "text",
        "number of the line in its claim",
        "feedetl_sn line 费用明细流水号 明细流水号 明细ID 明细编号 明细号",
    ),
    Heading(
        "item_code",
        "id",
        "code in the catalog",
        "med_list_codg item 医保目录编码 医疗目录编码 目录编码 国家医保编码 项目编码 医保编码",
    ),
    Heading(
        "service_date",
        "moment",
        "day the fee arose",
        "fee_ocur_time 费用发生时间 费用发生日期 费用日期 明细日期 收费日期",
    ),
    Heading("quantity", "quantity", "quantity", "cnt 数量"),
    Heading("price", "price", "unit price", "pric unit_price 单价"),
    Heading(
        "amount",
        "money",
        "amount of the line",
        "det_item_fee_sumamt 明细项目费用总额 金额 明细金额 项目金额 费用金额",
    ),
    Heading(
        "class",
        "word",
        "class of the item, judged already",
        "chrgitm_lv 收费项目等级 甲乙类 甲乙丙类",
        codes="class",
    ),
    Heading("upfront_rate", "rate", "upfront rate, judged already", "selfpay_prop 自付比例 先行自付比例"),
    Heading("item_group", "word", "group of the item", "项目组"),
    Heading(
        "confirmed",
        "word",
        "is the restriction met",
        "lmt_used_flag hosp_appr_flag 限制使用标志 医院审批标志 符合限制",
        codes="confirmed",
    ),
)

_OF_PERSON = (
    "person_id",
    "scheme",
    "plan",
    "group",
    "sex",
    "birth_date",
    "status",
    "tier",
    "join",
    "months_insured",
    "years_insured",
    "household",
)

MEMBER = (
    *(heading for heading in CLAIM if heading.name in _OF_PERSON),
    Heading(
        "place",
        "word",
        "area code of the pooling area",
        "insuplc_admdvs insu_admdvs 参保地 参保地医保区划 统筹区 统筹区编码",
    ),
    Heading(
        "valid_from",
        "date",
        "first day of the cover",
        "psn_insu_date start_date 参保日期 个人参保日期 待遇开始日期 生效日期 开始日期",
    ),
    Heading("valid_until", "date", "first day after the cover; empty: open", "paus_insu_date 暂停参保日期 停保日期"),
    Heading(
        "valid_through",
        "date",
        "last day of the cover, instead of valid_until",
        "end_date 终止日期 待遇结束日期 失效日期 截止日期 结束日期 有效期至",
    ),
    Heading("cover", "word", "state of the cover", "cover_status psn_insu_stas 参保状态 人员参保状态", codes="cover"),
)

PARTS: dict[Part, tuple[Heading, ...]] = {"claim": CLAIM, "line": LINE, "member": MEMBER}

REQUIRED: dict[Part, tuple[str, ...]] = {
    "claim": ("claim_id", "person_id"),
    "line": ("claim_id",),
    "member": ("person_id",),
}


def plain(text: str) -> str:
    """Give a heading as it is compared: full-width forms folded, case, spaces, marks and a unit in brackets dropped."""
    folded = unicodedata.normalize("NFKC", text).strip().lower().split("(")[0]
    return "".join(c for c in folded if c.isalnum())


@cache
def known(parts: tuple[Part, ...]) -> dict[str, Heading]:
    """Give every name, in its plain form, of the headings of some parts; the first part that knows a name has it."""
    found: dict[str, Heading] = {}
    for part in parts:
        for heading in PARTS[part]:
            found.setdefault(plain(heading.name), heading)
    for part in parts:
        for heading in PARTS[part]:
            for alias in heading.aliases:
                found.setdefault(plain(alias), heading)
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What the heading row of a file means.

    columns: canonical name -> position. extra: names no table knows -> position. repeated: names given twice.
    headings: the heading of each canonical name that is present.
    """

    columns: dict[str, int]
    extra: dict[str, int]
    repeated: tuple[str, ...]
    headings: dict[str, Heading]
    written: tuple[str, ...]

    def shown(self, name: str) -> str:
        """Give the name as the file writes it."""
        position = self.columns.get(name, self.extra.get(name, -1))
        return name if position < 0 else self.written[position]


def read_headings(names: Iterable[str], parts: tuple[Part, ...]) -> Reading:
    """Match the names of a heading row; a canonical name wins over an alias of the same column."""
    written = tuple(n.strip().lstrip("\ufeff") for n in names)
    table = known(parts)
    matches = [(i, table.get(plain(n))) for i, n in enumerate(written)]
    exact = {h.name: i for i, h in reversed(matches) if h is not None and plain(written[i]) == plain(h.name)}
    columns = dict(exact)
    extra: dict[str, int] = {}
    repeated = []
    for i, heading in matches:
        if heading is None:
            if written[i]:
                extra.setdefault(written[i], i)
        elif heading.name not in columns:
            columns[heading.name] = i
        elif columns[heading.name] != i:
            first_is_exact = heading.name in exact and plain(written[i]) != plain(heading.name)
            if first_is_exact:
                extra.setdefault(written[i], i)
            else:
                repeated.append(heading.name)
    headings = {h.name: h for _, h in matches if h is not None}
    return Reading(columns, extra, tuple(repeated), headings, written)
