"""The contenders there are, and one of them in a process of its own on pinned cores."""

from __future__ import annotations

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, peers

PEERS = Path(peers.__file__).parent
OURS = "ours"


class Contender:
    """A process with one contender, its tables loaded."""

    def __init__(self, module: str, lines: int, threads: int):
        self.module, self.threads = module, threads
        cores = ",".join(map(str, machine.cores()[:threads]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contender", module, str(lines), str(threads), cores],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready = self._answer()

    def ask(self, word: str) -> dict[str, Any]:
        """Say `run` or `check`, and wait for the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            return {"skipped": (said.strip().splitlines() or [f"ended with {self._process.returncode}"])[-1][:300]}
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        self._process.communicate()


def modules() -> list[str]:
    """Give the contenders of the package, the modules with a NAME; ours first."""
    names = [found.name for found in pkgutil.iter_modules(peers.__path__)]
    return sorted((n for n in names if name_of(n)), key=lambda n: (n != OURS, not n.startswith(OURS), n))


def attribute(module: str, name: str, default: Any) -> Any:
    """Read a constant of a contender without importing its package: it may not be installed."""
    tree = ast.parse((PEERS / f"{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                break
    return default


def name_of(module: str) -> str:
    """Give the name in the table; empty for a module that is no contender."""
    return str(attribute(module, "NAME", ""))


def plan_of(module: str) -> str:
    """Give the shipped plan a contender settles by; empty for the reference plan."""
    return str(attribute(module, "PLAN", "")) if module.startswith(OURS) else ""


def family(module: str) -> str:
    return module.split("_")[0]
