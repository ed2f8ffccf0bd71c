"""Write the files of an import: all into a folder beside the place, which then takes the place as a whole."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogs.findings import Finding

MANIFEST = "import.json"
"""Names every file of the import. A folder without it was made by somebody else, and is never replaced."""

TABLES = "tables"
"""Folder of the files in table format; what stands beside it is for people and later steps."""

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One CSV file: `path` inside the folder, header and rows. `mark`: begins with the mark Excel needs for UTF-8."""

    path: str
    header: tuple[str, ...]
    rows: Iterable[Row]
    mark: bool = False


def table_file(name: str, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> OutputFile:
    """Give a file in table format; every row is written in the order of the header, missing cells empty."""
    return OutputFile(f"{TABLES}/{name}.csv", tuple(header), [[row.get(c, "") for c in header] for row in rows])


def refused(place: Path) -> list[Finding]:
    """Give a finding when writing to `place` would destroy what no import wrote."""
    if not place.exists():
        return []
    if not place.is_dir():
        return [Finding("IMPORT_OUT_IS_A_FILE", str(place))]
    present = {p.relative_to(place).as_posix() for p in place.rglob("*") if not p.is_dir()}
    foreign = sorted(present - _written(place))
    return [Finding("IMPORT_OUT_NOT_OURS", str(place), fields={"names": "、".join(foreign[:5])})] if foreign else []


def _written(place: Path) -> set[str]:
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        return {MANIFEST, *manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def write_import(
    place: Path, files: Iterable[OutputFile], texts: Mapping[str, str], manifest: Mapping[str, object]
) -> list[str]:
    """Write everything and put it in place at once; give the names written. Raises OSError when the disk refuses.

    Until the last moment `place` is untouched; a folder of an earlier import is replaced.
    """
    place = place.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        names = [_write(fresh, file) for file in files]
        for name, text in texts.items():
            (fresh / name).write_text(text, encoding="utf-8")
            names.append(name)
        content = json.dumps({**manifest, "files": sorted(names)}, ensure_ascii=False, indent=1)
        (fresh / MANIFEST).write_text(content + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        _take_place(fresh, place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return sorted([*names, MANIFEST])


def _write(folder: Path, file: OutputFile) -> str:
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig" if file.mark else "utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(file.header)
        writer.writerows(file.rows)
    return file.path


def _take_place(fresh: Path, place: Path) -> None:
    if not place.exists():
        fresh.rename(place)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent))
    place.replace(old)
    try:
        fresh.rename(place)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        old.replace(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
