"""The persons of the sandbox: who shows what, by a claim to try and what it comes to. None of them exists.

Each has a situation of its own, and a history that is settled when the sandbox starts. A person is to be tried with the
claim listed: settling it leaves its traces as anywhere, and reversing it takes them back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ITEM = "XA02BC-01P"
"""A drug that is wholly in scope."""

BEIJING = ("employee_basic", "110000", "")
CHENGDU = ("employee_basic", "510100", "cn.illustrative.chengdu.civil_servant")
BENGBU = ("resident_basic", "340300", "cn.anhui.bengbu.residents.2023")
ACCOUNT_PLAN = "cn.beijing.employees.2023"
"""The plan of those whose personal account is credited."""

ASSISTED = ("resident_basic", "340300", "cn.illustrative.bengbu.catastrophic.assistance")

Line = tuple[str, str]
"""Yuan, and the day of the fee; "" for that of admission."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A claim in short: kind of visit, yuan of its lines, first day, what else it says."""

    visit: str
    lines: tuple[Line, ...]
    day: str = "2023-05-06"
    more: dict[str, str] = field(default_factory=dict)

    def claim(self, person_id: str, name: str) -> dict[str, Any]:
        """Give the body of a preview."""
        lines: list[dict[str, str]] = []
        for number, (yuan, on) in enumerate(self.lines, 1):
            lines.append({"line_id": str(number), "item_code": ITEM, "amount": f"{yuan}.00"})
            lines[-1] |= {"service_date": on} if on else {}
        days = {"admission": self.day, "discharge": self.day}
        total = f"{sum(int(yuan) for yuan, _ in self.lines)}.00"
        said = {"visit_id": name, "receipt_id": "1", "person_id": person_id, "visit": self.visit}
        return {**said, **days, **self.more, "total": total, "lines": lines}


@dataclass(frozen=True, slots=True)
class Situation:
    """A person: what it shows in English and Chinese, cover, history, the claim to try and what it comes to.

    account: yuan on the personal account before the history. funds: yuan by fund. reason: why no fund pays, or the code
    under which the claim is refused; then cash is empty.
    """

    person_id: str
    title: str
    title_zh: str
    cover: tuple[str, str, str]
    bill: Bill
    cash: str
    funds: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    group: str = "in_service"
    status: str = ""
    sex: str = "male"
    birth_date: str = "1980-03-01"
    until: str = ""
    state: str = "normal"
    history: tuple[Bill, ...] = ()
    account: str = ""

    @property
    def claim(self) -> dict[str, Any]:
        """The claim to try."""
        return self.bill.claim(self.person_id, f"{self.person_id}-try")


def outpatient(yuan: int, **more: str) -> Bill:
    """Give a visit without a stay."""
    return Bill("outpatient", ((str(yuan), ""),), more=more)


def inpatient(yuan: int, day: str = "2023-05-06", **more: str) -> Bill:
    """Give a stay of a day."""
    return Bill("inpatient", ((str(yuan), ""),), day, more)


OVER_NEW_YEAR = Bill(
    "inpatient",
    (("28000", "2023-12-21"), ("12000", "2024-01-02")),
    "2023-12-20",
    {"discharge": "2024-01-12"},
)

