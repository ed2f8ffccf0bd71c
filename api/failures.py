"""Failures of a command as one message a person can act on: what was found, what was expected, what to do."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from adjudicator.errors import AdjudicatorError
from api.messages import Messages

COULD_NOT_RUN = 2

UsageError = typer.BadParameter.__bases__[0]
"""The root of typer's usage errors, which typer does not export."""

NOT_A_CHOICE = re.compile(r" is not one of (.+?)\.?$")
TOO_SMALL = re.compile(r"^Input should be greater than or equal to (\S+)$")
NO_NUMBER = re.compile(r"^Input should be a valid (?:integer|number)")
ONE_TOO_MANY = re.compile(r"^Got unexpected extra arguments?(?:\(s\))? \((.*)\)$")
NO_COMMAND = re.compile(r"^No such command '(.*?)'\.(?: Did you mean (.+)\?)?$")
"""Typer's own sentences, English in every language; one that is not recognised is shown as it is."""


DATABASES = ("sqlalchemy.exc", "pysqlite3.dbapi2", "sqlite3")
"""Modules whose errors are failures of a database."""


class CannotRunError(AdjudicatorError):
    """The command cannot be run as asked; `code` is a message of the catalogue and `fields` fill it."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(f"{code} {fields}")
        self.code, self.fields = code, fields


def report(failure: Exception, say: Messages, as_json: bool = False) -> int:
    """Print a failure (to standard error, or as JSON to standard output) and give the exit code.

    A failure that is no one's fault but the program's keeps its traceback.
    """
    findings = getattr(failure, "findings", ())
    code, text, advice = _describe(failure, say)
    if not code:
        print(text, file=sys.stderr)
        return COULD_NOT_RUN
    if code == "CLI_DEFECT":
        traceback.print_exception(failure)
    if as_json:
        import orjson

        listed = [finding.as_dict(say.language) for finding in findings]
        document = {"error": {"code": code, "message": text, "help": advice}, "findings": listed}
        _print_document(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        print(f"{say('CLI_ERROR')}: {text}", file=sys.stderr)
        for finding in findings:
            print(finding.render(say.language), file=sys.stderr)
        if advice:
            print(f"  {advice}", file=sys.stderr)
    return COULD_NOT_RUN


def _print_document(text: str) -> None:
    """Print to standard output; to standard error where that cannot be written to."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(text, file=sys.stderr)


def _describe(failure: Exception, say: Messages) -> tuple[str, str, str]:
    """Give code, text and advice; the code is empty for a text that stands alone."""
    if isinstance(failure, CannotRunError):
        return failure.code, say(failure.code, **failure.fields), say.help(failure.code, **failure.fields)
    if isinstance(failure, UsageError):
        return _usage(failure, say)
    if isinstance(failure, OSError):
        return _file(failure, say)
    if type(failure).__name__ == "OutcomeUnknownError":
        return _told("LEDGER_OUTCOME_UNKNOWN", {"problem": _cause(failure.__cause__)}, say)
    if type(failure).__module__ in DATABASES:
        return _told("LEDGER_FAILED", {"problem": _cause(failure)}, say)
    findings = getattr(failure, "findings", None)
    if findings:
        return _told("CLI_FINDINGS", {"count": len(findings)}, say)
    if isinstance(failure, AdjudicatorError):
        return type(failure).__name__, str(failure), ""
    return "CLI_DEFECT", say("CLI_DEFECT", problem=repr(failure)), say.help("CLI_DEFECT")


def _cause(failure: BaseException | None) -> str:
    """Give what a database says of a failure, without the statement: it may hold what is nobody else's business."""
    if type(failure).__module__ == "sqlalchemy.exc":
        return str(getattr(failure, "orig", None) or type(failure).__name__).strip()
    return str(failure).strip()


def _usage(failure: Exception, say: Messages) -> tuple[str, str, str]:
    context = getattr(failure, "ctx", None)
    command = context.command_path if context else "adjudicator"
    kind = type(failure).__name__
    if kind == "NoArgsIsHelpError":
        return "", str(failure), ""
    if kind == "NoSuchOption":
        near = ", ".join(getattr(failure, "possibilities", None) or ())
        hint = say("CLI_DID_YOU_MEAN", names=near) if near else ""
        fields = {"option": getattr(failure, "option_name", ""), "command": command, "hint": hint}
        return _told("CLI_NO_SUCH_OPTION", fields, say)
    parameter = getattr(failure, "param", None)
    name = _name_of(parameter) if parameter is not None else ""
    problem = getattr(failure, "message", "") or str(failure)
    if kind == "MissingParameter":
        return _told("CLI_MISSING_PARAMETER", {"name": name, "command": command}, say)
    if name and (choices := NOT_A_CHOICE.search(problem)):
        words = choices[1].replace("'", "")
        return _told("CLI_NOT_A_CHOICE", {"name": name, "choices": words, "command": command}, say)
    if name and (least := TOO_SMALL.search(problem)):
        return _told("CLI_TOO_SMALL", {"name": name, "least": least[1], "command": command}, say)
    if name and NO_NUMBER.search(problem):
        return _told("CLI_NO_NUMBER", {"name": name, "command": command}, say)
    if words := ONE_TOO_MANY.search(problem):
        return _told("CLI_ONE_TOO_MANY", {"words": words[1], "command": command}, say)
    if word := NO_COMMAND.search(problem):
        hint = say("CLI_DID_YOU_MEAN", names=word[2].replace("'", "")) if word[2] else ""
        return _told("CLI_NO_COMMAND", {"word": word[1], "command": command, "hint": hint}, say)
    if name:
        return _told("CLI_BAD_PARAMETER", {"name": name, "problem": problem, "command": command}, say)
    return _told("CLI_USAGE", {"problem": problem, "command": command}, say)


def _name_of(parameter: Any) -> str:
    """Give a parameter as it is typed: `--members`, or the word that stands for an argument in the help."""
    options = [word for word in parameter.opts if word.startswith("--")]
    return options[0] if options else str(parameter.metavar or parameter.name).upper()


def _file(failure: OSError, say: Messages) -> tuple[str, str, str]:
    path = str(failure.filename or "")
    if isinstance(failure, FileNotFoundError):
        return _told("CLI_NO_FILE", {"path": path, "folder": Path.cwd()}, say)
    if isinstance(failure, PermissionError):
        return _told("CLI_NO_PERMISSION", {"path": path}, say)
    if isinstance(failure, (NotADirectoryError, FileExistsError)):
        return _told("CLI_NOT_A_FOLDER", {"path": path}, say)
    if isinstance(failure, IsADirectoryError):
        return _told("CLI_IS_A_FOLDER", {"path": path}, say)
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return _told("CLI_DISK_FULL", {"path": path or "stdout"}, say)
    return _told("CLI_FILE_TROUBLE", {"path": path, "problem": failure.strerror or str(failure)}, say)


def _told(code: str, fields: dict[str, object], say: Messages) -> tuple[str, str, str]:
    return code, say(code, **fields), say.help(code, **fields)
