"""The manifest of a run: what went in, what was applied and what came out, each by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from api.failures import CannotRunError
from api.output.folder import MADE_BY, MANIFEST

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file as it was: path as given, absolute path, size and SHA-256. `role` says what it was for."""

    role: str
    path: str
    absolute: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PlanMark:
    """A plan that settled at least one claim, by its id and the digest of what it compiled to."""

    plan: str
    scheme: str
    place: str
    digest: str
    claims: int


@dataclass(frozen=True, slots=True)
class OutputMark:
    """A file of the run, relative to its folder."""

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything needed to repeat the run and to see that nothing has changed since."""

    inputs: tuple[FileMark, ...]
    rules: tuple[FileMark, ...]
    plans: tuple[PlanMark, ...]
    options: Mapping[str, Any]
    counts: Mapping[str, int]
    totals: Mapping[str, Any]
    settled_at: str
    outputs: tuple[OutputMark, ...] = ()
    engine: Mapping[str, str] = field(default_factory=lambda: engine_versions())
    format: int = FORMAT
    made_by: str = MADE_BY

    def write(self, folder: Path) -> None:
        """Write `manifest.json`."""
        document = orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (folder / MANIFEST).write_bytes(document)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run. Raises CannotRunError when there is none, or one of another format."""
    path = folder / MANIFEST
    try:
        found = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise CannotRunError("RUN_NOT_FOUND", path=folder, manifest=MANIFEST) from None
    except ValueError:
        raise CannotRunError("RUN_MANIFEST_BROKEN", path=path) from None
    if not isinstance(found, dict) or found.get("made_by") != MADE_BY or found.get("format") != FORMAT:
        raise CannotRunError("RUN_MANIFEST_BROKEN", path=path)
    try:
        found["inputs"] = tuple(FileMark(**mark) for mark in found["inputs"])
        found["rules"] = tuple(FileMark(**mark) for mark in found["rules"])
        found["plans"] = tuple(PlanMark(**mark) for mark in found["plans"])
        found["outputs"] = tuple(OutputMark(**mark) for mark in found["outputs"])
        return Manifest(**found)
    except (TypeError, KeyError):
        raise CannotRunError("RUN_MANIFEST_BROKEN", path=path) from None


def engine_versions() -> dict[str, str]:
    """Give the versions that results may depend on."""
    return {name: version(name) for name in ("adjudicator", "numpy", "pyarrow")}


def sha256_of(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mark_file(role: str, path: Path) -> FileMark:
    """Note a file as it is now."""
    return FileMark(role, str(path), str(path.absolute()), path.stat().st_size, sha256_of(path))


def mark_files(role: str, paths: Iterable[Path]) -> tuple[FileMark, ...]:
    """Note files, in order of their names."""
    return tuple(mark_file(role, path) for path in sorted(paths))


def changed(marks: Iterable[FileMark]) -> list[tuple[FileMark, str]]:
    """Give the files that are no longer what they were, each with "missing" or "changed"."""
    found = []
    for mark in marks:
        path = Path(mark.absolute)
        if not path.is_file():
            found.append((mark, "missing"))
        elif path.stat().st_size != mark.bytes or sha256_of(path) != mark.sha256:
            found.append((mark, "changed"))
    return found
