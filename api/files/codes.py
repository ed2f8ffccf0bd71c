"""Code values of the national interface, and Chinese words, as the words of the plan language.

A value that is no key here is kept as it is: a plan may know it; if none does, the claim is held with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping

VISIT = {
    "11": "outpatient", "12": "outpatient", "13": "emergency", "14": "chronic", "140201": "special", "15": "dual_channel",
    "16": "outpatient", "18": "dual_channel", "21": "inpatient", "22": "accident", "23": "inpatient", "24": "inpatient",
    "25": "inpatient", "26": "inpatient", "27": "inpatient", "28": "day_surgery", "41": "pharmacy", "51": "maternity",
    "52": "maternity", "2106": "maternity", "2107": "maternity", "71": "family_bed", "81": "accident",
    "9901": "chronic", "9903": "accident", "9904": "dual_channel",
    "门诊": "outpatient", "普通门诊": "outpatient", "急诊": "emergency", "住院": "inpatient", "普通住院": "inpatient",
    "门诊慢特病": "chronic", "门诊慢性病": "chronic", "慢性病": "chronic", "门慢": "chronic", "两病": "chronic", "门诊两病": "chronic",
    "门诊特殊病": "special", "特殊病": "special", "门特": "special", "特药": "dual_channel", "特药购药": "dual_channel",
    "双通道": "dual_channel", "药店": "pharmacy", "药店购药": "pharmacy", "定点药店购药": "pharmacy", "生育": "maternity",
    "生育住院": "maternity", "生育门诊": "maternity", "日间手术": "day_surgery", "家庭病床": "family_bed",
    "外伤": "accident", "外伤住院": "accident", "意外伤害": "accident",
}  # fmt: skip

SCHEME = {
    "310": "employee_basic", "390": "resident_basic", "391": "resident_basic", "380": "rural_cooperative", "510": "maternity",
    "370": "commercial",
    "职工": "employee_basic", "职工医保": "employee_basic", "职工基本医疗保险": "employee_basic",
    "城镇职工基本医疗保险": "employee_basic", "居民": "resident_basic", "居民医保": "resident_basic",
    "城乡居民": "resident_basic", "城乡居民基本医疗保险": "resident_basic", "城镇居民基本医疗保险": "resident_basic",
    "新农合": "rural_cooperative", "新型农村合作医疗": "rural_cooperative", "生育保险": "maternity",
}  # fmt: skip

GROUP = {
    "11": "in_service", "1112": "retired", "12": "retired", "1401": "newborn", "1402": "minor", "1403": "student",
    "1404": "student", "1405": "minor", "14": "minor", "15": "adult", "1701": "adult", "18": "adult", "16": "elderly",
    "在职": "in_service", "在职职工": "in_service", "退休": "retired", "退休人员": "retired", "灵活就业": "flexible",
    "灵活就业人员": "flexible", "成年": "adult", "成年居民": "adult", "居民(成年)": "adult", "老年": "elderly",
    "老年居民": "elderly", "居民(老年)": "elderly", "未成年": "minor", "未成年人": "minor", "学龄前儿童": "minor",
    "学生": "student", "中小学生": "student", "大学生": "student", "新生儿": "newborn",
}  # fmt: skip

STATUS = {
    "2301": "extreme_poverty", "2304": "extreme_poverty", "2307": "extreme_poverty", "2303": "subsistence",
    "2305": "low_income_edge", "2306": "expenditure_poor", "2302": "registered_poor", "2308": "severely_disabled",
    "2101": "veteran", "2102": "veteran", "2103": "veteran", "2104": "veteran", "2105": "veteran", "21": "veteran",
    "特困": "extreme_poverty", "特困人员": "extreme_poverty", "五保": "extreme_poverty", "低保": "subsistence",
    "低保对象": "subsistence", "最低生活保障对象": "subsistence", "低保边缘": "low_income_edge",
    "低保边缘家庭成员": "low_income_edge", "低收入": "low_income_edge", "因病致贫": "expenditure_poor",
    "支出型困难": "expenditure_poor", "孤儿": "orphan", "重度残疾": "severely_disabled", "重残": "severely_disabled",
    "优抚": "veteran", "优抚对象": "veteran", "公务员": "civil_servant", "建档立卡": "registered_poor",
}  # fmt: skip

LEVEL = {
    **dict.fromkeys(("1", "2", "3", "4", "12"), "tertiary"),
    **dict.fromkeys(("5", "6", "7", "13"), "secondary"),
    **dict.fromkeys(("8", "9", "10", "14"), "primary"),
    "11": "unranked",
    **{f"三级{x}": "tertiary" for x in ("", "特等", "甲等", "乙等", "丙等", "无等")},
    **{f"二级{x}": "secondary" for x in ("", "甲等", "乙等", "丙等", "无等")},
    **{f"一级{x}": "primary" for x in ("", "甲等", "乙等", "丙等", "无等")},
    "三甲": "tertiary", "三乙": "tertiary", "二甲": "secondary", "二乙": "secondary", "一甲": "primary",
    "社区": "community", "社区卫生服务中心": "community", "乡镇": "township", "乡镇卫生院": "township",
    "未定级": "unranked", "无等级": "unranked",
}  # fmt: skip

TABLES: Mapping[str, Mapping[str, str]] = {
    "visit": VISIT,
    "scheme": SCHEME,
    "group": GROUP,
    "status": STATUS,
    "level": LEVEL,
    "sex": {"1": "male", "2": "female", "男": "male", "女": "female", "m": "male", "f": "female"},
    "cover": {
        "0": "not_insured", "1": "normal", "2": "suspended", "3": "terminated", "4": "terminated", "正常": "normal",
        "正常参保": "normal", "参保": "normal", "暂停": "suspended", "暂停参保": "suspended", "欠费": "suspended",
        "中断": "suspended", "终止": "terminated", "终止参保": "terminated", "未参保": "not_insured",
    },
    "class": {"01": "A", "02": "B", "03": "C", "1": "A", "2": "B", "3": "C", "甲": "A", "乙": "B", "丙": "C",
              "甲类": "A", "乙类": "B", "丙类": "C", "a": "A", "b": "B", "c": "C", "自费": "C"},
    "confirmed": {"1": "yes", "0": "no", "2": "no", "是": "yes", "否": "no", "y": "yes", "n": "no", "true": "yes",
                  "false": "no", "符合": "yes", "不符合": "no"},
    "filing": {"0": "none", "1": "filed", "无": "none", "未备案": "unfiled", "备案": "filed", "已备案": "filed",
               "转诊": "referred", "转诊转院": "referred", "急诊": "emergency", "异地急诊": "emergency",
               "长期": "long_term", "长期居住": "long_term", "异地安置": "long_term"},
    "transfer": {"0": "none", "无": "none", "上转": "up", "下转": "down", "平级": "same"},
    "delivery": {"1": "vaginal", "2": "vaginal", "3": "caesarean", "顺产": "vaginal", "平产": "vaginal",
                 "正常产": "vaginal", "剖宫产": "caesarean"},
    "zone": {"0": "local", "2": "local", "6": "local", "3": "in_province", "4": "out_of_province", "本地": "local",
             "市内": "local", "省内异地": "in_province", "省内": "in_province", "跨省异地": "out_of_province",
             "跨省": "out_of_province", "省外": "out_of_province", "境外": "abroad"},
}  # fmt: skip

BY_PREFIX = frozenset({"visit", "group", "status"})
"""Tables whose digits are refined from the left: 2101 is a kind of 21."""


def word_of(table: str, value: str) -> str:
    """Give the word of a code value or a Chinese word; the value itself where the table does not know it."""
    words = TABLES[table]
    key = value.lower()
    if (found := words.get(key)) is not None:
        return found
    if table in BY_PREFIX and key.isdigit():
        for length in range(len(key) - 1, 1, -1):
            if (found := words.get(key[:length])) is not None:
                return found
    return key if key.isascii() else value
