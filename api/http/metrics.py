"""Figures of the running service in the Prometheus format. No label holds anything that a client chose."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
GROUPS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The figures of one service, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("route", "method", "status")
        self.requests = Counter("adjudicator_requests", "Requests answered", names, registry=self._registry)
        self.seconds = Histogram(
            "adjudicator_request_seconds", "Time to answer", ("route",), buckets=SECONDS, registry=self._registry
        )
        self.messages = Counter("adjudicator_messages", "Messages decided", ("outcome",), registry=self._registry)
        self.groups = Histogram(
            "adjudicator_group", "Messages of a transaction", buckets=GROUPS, registry=self._registry
        )
        self._waiting = Gauge("adjudicator_waiting", "Messages that wait for their group", registry=self._registry)

    def watch(self, waiting: Callable[[], int]) -> None:
        """Ask for the number of waiting messages whenever the figures are read."""
        self._waiting.set_function(waiting)

    def text(self) -> bytes:
        """Give all figures."""
        return generate_latest(self._registry)
