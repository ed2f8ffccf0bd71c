"""The folder of a run: written beside its place and moved there whole, so that no one sees half a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import orjson

from api.failures import CannotRunError

MANIFEST = "manifest.json"
MADE_BY = "adjudicator"


def refuse_foreign(place: Path) -> None:
    """Raise CannotRunError where replacing `place` would destroy something that no run of this program wrote."""
    if not place.exists():
        return
    if not place.is_dir():
        raise CannotRunError("OUT_IS_A_FILE", path=place)
    present = {entry.name for entry in place.iterdir()}
    if not present:
        return
    ours = names_written(place)
    if ours is None:
        raise CannotRunError("OUT_NOT_OURS", path=place, manifest=MANIFEST)
    foreign = sorted(present - ours)
    if foreign:
        raise CannotRunError("OUT_HAS_OTHER_FILES", path=place, names=", ".join(foreign[:5]))


def names_written(place: Path) -> set[str] | None:
    """Give the names of files and folders that a run put there; None when its manifest is missing or not ours."""
    try:
        manifest = orjson.loads((place / MANIFEST).read_bytes())
        if manifest["made_by"] != MADE_BY:
            return None
        return {MANIFEST, *(PurePosixPath(output["path"]).parts[0] for output in manifest["outputs"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def replaced_folder(place: Path) -> Iterator[Path]:
    """Give a temporary folder beside `place`; it takes the place when the block ends well, and is removed when not."""
    refuse_foreign(place)
    place = place.resolve()  # a link to a folder stays a link
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        fresh.chmod(0o777 & ~_mask())
        yield fresh
        refuse_foreign(place)
        _take_place(fresh, place)
    except BaseException as failure:
        shutil.rmtree(fresh, ignore_errors=True)
        if isinstance(failure, OSError) and not failure.filename:
            failure.filename = str(place)  # a full disk names no file
        raise


def _take_place(fresh: Path, place: Path) -> None:
    if not place.exists():
        fresh.rename(place)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent)) / "run"
    place.rename(old)
    try:
        fresh.rename(place)
    except OSError:
        old.rename(place)
        raise
    finally:
        shutil.rmtree(old.parent, ignore_errors=True)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
