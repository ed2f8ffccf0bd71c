"""Storey 3: everything that faces people, programs, files and disks.

`settle_files` and `settle_tables` are the whole engine in one call; they are loaded when first asked for, so that the
command line starts without NumPy and Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.run import Run, settle_files, settle_tables

__all__ = ["Run", "settle_files", "settle_tables"]


def __getattr__(name: str) -> Any:
    """Load the one call when it is first named."""
    if name in __all__:
        from api import run

        return getattr(run, name)
    raise AttributeError(f"module 'api' has no attribute {name!r}")
