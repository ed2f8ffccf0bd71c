"""The commands of the ledger, from an empty folder to a proof."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from api.cli import main
from api.rules import SHIPPED_TABLES
from api.service.handover import read_credentials
from api.service.keys import make_keys
from api.service.loading import load_members
from api.service.requests import Principal, Role
from tests.databases import Databases
from tests.service.office import HOSPITAL, KEYRING, MEMBERS, PERSON, PLANS, THIRD, bill, open_office

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    monkeypatch.chdir(tmp_path)
    url = ("--database-url", databases.new_url())

    def command(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, *url, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


def test_a_ledger_is_made_filled_sealed_and_proved(run: Run, tmp_path: Path) -> None:
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["keys_made"]) == (0, True)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["changed"], said["rejected"]) == (0, 5, 0, 0)
    (tmp_path / "members.csv").write_text(MEMBERS.replace("retired", "in_service"), encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["changed"], said["unchanged"]) == (0, 0, 1, 4)
    assert run("ledger", "seal") == (0, {"anchor": None})
    code, said = run("verify")
    assert (code, said["sound"], said["findings"]) == (0, True, [])


def test_members_come_from_a_workbook_and_institutions_from_a_table(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    with xlsxwriter.Workbook(str(tmp_path / "members.xlsx")) as workbook:
        sheet = workbook.add_worksheet("参保")
        sheet.write_row(0, 0, ("人员编号", "险种", "参保地", "人员类别", "性别", "出生日期", "参保日期", "参保状态"))
        sheet.write_row(1, 0, ("P1", "职工", "110000", "在职", "男", "1980-03-01", "2020-01-01", "正常参保"))
        sheet.write_row(2, 0, ("P2", "职工", "110000", "退休", "女", "1950-13-17", "2020-01-01", "正常参保"))
    shipped = (SHIPPED_TABLES / "facilities.csv").read_text(encoding="utf-8").splitlines()
    own = [line for line in shipped if line.startswith(("code,", "H11000000001,"))]
    (tmp_path / "tables").mkdir()
    shutil.copy(SHIPPED_TABLES / "sources.csv", tmp_path / "tables")
    (tmp_path / "tables" / "facilities.csv").write_text("\n".join(own).replace("H11000000001", "H11000000099"))
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.xlsx", "--catalogs", "tables")
    assert (code, said) == (1, {"institutions": 1, "new": 1, "changed": 0, "unchanged": 0, "rejected": 1})


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 broken", b"item_code,amount\nX,1\n"])
def test_a_file_that_is_no_list_of_members_changes_nothing(run: Run, tmp_path: Path, content: bytes) -> None:
    run("ledger", "init", "--keys", "keys.json")
    (tmp_path / "members.xlsx").write_bytes(content)
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.xlsx")
    assert (code, len(said["findings"])) == (2, 1)
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    assert run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")[1]["new"] == 5


def test_a_second_init_keeps_everything(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    keys = (tmp_path / "keys.json").read_bytes()
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["keys_made"]) == (0, False)
    assert (tmp_path / "keys.json").read_bytes() == keys


def test_a_members_row_that_cannot_be_read_leaves_its_person_out(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    (tmp_path / "members.csv").write_text(MEMBERS.replace("1980-03-01", "1980-13-01"), encoding="utf-8")
    code, said = run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    assert (code, said["new"], said["rejected"]) == (1, 4, 1)


@pytest.fixture
def retired_late(databases: Databases, tmp_path: Path) -> Callable[..., tuple[int, Any]]:
    """A ledger with a settlement of a person who was retired, as was learnt later; and `readjudicate` for it."""
    office = open_office(tmp_path, plan="undo-forbid", url=databases.new_url())
    for receipt, person in (("A", PERSON), ("B", PERSON), ("C", THIRD)):
        office.settle(bill(1200, receipt, person))
    (tmp_path / "late.csv").write_text(MEMBERS.replace("2020-01-01,,normal", "2023-06-01,,normal", 1), encoding="utf-8")
    load_members(office.database, tmp_path / "late.csv", KEYRING, office.world)
    office.database.close()
    secrets = {"current": "k1", "keys": {"k1": bytes(range(32)).hex()}, "index_key": bytes(range(32, 64)).hex()}
    (tmp_path / "keys.json").write_text(json.dumps(secrets))
    (tmp_path / "persons.txt").write_text(f"{THIRD}\n")
    url = office.database.engine.url.render_as_string(hide_password=False)
    own = ("--database-url", url, "--plans", str(PLANS["undo-forbid"]), "--json")

    def command(*words: str) -> tuple[int, Any]:
        capture = io.StringIO()
        with contextlib.redirect_stdout(capture):
            code = main([*words, *own])
        return code, json.loads(capture.getvalue())

    return command


def test_a_year_is_looked_at_first_and_posted_once(retired_late: Run, tmp_path: Path) -> None:
    job = ("ledger", "readjudicate", "--name", "late", "--year", "2023")
    third = (*job, "--persons", str(tmp_path / "persons.txt"), "--keys", str(tmp_path / "keys.json"))
    assert retired_late(*third)[1]["settlements"] == 0
    code, said = retired_late(*job, "--all")
    assert (code, said["posted"], said["persons"], said["settlements"]) == (0, False, 1, 2)
    # A: 200 x 70 % = 140; B: 1,200 x 70 % = 840; not insured then
    assert said["sums"] == {"cash:person": "980.00", "fund:pool": "-980.00"}
    code, posted = retired_late(*job, "--all", "--post")
    assert (code, posted["sums"], posted["adjusted"]) == (0, said["sums"], said["adjusted"])
    assert retired_late(*job, "--all", "--post")[1]["settlements"] == 0
    assert retired_late("verify")[1]["findings"] == []


def test_balances_are_loaded_once_under_a_name(run: Run, tmp_path: Path) -> None:
    run("ledger", "init", "--keys", "keys.json")
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    plan = "cn.beijing.employees.2023"
    (tmp_path / "deposits.csv").write_text(f"person_id,plan,amount\n{PERSON},{plan},200.00\n")
    (tmp_path / "openings.csv").write_text(f"plan,holder,counter,keys,period,value\n{plan},{PERSON},account,,0,500\n")
    load = ("ledger", "load", "--keys", "keys.json", "--plans", str(PLANS["beijing"]), "--name", "2023-05")
    counts = {"name": "2023-05", "posted": 1, "before": 0, "refused": 0, "reasons": []}
    assert run(*load, "--openings", "openings.csv") == (0, counts)
    assert run(*load, "--deposits", "deposits.csv") == (0, counts)
    assert run(*load, "--deposits", "deposits.csv") == (0, counts | {"posted": 0, "before": 1})
    (tmp_path / "deposits.csv").write_text(f"person_id,plan,amount\n{PERSON},{plan},-205.01\n")
    code, said = run(*load[:-1], "back", "--deposits", "deposits.csv")
    assert (code, said["reasons"]) == (1, [{"line": 2, "reason": "below_zero"}])
    for wrong in (load, (*load[:-2], "--deposits", "deposits.csv"), (*load, "--members", "members.csv")):
        code, said = run(*wrong)
        assert (code, said["error"]["code"]) == (2, "BALANCE_WHICH")
    assert run("verify", "--plans", str(PLANS["beijing"]))[1]["findings"] == []


def test_a_month_that_is_not_over_is_not_closed(run: Run) -> None:
    run("ledger", "init", "--keys", "keys.json")
    assert run("ledger", "close", "--period", "2099-01")[1]["error"]["code"] == "PERIOD_NOT_OVER"
    assert run("ledger", "close", "--period", "2023-4")[1]["error"]["code"] == "PERIOD_NOT_READ"
    code, said = run("ledger", "close", "--period", "2023-01")
    assert (code, said["period"], said["rows"], said["sums"]) == (0, "2023-01", 0, {})


def test_a_job_says_for_whom(retired_late: Run, tmp_path: Path) -> None:
    job = ("ledger", "readjudicate", "--name", "late", "--year", "2023")
    persons = ("--persons", str(tmp_path / "persons.txt"))
    assert retired_late(*job)[1]["error"]["code"] == "JOB_FOR_WHOM"
    assert retired_late(*job, "--all", *persons)[1]["error"]["code"] == "JOB_FOR_WHOM"
    assert retired_late(*job, *persons)[1]["error"]["code"] == "JOB_WITHOUT_KEYS"
    for listed in (f"\ufeff{THIRD}\r\n\r\nnobody\n".encode(), f"{THIRD}\n\n无此人\n".encode("gb18030")):
        (tmp_path / "persons.txt").write_bytes(listed)
        code, said = retired_late(*job, *persons, "--keys", str(tmp_path / "keys.json"))
        assert (code, said["error"]["code"]) == (2, "JOB_PERSON_UNKNOWN")
        assert "line 3" in said["error"]["message"]
        assert "nobody" not in said["error"]["message"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite://", "LEDGER_IN_MEMORY"),
        ("sqlite:///:memory:", "LEDGER_IN_MEMORY"),
        ("mysql://x/y", "LEDGER_DATABASE_UNKNOWN"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "LEDGER_NOT_REACHED"),
        ("sqlite:///ledger.db", "LEDGER_NOT_THERE"),
    ],
)
def test_a_ledger_that_could_lose_or_lacks_something_is_refused(
    url: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "--database-url", url, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:///ledger.db", "LEDGER_NOT_THERE"),
        ("sqlite:///folder", "CLI_IS_A_FOLDER"),
        ("sqlite:///none/ledger.db", "CLI_NO_FILE"),
        ("sqlite:///text.db", "LEDGER_FILE_NOT_OPENED"),
        ("ledger.db", "LEDGER_DATABASE_UNKNOWN"),
        ("", "LEDGER_DATABASE_UNKNOWN"),
    ],
)
def test_a_wrong_address_of_a_ledger_is_named_and_nothing_is_left_behind(
    url: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.db").write_text("no database\n" * 100)
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    make_keys(tmp_path / "keys.json")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    keys = ("--keys", "keys.json")
    commands = [
        ("verify",),
        ("backup", "--out", "backup"),
        ("ledger", "close", "--period", "2023-01"),
        ("ledger", "load", *keys, "--members", "members.csv"),
        ("ledger", "seal"),
        ("ledger", "audit"),
        ("ledger", "key", "list"),
        ("ledger", "readjudicate", "--name", "j", "--year", "2023", "--all"),
    ]
    if code != "LEDGER_NOT_THERE":
        commands.append(("ledger", "init", "--keys", "new.json"))
    for command in commands:
        assert main([*command, "--database-url", url, "--json"]) == 2
        said = capsys.readouterr()
        assert json.loads(said.out)["error"]["code"] == code
        assert said.err == ""
    if url:  # an empty one is none: a sandbox
        assert main(["serve", *keys, "--database-url", url, "--lang", "zh"]) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_ledger_that_could_not_be_made_leaves_neither_file_nor_keys(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert main(["ledger", "init", "--database-url", url, "--keys", str(tmp_path / "none" / "keys.json")]) == 2
    (tmp_path / "archive").write_bytes(b"no archive")
    assert main(["restore", str(tmp_path / "archive"), "--database-url", url]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_keys_of_another_ledger_are_refused_and_nobody_is_loaded_twice(site: Run, tmp_path: Path) -> None:
    make_keys(tmp_path / "other.json")
    (tmp_path / "deposits.csv").write_text("person_id,plan,amount\n")
    (tmp_path / "persons.txt").write_text(f"{PERSON}\n")
    keys = ("--keys", "other.json")
    for command in (
        ("ledger", "load", *keys, "--members", "members.csv"),
        ("ledger", "load", *keys, "--deposits", "deposits.csv", "--name", "d"),
        ("ledger", "key", "add", "h1", *keys, "--role", "admin", "--out", "h1.json"),
        ("ledger", "readjudicate", "--name", "j", "--year", "2023", "--persons", "persons.txt", *keys),
        ("ledger", "init", *keys),
        ("ledger", "init", "--keys", "mistyped.json"),
    ):
        code, said = site(*command)
        assert (code, said["error"]["code"]) == (2, "KEYS_OF_ANOTHER_LEDGER")
    assert not (tmp_path / "mistyped.json").exists()
    assert site("ledger", "load", "--keys", "keys.json", "--members", "members.csv")[1]["unchanged"] == 5


def test_keys_of_another_form_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"current": "1", "keys": {"1": "00"}, "index_key": ""}')
    code, said = run("ledger", "init", "--keys", "keys.json")
    assert (code, said["error"]["code"]) == (2, "KEYS_NOT_READ")


@pytest.fixture
def site(run: Run, tmp_path: Path) -> Run:
    """A ledger with an institution, and its keys."""
    run("ledger", "init", "--keys", "keys.json")
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    run("ledger", "load", "--keys", "keys.json", "--members", "members.csv")
    return run


HOSPITAL_KEY = ("--keys", "keys.json", "--role", "institution", "--institution", HOSPITAL)


def test_keys_are_made_handed_over_listed_and_taken_away(site: Run, tmp_path: Path) -> None:
    code, said = site("ledger", "key", "add", "h1", *HOSPITAL_KEY, "--out", "h1.json", "--until", "2999-01-01")
    assert (code, said) == (0, {"key_id": "h1", "file": "h1.json"})
    assert (tmp_path / "h1.json").stat().st_mode & 0o777 == 0o600
    credential = read_credentials(tmp_path / "h1.json")["h1"]
    assert credential.principal == Principal("h1", HOSPITAL, Role.INSTITUTION)
    auditor = ("--keys", "keys.json", "--role", "auditor", "--algorithm", "hmac-sm3", "--from", "2998-01-01")
    assert site("ledger", "key", "add", "a1", *auditor, "--out", "a1.json")[0] == 0
    assert site("ledger", "key", "disable", "h1") == (0, {"key_id": "h1"})
    code, said = site("ledger", "key", "list")
    assert [(key["key_id"], key["standing"], key["algorithm"]) for key in said["keys"]] == [
        ("a1", "not_yet", "hmac-sm3"),
        ("h1", "disabled", "hmac-sha256"),
    ]
    assert said["keys"][1]["valid_until"] == "2999-01-01T00:00:00.000+08:00"
    assert credential.secret.hex() not in str(said)
    missing = site("ledger", "key", "add", "h2", *HOSPITAL_KEY, "--out", "none/h2.json")
    assert missing[1]["error"]["code"] == "CLI_NO_FILE", "a key whose secret stands nowhere is not kept"
    again = site("ledger", "key", "add", "h1", *HOSPITAL_KEY, "--out", "h1-again.json")
    assert again[1]["error"]["code"] == "KEY_ID_USED"
    assert not (tmp_path / "h1-again.json").exists()
    code, said = site("ledger", "audit")
    assert [(deed["deed"], deed["subject"]) for deed in said["audit"]] == [
        ("key add", "h1"),
        ("key add", "a1"),
        ("key disable", "h1"),
    ]
    assert all(deed["actor"].startswith("command:") for deed in said["audit"])
    assert site("ledger", "audit", "--from", "2000-01-01", "--to", "2000-01-01")[1] == {"audit": []}
    assert site("ledger", "audit", "--to", "2000-01-01")[1]["error"]["code"] == "AUDIT_DAYS_REVERSED"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("a b", *HOSPITAL_KEY, "--out", "new.json"), "KEY_ID_NOT_READ"),
        (("h1", "--keys", "keys.json", "--role", "institution", "--out", "new.json"), "KEY_ROLE_AND_INSTITUTION"),
        (("h1", *HOSPITAL_KEY, "--role", "admin", "--out", "new.json"), "KEY_ROLE_AND_INSTITUTION"),
        (("h1", *HOSPITAL_KEY, "--out", "keys.json"), "KEY_FILE_THERE"),
        (("h1", *HOSPITAL_KEY, "--out", "new.json", "--from", "2023-02-30"), "NO_SUCH_DAY"),
        (("h1", *HOSPITAL_KEY, "--out", "new.json", "--until", "2001-01-01"), "KEY_ENDS_BEFORE_IT_BEGINS"),
    ],
)
def test_a_key_that_is_wrongly_asked_for_is_not_made(
    site: Run, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    status, said = site("ledger", "key", "add", *words)
    assert (status, said["error"]["code"]) == (2, code)
    assert site("ledger", "key", "list")[1] == {"keys": []}
    assert not (tmp_path / "new.json").exists()
