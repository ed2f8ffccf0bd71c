"""Small files of claims and members that the tests of storey 3 settle, and a plan of their own."""

from __future__ import annotations

from pathlib import Path

PLAN = """\
plan: test.residents
title: {en: Test residents, zh: 测试居民医保}
scheme: resident_basic
place: "340300"
inherits: cn.national
valid: {from: 2023-01-01}
sources:
  S1: {title: A guide, address: "https://example.org", grade: B}
source: S1
layers:
  - layer: basic
    title: {en: Pooled fund, zh: 统筹基金}
    fund: resident_pool
    when: {visit: inpatient}
    deductible:
      - {name: admission, amount: {by: level, tertiary: 700, secondary: 500, primary: not stated}}
    bands:
      - {to: 10000, rate: {by: level, tertiary: 50%, secondary: 60%, primary: 70%}}
      - {rate: {assumed: 80%, why: The guide is silent above 10000.}}
    limits:
      - {name: annual_cap, on: payment, amount: 9000, counter: pool_paid}
  - layer: catastrophic
    title: {en: Catastrophic insurance, zh: 大病保险}
    fund: catastrophic
    requires_visit: no
    base: [basic.left]
    deductible:
      - {name: threshold, amount: 5000}
    bands:
      - rate: 60%
counters:
  pool_paid: {per: year, adds: [basic.paid]}
cases:
  - name: a stay
    claim: {visit: inpatient, level: tertiary, in_scope: 10700}
    expect: {paid.basic: 5000}
"""

HEADINGS = "单据号,人员编号,医疗类别,入院日期,出院日期,医院等级,明细号,项目编码,费用日期,数量,单价,金额,甲乙类,自付比例"
CLAIMS = f"""\
{HEADINGS}
1001,340300000000000001,住院,2023-05-01,2023-05-06,三级,1,X1,2023-05-02,1,20700,20700.00,甲,
1001,340300000000000001,住院,2023-05-01,2023-05-06,三级,2,X2,2023-05-02,10,100,1000.00,乙,10%
1002,340300000000000001,住院,2023-07-01,2023-07-06,二级,1,X1,2023-07-02,1,8000,8000.00,甲,
1003,340300000000000002,住院,2023-07-01,2023-07-06,一级,1,X1,2023-07-02,1,900,900.00,甲,
1004,340300000000000002,门诊,2023-08-01,2023-08-01,二级,1,X1,2023-08-01,1,90,90.00,甲,
1005,340300000000000002,住院,2023-08-01,2023-02-31,二级,1,X1,2023-08-01,1,90,90.00,甲,
"""
MEMBERS = """\
人员编号,险种,参保地,参保日期,人员类别,出生日期
340300000000000001,居民,340300,2020-01-01,成年,1990-01-01
340300000000000002,居民,340300,2020-01-01,成年,1950-01-01
"""


def write_files(folder: Path, claims: str = CLAIMS) -> tuple[Path, Path, Path]:
    """Write claims (GB18030), members and the plan; give their paths."""
    paths = folder / "claims.csv", folder / "members.csv", folder / "plan.yaml"
    paths[0].write_text(claims, encoding="gb18030")
    paths[1].write_text(MEMBERS, encoding="utf-8")
    paths[2].write_text(PLAN, encoding="utf-8")
    return paths
