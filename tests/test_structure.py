"""The shape of the house: imports point down, storey 1 is pure, every message is used and said in two languages."""

from __future__ import annotations

import ast
import re
import string
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STOREYS = ("adjudicator", "catalogs", "api")
IMPURE = {
    "datetime", "io", "locale", "logging", "os", "pathlib", "random", "shutil", "socket", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib", "uuid", "warnings",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def modules(storey: str) -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / storey).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = {name: path for storey in STOREYS for name, path in modules(storey).items()}


def imports(name: str, path: Path, at_load: bool = False) -> set[str]:
    """Modules a module imports, for types too; `at_load`: but those that its functions import when they are called."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if at_load and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                package = path.name == "__init__.py"
                base = name.split(".")[: len(name.split(".")) - child.level + package] if child.level else []
                source = ".".join([*base, child.module] if child.module else base)
                for alias in child.names:
                    whole = f"{source}.{alias.name}"
                    found.add(whole if whole in MODULES else source)
            walk(child)

    walk(ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("storey", STOREYS)
def test_imports_point_down(storey: str) -> None:
    allowed = STOREYS[: STOREYS.index(storey) + 1]
    forbidden = {"tests", "benchmarks", "examples", *STOREYS} - set(allowed)
    wrong = [
        f"{name} imports {target}"
        for name, path in modules(storey).items()
        for target in sorted(imports(name, path))
        if target.split(".")[0] in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize("storey", STOREYS)
def test_no_module_imports_one_that_imports_it(storey: str) -> None:
    own = modules(storey)
    edges = {name: sorted(imports(name, path, at_load=True) & own.keys() - {name}) for name, path in own.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for target in edges[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def test_storey_one_imports_numpy_and_the_standard_library_alone() -> None:
    for name, path in modules("adjudicator").items():
        roots = {target.split(".")[0] for target in imports(name, path)}
        foreign = roots - {"adjudicator", "numpy"} - sys.stdlib_module_names
        assert not foreign, f"{name} imports {sorted(foreign)}"
        assert not roots & IMPURE, f"{name} imports {sorted(roots & IMPURE)}: storey 1 is pure"


def test_storey_one_calls_nothing_impure() -> None:
    for name, path in modules("adjudicator").items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in IMPURE_CALLS, f"{name}:{node.lineno} calls {node.func.id}"
            assert not isinstance(node, ast.Global), f"{name}:{node.lineno} changes a module's state"


def test_names_say_what_a_module_is_for() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)($|_)")
    for name in MODULES:
        assert not vague.search(name.rpartition(".")[2]), name
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert not re.match(r"_?(process|handle)_", node.name), f"{name}:{node.lineno} {node.name}"


ROOMS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "catalogs" / "messages").glob("*.toml")
}


def source_words() -> set[str]:
    """Every word of the storeys and examples that looks like a code."""
    paths = [*MODULES.values(), *sorted((ROOT / "examples").glob("*.py"))]
    return {word for path in paths for word in re.findall(r"[A-Z][A-Z0-9_]{3,}", path.read_text(encoding="utf-8"))}


def test_a_code_stands_in_one_room() -> None:
    seen: dict[str, str] = {}
    for room, entries in ROOMS.items():
        for code in entries:
            assert code not in seen, f"{code} stands in {seen[code]} and in {room}"
            seen[code] = room


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"words"}))
def test_each_message_is_used(room: str) -> None:
    used = source_words()
    assert sorted(code for code in ROOMS[room] if code not in used) == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_each_message_is_said_in_two_languages_with_the_same_fields(room: str) -> None:
    for code, entry in ROOMS[room].items():
        assert entry.get("en") and entry.get("zh"), f"{code} lacks a language"
        assert ("help_en" in entry) == ("help_zh" in entry), f"{code} has help in one language"
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(entry[key]) if field is not None}
            for key in ("en", "zh")
        ]
        assert fields[0] == fields[1], f"{code}: fields {fields[0]} in English, {fields[1]} in Chinese"


def test_each_reason_has_a_text() -> None:
    from adjudicator.reasons import ClaimReason, ClaimStatus, LineReason

    reasons = {reason.name for kind in (ClaimReason, LineReason, ClaimStatus) for reason in kind}
    assert reasons == set(ROOMS["reasons"])