SITUATIONS = (
    Situation(
        "S0000001", "in service, nothing used yet, empty personal account", "在职，本年尚无费用，个人账户无余额",
        BEIJING, outpatient(3000), "2160.00", {"large_amount": "840.00"},
    ),
    Situation(
        "S0000002", "retired, over 70", "退休，70 岁以上",
        BEIJING, outpatient(3000), "1470.00", {"large_amount": "1530.00"},
        group="retired", sex="female", birth_date="1950-05-17",
    ),
    Situation(
        "S0000003", "cover suspended", "参保暂停",
        BEIJING, outpatient(3000), "3000.00", reason="SUSPENDED", state="suspended",
    ),
    Situation(
        "S0000004", "no longer insured", "已停保",
        BEIJING, outpatient(3000), "3000.00", reason="NOT_COVERED", until="2022-01-01",
    ),
    Situation(
        "S0000005", "deductible of the year met", "年度起付线已满",
        BEIJING, outpatient(1000), "300.00", {"large_amount": "700.00"}, history=(outpatient(1800),),
    ),
    Situation(
        "S0000006", "second admission of the year: lower deductible", "本年第二次住院，起付线降低",
        BEIJING, inpatient(10000, "2023-06-06"), "2052.50", {"employee_pool": "7947.50"},
        history=(inpatient(10000),),
    ),
    Situation(
        "S0000007", "cap nearly reached: 5,000 yuan of it are left", "封顶线将满，余 5000 元",
        BEIJING, inpatient(10000, "2023-06-06"), "5750.00", {"large_amount": "4250.00"},
        history=(inpatient(495000),),
    ),
    Situation(
        "S0000008", "caps exhausted", "已达封顶线",
        BEIJING, inpatient(10000, "2023-06-06"), "10000.00", history=(inpatient(520000),),
    ),
    Situation(
        "S0000009", "a value that the plan's source does not state: refused", "方案来源未载的待遇：拒绝结算",
        BEIJING, Bill("chronic", (("1000", ""),)), "", reason="NOT_STATED",
    ),
    Situation(
        "S0000010", "a stay over New Year, divided by the days of its fees", "跨年度住院，按费用日期分年度",
        BEIJING, OVER_NEW_YEAR, "2891.50", {"employee_pool": "35517.00", "retiree_supplement": "1591.50"},
        group="retired", birth_date="1957-03-01",
    ),
    Situation(
        "S0000011", "of another province, filed", "跨省就医，已备案",
        BENGBU, inpatient(12500, filing="filed"), "6500.00", {"resident_pool": "6000.00"}, group="adult",
    ),
    Situation(
        "S0000012", "of another province, not filed", "跨省就医，未备案",
        BENGBU, inpatient(12500, filing="unfiled"), "7500.00", {"resident_pool": "5000.00"}, group="adult",
    ),
    Situation(
        "S0000013", "a child", "未成年人",
        BENGBU, inpatient(12500, filing="emergency"), "6500.00", {"resident_pool": "6000.00"},
        group="minor", birth_date="2018-03-01",
    ),
    Situation(
        "S0000014", "a newborn", "新生儿",
        BENGBU, inpatient(12500, filing="filed"), "6500.00", {"resident_pool": "6000.00"},
        group="newborn", sex="female", birth_date="2023-03-01",
    ),
    Situation(
        "S0000015", "medical assistance: subsistence allowance", "医疗救助：低保对象",
        ASSISTED, inpatient(10000, filing="filed"), "816.20",
        {"catastrophic": "1419.00", "medical_assistance": "3264.80", "resident_pool": "4500.00"},
        group="adult", status="subsistence",
    ),
    Situation(
        "S0000016", "catastrophic insurance over two bands", "大病保险，跨两段",
        ASSISTED, inpatient(252500, filing="unfiled"), "51576.75",
        {"catastrophic": "75923.25", "resident_pool": "125000.00"}, group="adult",
    ),
    Situation(
        "S0000017", "civil servant", "公务员",
        CHENGDU, inpatient(20800, "2022-05-06", filing="filed"), "713.53",
        {"civil_servant": "940.60", "employee_pool": "16855.50", "mutual_supplement": "2290.37"},
        status="civil_servant",
    ),
    Situation(
        "S0000018", "personal account of 1,000 yuan, which pays before cash", "个人账户余额 1000 元，先于现金支付",
        BEIJING, outpatient(3000), "1160.00", {"large_amount": "840.00", "personal_account": "1000.00"},
        account="1000.00",
    ),
)  # fmt: skip
"""By number. Nobody has a number that is not listed: such a claim is refused as PERSON_UNKNOWN."""
