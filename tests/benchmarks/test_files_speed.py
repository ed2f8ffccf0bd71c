"""The benchmark of files settles the same claims to the same fen as the engine in memory."""

from __future__ import annotations

from benchmarks import files_speed


def test_small_files_are_settled_as_in_memory() -> None:
    clock, engine = files_speed.measure(2_000, rounds=1)
    assert engine > 0
    assert all(seconds > 0 for seconds in clock.seconds.values())
