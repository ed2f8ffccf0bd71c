"""The OpenAPI document as somebody reads it who knows the ledger's persons, messages, hospitals and codes.

What schemathesis makes from it is of the ledger's own things, and its parts agree: the service takes it, and it has its
effect; unless one thing in it is made wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.persons import number
from tests.service.office import HOSPITAL, ITEM, MEMBERS, PERSON

INSURED = [number(order) for order in range(20)]
SETTLED = [number(order) for order in range(1_000, 1_200)]
STRANGERS = [number(order) for order in range(2_000, 2_020)]
NOBODY = number(3_000)
"""Those who come with bills, those who have had one each, those who may be insured yet, and one who never is."""

HEADING, EMPLOYEE = MEMBERS.splitlines()[:2]
BOOKS = MEMBERS + "".join(EMPLOYEE.replace(PERSON, person) + "\n" for person in (*INSURED, *SETTLED))

MESSAGES, NOT_COME = ([f"{letter}{order}" for order in range(len(SETTLED))] for letter in "MN")
"""Ids of the messages that settled, and of some that may come after they were reversed."""

SETTLEMENTS = "settlements"
"""Stands for the ids of what was settled."""

ROW = "KnownRow"
"""Schema of a row that is sent, which rows that are answered are not bound by."""


def month(order: int) -> str:
    """Give a month, 0 to 1,400; they can only be closed in their order."""
    return f"{1900 + order // 12}-{order % 12 + 1:02}"


CLOSED, JOBS = [month(order) for order in range(20)], [f"J{order}" for order in range(20)]
"""Clearing months that are closed, and names of jobs that are done."""

ADDRESSED = {"message_id": MESSAGES, "settlement_id": SETTLEMENTS, "period": CLOSED, "name": JOBS}
"""What addresses name."""

BEIJING = "cn.beijing.employees.2023"
DAYS = [f"2023-05-{day:02}" for day in range(1, 9)]

CLAIM = {
    "person_id": INSURED,
    "visit": ["11", "12", "普通门诊", "outpatient"],
    "scheme": ["310", "职工医保", "employee_basic"],
    "admission": DAYS,
    "filing": ["0", "无", "none"],
    "transfer": ["0", "none"],
}
SPAN = {
    "scheme": ["310", "职工", "390"],
    "clearing": ["11", "21", "住院"],
    "first": DAYS,
    "last": DAYS,
    "institution": [HOSPITAL],
}
KNOWN: dict[str, dict[str, Any]] = {
    "Claim": CLAIM,
    "ClaimMessage": CLAIM,
    "FeeLine": {"item_code": [ITEM, "XA02BC-02I", "XA02BC-04P", "S-V02", "NOT-LISTED"]},
    "ReverseMessage": {"original_message_id": MESSAGES, "settlement_id": SETTLEMENTS},
    "PersonQuery": {"person_id": [*INSURED, *SETTLED]},
    "StatementTotals": SPAN,
    "StatementDetails": SPAN,
    ROW: {"settlement_id": SETTLEMENTS},
    "CoverSpan": {
        "person_id": STRANGERS,
        "scheme": ["310", "390"],
        "place": ["110000", "340300"],
        "cover": ["0", "1", "2", "正常参保"],
        "valid_from": ["2022-01-01", "2023-01-01"],
        "valid_until": ["2024-01-01", "2024-12-31"],
        "group": ["11", "1112", "adult"],
        "sex": ["1", "2", "女"],
        "birth_date": ["1950-05-17", "1980-02-29"],
    },
    "DepositEntry": {"person_id": INSURED, "plan": [BEIJING]},
    "OpeningEntry": {"holder": INSURED},
    "OpenedCounter": {
        "plan": [BEIJING],
        "counter": ["outpatient_deductible", "outpatient_spending"],
        "period": [2022, 2023],
        "value": [0, 1, 180_000],
    },
    "ReadjudicationMessage": {
        "year": [2022, 2023],
        "persons": [[INSURED[0]], INSURED[1:4], [SETTLED[0]]],
        "everyone": [True],
    },
    "InstitutionEntry": {"code": [HOSPITAL, "H11000000098"], "place": ["110000", "110105"]},
}
"""Values of fields, by schema."""

LEFT_OUT = {
    "Claim": ("discharge", "disease", "episode", "delivery", "words", "numbers", "amounts"),
    "FeeLine": ("quantity", "price", "service_date"),
    "OpenedCounter": ("keys",),
    "CoverSpan": ("plan", "status", "tier", "join", "household"),
}
LEFT_OUT["ClaimMessage"] = LEFT_OUT["Claim"]

EITHER = {
    "ReverseMessage": ("original_message_id", "settlement_id"),
    "ReadjudicationMessage": ("persons", "everyone"),
}
"""Fields of which a request has exactly one."""

GOOD_SPAN = {"person_id": STRANGERS[0], "scheme": "310", "place": "110000", "cover": "1"}
GOOD_CREDIT = {"person_id": INSURED[0], "plan": BEIJING, "amount": "1.00"}
GOOD_COUNTER = {"plan": BEIJING, "counter": "outpatient_spending", "period": 2023, "value": 1}
GOOD_ENTRY = {"code": HOSPITAL, "name": "示例医院", "place": "110000"}


WRONG: dict[str, dict[str, Any]] = {
    "preview": {"total": "98765432.10"},
    "settle": {"total": "98765432.10"},
    "reverse": {"original_message_id": "M0", "settlement_id": "M0"},
    "findMessage": {"message_id": "M-1"},
    "readSettlement": {"settlement_id": "M0"},
    "explainSettlement": {"settlement_id": "M0"},
    "readHistory": {"settlement_id": "M0"},
    "readAccounts": {"person_id": NOBODY},
    "compareTotals": {"last": "2023-04-30"},
    "compareDetails": {"last": "2023-04-30"},
    "closePeriod": {"period": DAYS[0][:7]},
    "readPeriod": {"period": DAYS[0][:7]},
    "deposit": {"deposits": [GOOD_CREDIT, GOOD_CREDIT | {"plan": "elsewhere"}]},
    "openCounters": {"openings": [{"holder": NOBODY, "counters": [GOOD_COUNTER]}]},
    "startReadjudication": {"persons": [NOBODY]},
    "readReadjudication": {"name": "J-1"},
    "putCover": {"spans": [GOOD_SPAN, GOOD_SPAN | {"cover": "perhaps"}]},
    "putInstitutions": {"institutions": [GOOD_ENTRY, GOOD_ENTRY | {"place": ""}]},
}
"""What makes a request wrong that was right, by operation."""


def known(document: dict[str, Any], settlements: Sequence[str]) -> dict[str, Any]:
    """Give the document with what is known in place of what is well formed. settlements: ids of those of `SETTLED`."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    schemas[ROW] = copy.deepcopy(schemas["StatementLine"])
    schemas["StatementDetails"]["properties"]["rows"]["items"] = {"$ref": f"#/components/schemas/{ROW}"}
    for name, fields in KNOWN.items():
        own = schemas[name]["properties"]
        for field in LEFT_OUT.get(name, ()):
            own.pop(field)
        for field, values in fields.items():
            own[field] = {"enum": settlements if values is SETTLEMENTS else values}
    schemas["FeeLine"]["properties"]["amount"] = {"type": "string", "pattern": r"^[1-9][0-9]{0,3}\.[0-9]{2}$"}
    for name in ("StatementTotals", "StatementDetails"):
        schemas[name]["required"].append("institution")
    for name, (first, second) in EITHER.items():
        schemas[name] = {"oneOf": [_without(schemas[name], first, second), _without(schemas[name], second, first)]}
    for said in (said for methods in document["paths"].values() for said in methods.values()):
        for parameter in said.get("parameters", ()):
            values = ADDRESSED[parameter["name"]]
            parameter["schema"] = {"enum": settlements if values is SETTLEMENTS else values}
    return document


def _without(schema: dict[str, Any], left_out: str, needed: str) -> dict[str, Any]:
    fields = {field: said for field, said in schema["properties"].items() if field != left_out}
    return {**schema, "properties": fields, "required": [*schema["required"], needed]}


def agree(body: dict[str, Any], order: int) -> None:
    """Make the parts of a body agree. order: of the request, which has an id of its own."""
    for field in ("message_id", "name"):
        if field in body:
            body[field] = f"G{order}"
    if "original_message_id" in body:
        body["original_message_id"] = (MESSAGES, NOT_COME)[order % 2][order % len(MESSAGES)]
    if "period" in body:
        body["period"] = month(order)
    if "lines" in body:
        for place, line in enumerate(body["lines"]):
            line["line_id"] = str(place)
        body["total"] = str(sum(Decimal(line["amount"]) for line in body["lines"]))
        body["receipt_id"] = f"G{order}"
    for list_of, holder in (("deposits", "person_id"), ("openings", "holder")):
        if list_of in body:
            body[list_of] = list({entry[holder]: entry for entry in body[list_of]}.values())
    for entry in body.get("openings", ()):
        entry["counters"] = entry["counters"][:1]
    if "first" in body:
        body["first"], body["last"] = sorted((body["first"], body["last"]))
