"""`adjudicator explain` on the shipped catalogs: where the fen of each line come from, in both languages."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from api.commands.explain import explain
from api.explain.waterfall import print_explanation
from api.messages import Messages
from tests.cli.conftest import Command
from tests.explain.test_lines import check_line

PLAN = """\
plan: test.suzhou
title: {{en: Test residents, zh: 测试居民医保}}
scheme: resident_basic
place: "320500"
inherits: cn.national
valid: {{from: 2023-01-01}}
sources:
  S1: {{title: A guide, address: "https://example.org", grade: B}}
source: S1
lines:
  ceiling: {ceiling}
  upfront:
    - {{when: {{kind: service}}, is: {{assumed: 5%, why: The guide is silent on services.}}}}
    - {{is: item}}
  category_limits:
    - {{name: beds, items: beds, amount: 180}}
items:
  beds: {{kind: bed}}
layers:
  - layer: basic
    title: {{en: Pooled fund, zh: 统筹基金}}
    fund: resident_pool
    when: {{visit: inpatient}}
    bands:
      - rate: 60%
cases:
  - name: a stay
    claim: {{visit: inpatient, level: tertiary, in_scope: 1000}}
    expect: {{paid.basic: 600}}
"""

CLAIMS = """\
单据号,人员编号,医疗类别,入院日期,出院日期,医院等级,明细号,项目编码,费用日期,数量,单价,金额,甲乙类,自付比例
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,1,M-048,2023-05-02,1,60000,60000.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,2,B-01,2023-05-02,5,55,275.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,3,B-01,2023-05-02,-1,55,-55.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,4,S-I44,2023-05-02,3,200,600.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,5,XA02BC-02I,2023-05-02,10,12.35,123.50,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,6,XA02BC-02I,2023-05-02,10,12.35,123.50,,8%
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,7,S-L35,2023-05-02,1,180,180.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,8,S-I17,2023-05-02,1,180,180.00,,
7,320500000000000001,住院,2023-05-01,2023-05-06,三级,9,NO-SUCH,2023-05-02,1,10,10.00,,
"""

MEMBERS = """\
人员编号,险种,参保地,参保日期,人员类别,出生日期,性别
320500000000000001,居民,320500,2020-01-01,成年,1990-01-01,男
"""

FIRST = {
    "en": (
        "catalog 320500 M-048 经导管主动脉瓣膜(国产): class B, in force from 2020-01-01, before 2023-08-10",
        "above the payable price (tertiary): 50,000.00 × 1 = 50,000.00 of 60,000.00 is payable",
        "upfront 50,000.00 × 30 %, the rate of the item's schedule at the unit price 60,000.00 (≥ 30,000.00)",
        "above the payable price (tertiary): 40.00 × 5 = 200.00 of 275.00 is payable",
        "above the limit of the category (beds): 180.00 a claim, 0.00 counted before this line",
        "above the payable price (tertiary): 40.00 × -1 = -40.00 of -55.00 is payable",
        "above the limit of the category (beds): 180.00 a claim, 200.00 counted before this line",
        "beyond the payable quantity: 1 of 3 is payable; quantity a claim: 1",
        "upfront 200.00 × 5 %, the rate of the plan",
        "upfront 123.50 × 5 %, the rate of the catalog item",
        "upfront 123.50 × 8 %, the rate that came with the line",
        "class C: outside the catalog's coverage",
        "not payable for this sex; payable for sex: female",
        "code not in the catalog of the place",
        "The guide is silent on services.",
        "National drug catalogue",
    ),
    "zh": (
        "目录 320500 M-048 经导管主动脉瓣膜(国产)：乙类，2020-01-01 起、2023-08-10 前有效",
        "超过支付标准（三级）：60,000.00 中可支付 50,000.00 × 1 = 50,000.00",
        "超过支付标准（三级）：-55.00 中可支付 40.00 × -1 = -40.00",
        "先行自付 50,000.00 × 30 %，比例依项目分档，单价 60,000.00（≥ 30,000.00）",
        "超过类别限额（beds）：每单 180.00，本行之前已计 0.00",
        "超过限定支付数量：3 中可支付 1；每单数量：1",
        "先行自付 200.00 × 5 %，比例依方案规定",
        "先行自付 123.50 × 5 %，比例依目录项目",
        "先行自付 123.50 × 8 %，比例随明细送达",
        "限定性别，不予支付；限定支付：性别：女",
        "目录中无此编码",
    ),
}
AFTER = {
    "en": (
        "upfront 60,000.00 × 30 %, the rate of the item's schedule at the unit price 60,000.00 (≥ 30,000.00)",
        "within the payable price (tertiary): 42,000.00, at most 50,000.00 × 1",
    ),
    "zh": (
        "先行自付 60,000.00 × 30 %，比例依项目分档，单价 60,000.00（≥ 30,000.00）",
        "未超过支付标准（三级）：42,000.00，上限 50,000.00 × 1",
    ),
}


def settle(folder: Path, command: Command, ceiling: str) -> Path:
    for name, text in (("claims.csv", CLAIMS), ("members.csv", MEMBERS), ("plan.yaml", PLAN.format(ceiling=ceiling))):
        (folder / name).write_text(text, encoding="utf-8")
    out = folder / "out"
    outcome = command(
        "settle",
        folder / "claims.csv",
        "--members",
        folder / "members.csv",
        "--plans",
        folder / "plan.yaml",
        "--out",
        out,
    )
    assert outcome.code == 0, outcome.out + outcome.err
    return out


@pytest.mark.parametrize("ceiling", ["before_upfront", "after_upfront"])
def test_where_the_fen_of_each_line_come_from(tmp_path: Path, command: Command, ceiling: str) -> None:
    out = settle(tmp_path, command, ceiling)
    (found,) = explain("7", out)
    for language, expected in (FIRST if ceiling == "before_upfront" else AFTER).items():
        console = Console(file=io.StringIO(), width=200)
        print_explanation(found, Messages(language), console)
        text = console.file.getvalue()  # type: ignore[attr-defined]
        for words in expected:
            assert words in text, words
    for line in found.lines:
        check_line(line)
    valve = 1_500_000 if ceiling == "before_upfront" else 1_800_000
    assert [line.upfront_fen for line in found.lines] == [valve, 0, 0, 1_000, 618, 988, 0, 0, 0]
    assert found.assumptions[0].why == "The guide is silent on services."


def test_a_script_reads_the_same(tmp_path: Path, command: Command) -> None:
    out = settle(tmp_path, command, "before_upfront")
    lines = command("explain", "7", "--run", out, "--json").json["lines"]
    assert lines == [json.loads(json.dumps(asdict(line))) for line in explain("7", out)[0].lines]
    valve = lines[0]
    assert (valve["entry"]["source"]["path"], valve["entry"]["item_class"]) == ("items.320500.csv", "B")
    assert [(step["code"], step["amount_fen"]) for step in valve["steps"]] == [
        ("LINE_OVER_CEILING", -1_000_000),
        ("LINE_UPFRONT_SCHEDULE", -1_500_000),
        ("LINE_IN_SCOPE", 3_500_000),
    ]


def test_the_terminal_shows_each_line(tmp_path: Path, command: Command) -> None:
    out = settle(tmp_path, command, "before_upfront")
    for language, words in (("en", "How each line is divided"), ("zh", "逐项费用构成")):
        text = command("explain", "7", "--run", out, "--lang", language).out
        assert words in text and "123.50 × 8 %" in text and "-9.88" in text
