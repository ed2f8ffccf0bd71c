"""Our kernel under a shipped plan: Beijing's employees, six layers."""

from __future__ import annotations

from benchmarks.peers import shipped_plans
from benchmarks.peers.columns import Columns
from benchmarks.peers.shipped_plans import check, run

NAME = "ours, kernel: Beijing employees (6 layers)"
PLAN = "cn.beijing.employees.2023"
__all__ = ["NAME", "check", "prepare", "run"]


def prepare(columns: Columns, threads: int) -> shipped_plans.State:
    return shipped_plans.prepare(columns, threads, PLAN, shipped_plans.beijing)
