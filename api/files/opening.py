"""Open a file of any accepted kind; what it holds decides, not its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from api.files.delimited import open_delimited
from api.files.findings import InputError
from api.files.headings import Part
from api.files.source import Source
from catalogs.findings import Finding

LOOKED_AT = 4096


def open_source(path: Path | str, parts: tuple[Part, ...]) -> Source:
    """Open a file of claims, lines or members. Raises InputError when it cannot be read at all.

    Delimited text, JSON lines, Parquet and workbooks are told apart by their first bytes.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(LOOKED_AT)
    except OSError as error:
        raise InputError([Finding("FILE_NOT_OPENED", path.name, fields={"why": error.strerror})]) from error
    reader = _reader(head, path)
    try:
        return reader(path, parts)
    except InputError:
        raise
    except (pa.ArrowInvalid, ValueError, OSError, RuntimeError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError([Finding("FILE_NOT_READ", path.name, fields={"why": why})]) from error
    except Exception as error:
        if type(error).__module__.startswith("python_calamine"):
            raise InputError([Finding("FILE_NOT_READ", path.name, fields={"why": str(error)[:200]})]) from error
        raise


def _reader(head: bytes, path: Path) -> Callable[[Path, tuple[Part, ...]], Source]:
    """Choose the reader by the first bytes; imports wait until a kind of file is met."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        from api.files.workbook import open_workbook

        return open_workbook
    if head.startswith(b"PAR1"):
        from api.files.columnar import open_parquet

        return open_parquet
    broken_up = text.startswith(b"{") and text[1:].lstrip(b" \t\r").startswith(b"\n")
    if text.startswith(b"{") and not broken_up:
        from api.files.jsonlines import open_json_lines

        return open_json_lines
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not text:
        raise InputError([Finding("FILE_EMPTY", path.name)])
    if broken_up or text.startswith(b"[") or head.startswith((b"\x1f\x8b", b"%PDF", b"<")):
        raise InputError([Finding("FILE_OF_OTHER_KIND", path.name)])
    controls = sum(byte < 32 and byte not in b"\t\r\n\x1f" for byte in head)
    if controls * 4 > len(head) and not utf16:
        raise InputError([Finding("FILE_OF_OTHER_KIND", path.name)])
    return open_delimited


__all__ = ["open_source"]
