"""`adjudicator serve` with a stopwatch on the stages of a settlement, for one client that asks one thing at a time.

    python -m benchmarks.service_stages stages.json serve --database-url sqlite:///ledger.db ...

What each stage took of every settlement, in milliseconds and without the stages within it, is written when it ends.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api import cli
from api.http import routes
from api.ledger import books, counters, journal
from api.ledger.database import Database
from api.service import adjudication, group, recording, service
from api.service.adjudication import Adjudicator
from api.service.posting import Posting
from api.wire.signing import Authentication

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("signature", Authentication, "sender"),
    ("nonce in the shared table", group, "keep_nonces"),
    ("parse", routes, "read_claim_message"),
    ("ledger: begin, commit", Database, "transact"),
    ("ledger: canonical form, rows, hashes", service, "run_group"),
    ("ledger: lock, read", group, "work_of"),
    ("ledger: lock, read", books, "lock_holders"),
    ("ledger: lock, read", counters, "read_counters"),
    ("ledger: lock, read", journal, "standing"),
    ("ledger: lock, read", journal, "take_seqs"),
    ("ledger: lock, read", group, "last_closed"),
    ("ledger: write", Posting, "write"),
    ("door", Adjudicator, "_admit"),
    ("engine", adjudication, "settle"),
    ("read the results", Adjudicator, "judge"),
    ("serialise", recording, "settled_body"),
)
"""Name of a stage, and where the function stands that is called for it; the first begins a settlement."""


class Stopwatch:
    """Adds up what stages take, by settlement."""

    def __init__(self) -> None:
        self.settlements: list[Counter[str]] = []
        self._own = threading.local()

    def watch(self, stage: str, owner: Any, name: str) -> None:
        """Measure a function from now on, wherever its owner is asked for it."""
        setattr(owner, name, self._timed(stage, getattr(owner, name)))

    def _timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            if stage == STAGES[0][0]:
                self.settlements.append(Counter())
            outer, self._own.within = getattr(self._own, "within", 0.0), 0.0
            began = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                taken = time.perf_counter() - began
                if self.settlements:
                    self.settlements[-1][stage] += (taken - self._own.within) * 1_000  # type: ignore[assignment]
                self._own.within = outer + taken

        return timed


def main() -> None:
    out, *words = sys.argv[1:]
    stopwatch = Stopwatch()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the server passes on what has stopped it
    for stage in STAGES:
        stopwatch.watch(*stage)
    try:
        sys.exit(cli.main(words))
    finally:
        Path(out).write_text(json.dumps(stopwatch.settlements), encoding="utf-8")


if __name__ == "__main__":
    main()
