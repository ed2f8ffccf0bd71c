"""The algorithms that requests are signed by: those that are built in, and those that are installed beside the service.

A package brings its own by an entry point of the group `adjudicator.verifiers`: the name is that of the algorithm, the
object a `Verifier`. What is built in cannot be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from api.failures import CannotRunError
from api.wire.signing import ALGORITHMS, Verifier

GROUP = "adjudicator.verifiers"


def installed_verifiers() -> Mapping[str, Verifier]:
    """Give every algorithm by its name. Raises CannotRunError for one that cannot be loaded."""
    found: dict[str, Verifier] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except Exception as failure:  # whatever the package of a site does
            raise CannotRunError("VERIFIER_NOT_LOADED", name=point.name, problem=failure) from failure
    return {**found, **ALGORITHMS}
