"""Code values of the national interface, and Chinese words, as the words of the plan language.

A value that is no key here is kept as it is: a plan may know it; if none does, the claim is held with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping


def words_of(table: str) -> dict[str, str]:
    """Read lines of `word: value value ...` as value -> word."""
    rows = (line.split(":") for line in table.strip().splitlines())
    return {value: word.strip() for word, values in rows for value in values.split()}


VISIT = words_of(
    """
    outpatient: 11 12 16 门诊 普通门诊
    emergency: 13 急诊
    chronic: 14 9901 门诊慢特病 门诊慢性病 慢性病 门慢 两病 门诊两病
    special: 140201 门诊特殊病 特殊病 门特
    dual_channel: 15 18 9904 特药 特药购药 双通道
    inpatient: 21 23 24 25 26 27 住院 普通住院
    accident: 22 81 9903 外伤 外伤住院 意外伤害
    day_surgery: 28 日间手术
    pharmacy: 41 药店 药店购药 定点药店购药
    maternity: 51 52 2106 2107 生育 生育住院 生育门诊
    family_bed: 71 家庭病床
    """
)

SCHEME = words_of(
    """
    employee_basic: 310 职工 职工医保 职工基本医疗保险 城镇职工基本医疗保险
    resident_basic: 390 391 居民 居民医保 城乡居民 城乡居民基本医疗保险 城镇居民基本医疗保险
    rural_cooperative: 380 新农合 新型农村合作医疗
    maternity: 510 生育保险
    commercial: 370
    """
)

GROUP = words_of(
    """
    in_service: 11 在职 在职职工
    retired: 1112 12 退休 退休人员
    newborn: 1401 新生儿
    minor: 1402 1405 14 未成年 未成年人 学龄前儿童
    student: 1403 1404 学生 中小学生 大学生
    adult: 15 1701 18 成年 成年居民 居民(成年)
    elderly: 16 老年 老年居民 居民(老年)
    flexible: 灵活就业 灵活就业人员
    """
)

STATUS = words_of(
    """
    extreme_poverty: 2301 2304 2307 特困 特困人员 五保
    subsistence: 2303 低保 低保对象 最低生活保障对象
    low_income_edge: 2305 低保边缘 低保边缘家庭成员 低收入
    expenditure_poor: 2306 因病致贫 支出型困难
    registered_poor: 2302 建档立卡
    severely_disabled: 2308 重度残疾 重残
    veteran: 2101 2102 2103 2104 2105 21 优抚 优抚对象
    orphan: 孤儿
    civil_servant: 公务员
    """
)

LEVEL = words_of(
    """
    tertiary: 1 2 3 4 12 三级 三级特等 三级甲等 三级乙等 三级丙等 三级无等 三甲 三乙
    secondary: 5 6 7 13 二级 二级甲等 二级乙等 二级丙等 二级无等 二甲 二乙
    primary: 8 9 10 14 一级 一级甲等 一级乙等 一级丙等 一级无等 一甲
    unranked: 11 未定级 无等级
    community: 社区 社区卫生服务中心
    township: 乡镇 乡镇卫生院
    """
)

SEX = words_of(
    """
    male: 1 男 m
    female: 2 女 f
    """
)

COVER = words_of(
    """
    not_insured: 0 未参保
    normal: 1 正常 正常参保 参保
    suspended: 2 暂停 暂停参保 欠费 中断
    terminated: 3 4 终止 终止参保
    """
)

ITEM_CLASS = words_of(
    """
    A: 01 1 甲 甲类 a
    B: 02 2 乙 乙类 b
    C: 03 3 丙 丙类 c 自费
    """
)

CONFIRMED = words_of(
    """
    yes: 1 是 y true 符合
    no: 0 2 否 n false 不符合
    """
)

FILING = words_of(
    """
    none: 0 无
    filed: 1 备案 已备案
    unfiled: 未备案
    referred: 转诊 转诊转院
    emergency: 急诊 异地急诊
    long_term: 长期 长期居住 异地安置
    """
)

TRANSFER = words_of(
    """
    none: 0 无
    up: 上转
    down: 下转
    same: 平级
    """
)

DELIVERY = words_of(
    """
    vaginal: 1 2 顺产 平产 正常产
    caesarean: 3 剖宫产
    """
)

ZONE = words_of(
    """
    local: 0 2 6 本地 市内
    in_province: 3 省内异地 省内
    out_of_province: 4 跨省异地 跨省 省外
    abroad: 境外
    """
)

TABLES: Mapping[str, Mapping[str, str]] = {
    "visit": VISIT,
    "scheme": SCHEME,
    "group": GROUP,
    "status": STATUS,
    "level": LEVEL,
    "sex": SEX,
    "cover": COVER,
    "class": ITEM_CLASS,
    "confirmed": CONFIRMED,
    "filing": FILING,
    "transfer": TRANSFER,
    "delivery": DELIVERY,
    "zone": ZONE,
}

CLOSED = {name: frozenset(TABLES[name].values()) for name in ("class", "confirmed", "cover", "sex")}
"""Columns that know no other words than these."""

BY_PREFIX = frozenset({"visit", "group", "status"})
"""Tables whose digits are refined from the left: 2101 is a kind of 21."""


def word_of(table: str, value: str) -> str:
    """Give the word of a code value or a Chinese word; the value itself where the table does not know it."""
    words = TABLES[table]
    key = value.lower()
    if value in words.values() or key in words.values():
        return value if value in words.values() else key
    if (found := words.get(key)) is not None:
        return found
    if table in BY_PREFIX and key.isdigit():
        for length in range(len(key) - 1, 1, -1):
            if (found := words.get(key[:length])) is not None:
                return found
    return key if key.isascii() else value
