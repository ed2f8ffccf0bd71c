"""Our kernel under a shipped plan: Chengdu's employees composed with a civil-servant subsidy, seven layers."""

from __future__ import annotations

from benchmarks.peers import shipped_plans
from benchmarks.peers.columns import Columns
from benchmarks.peers.shipped_plans import check, run

NAME = "ours, kernel: Chengdu with civil servants, composed (7 layers)"
PLAN = "cn.illustrative.chengdu.civil_servant"
__all__ = ["NAME", "check", "prepare", "run"]


def prepare(columns: Columns, threads: int) -> shipped_plans.State:
    return shipped_plans.prepare(columns, threads, PLAN, shipped_plans.chengdu)
