"""Bytes of a delimited file as clean UTF-8 lines: encoding found, line ends made equal, over-long records cut.

Works on blocks of some megabytes, each ending at a line end, so that memory stays bounded whatever a file holds.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from adjudicator.columns import Int64

BLOCK_BYTES = 8 << 20
"""Bytes read at once."""

LONGEST_RECORD = 1 << 20
"""A record (line) may have so many bytes; a longer one is cut and refused."""

LONGEST_QUOTED = 200
"""A quoted cell may span so many lines; a longer one is an opening quote that nobody closed."""

CUT = "\x1fCUT\x1f"
"""Stands in a record in place of what was cut off; no column of a file can hold it."""

REPLACED = "\ufffd"
"""Stands for bytes that are no text in the encoding of the file."""

_HIGH = bytes(range(128, 256))
_NEWLINE = 10
_QUOTE = 34


def blocks(file: BinaryIO, longest: int = LONGEST_RECORD, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Give the bytes of a file in blocks that end at a line end; line ends are all `\\n`.

    A line longer than `longest` is cut: its head, then the mark CUT, then its line end. Never holds more than two
    blocks and one line of `longest`.
    """
    rest, cutting = b"", False
    while chunk := file.read(size):
        if chunk.endswith(b"\r"):
            chunk += file.read(1)
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if cutting:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk, cutting = chunk[end:], False
        chunk = rest + chunk
        end = chunk.rfind(b"\n") + 1
        rest = chunk[end:]
        if len(rest) > longest:
            rest, cutting = _cut(rest), True
        if end:
            yield _shorten(chunk[:end], longest)
    if rest:
        yield _shorten(rest + b"\n", longest)


def _cut(line: bytes) -> bytes:
    """Give the head of an over-long line: its whole cells before the long one, as far as they are short."""
    head = line[:4096]
    return head.replace(b'"', b"").rstrip(_HIGH) + CUT.encode()


def _shorten(block: bytes, longest: int) -> bytes:
    """Cut every line of a block that is too long."""
    if len(block) <= longest:
        return block
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    long = np.flatnonzero(ends - starts > longest)
    if not len(long):
        return block
    parts, done = [], 0
    for i in long.tolist():
        parts += [block[done : starts[i]], _cut(block[starts[i] : ends[i]])]
        done = int(ends[i])
    return b"".join([*parts, block[done:]])


class Decoder:
    """Turns blocks into UTF-8, finding the encoding at the first block that is not plain ASCII.

    `encoding` is "ascii" until then. Where neither UTF-8 nor GB18030 fits a block whole, the one that fits more lines
    is taken, and bytes that do not fit become REPLACED.
    """

    def __init__(self) -> None:
        self.encoding = "ascii"

    def decode(self, block: bytes) -> bytes:
        """Give the block in UTF-8."""
        if block.isascii():
            return block
        if self.encoding == "ascii":
            self.encoding = _encoding_of(block)
        if self.encoding == "utf-8":
            try:
                block.decode("utf-8")
            except UnicodeDecodeError:
                return block.decode("utf-8", "replace").encode()
            return block
        return block.decode("gb18030", "replace").encode()


def _encoding_of(block: bytes) -> str:
    """Say whether a block is UTF-8 or GB18030, judging by the lines that are valid in each."""
    for encoding in ("utf-8", "gb18030"):
        try:
            block.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    lines = [line for line in block[:LONGEST_RECORD].split(b"\n") if not line.isascii()]
    valid = {encoding: sum(_decodes(line, encoding) for line in lines) for encoding in ("utf-8", "gb18030")}
    return "utf-8" if valid["utf-8"] >= valid["gb18030"] else "gb18030"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class CleanText(io.RawIOBase):
    """A readable stream of clean UTF-8 lines over a file of unknown encoding, for readers that want a file.

    Byte order marks are dropped; UTF-16 with a mark is read. A quote that is opened and not closed within
    LONGEST_QUOTED lines, or only after lines with as many delimiters as a row of `width` cells has, is dropped, and its
    record gets the mark CUT.
    """

    def __init__(self, file: BinaryIO, longest: int = LONGEST_RECORD, delimiter: bytes = b",", width: int = 0) -> None:
        self.decoder = Decoder()
        self._delimiter, self._between = delimiter, max(width - 1, 0)
        self.quoted_lines = False
        self._blocks = self._clean(_without_mark(file), longest)
        self._ready = b""
        self._open = b""

    def _clean(self, file: BinaryIO, longest: int) -> Iterator[bytes]:
        for block in blocks(file, longest):
            text = self.decoder.decode(block)
            if b'"' in text or self._open:
                text = self._close_quotes(self._open + text)
            if text:
                yield text
        if self._open:
            yield _drop_quotes(self._open)

    def _close_quotes(self, text: bytes) -> bytes:
        """Hold back a tail whose quote is still open; drop the quotes of records that stay open too long."""
        self._open = b""
        array = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(array == _NEWLINE)
        quotes = np.searchsorted(np.flatnonzero(array == _QUOTE), ends)
        odd = np.flatnonzero(np.diff(quotes, prepend=0) % 2)
        if not len(odd):
            return text
        self.quoted_lines = True
        parts, done, i, lines = [], 0, 0, odd.tolist()
        while i < len(lines):
            start = 0 if lines[i] == 0 else int(ends[lines[i] - 1]) + 1
            last = lines[i + 1] if i + 1 < len(lines) else len(ends) - 1
            closed = i + 1 < len(lines)
            short = not self._swallows(text, ends, lines[i], last, closed)
            short &= last - lines[i] <= LONGEST_QUOTED and int(ends[last]) - start <= LONGEST_RECORD
            if short and closed:
                i += 2
                continue
            if short:
                self._open = text[start:]
                parts.append(text[done:start])
                return b"".join(parts)
            end = int(ends[lines[i]])
            parts += [text[done:start], _drop_quotes(text[start:end])]
            done, i = end, i + 1
        return b"".join([*parts, text[done:]])

    def _swallows(self, text: bytes, ends: Int64, first: int, last: int, closed: bool) -> bool:
        """Say whether a quoted cell from line `first` to line `last` holds what look like rows of their own.

        Two stray quotes in two rows would otherwise hide the rows between them.
        """
        if not self._between or not closed:
            return False
        starts = [0 if line == 0 else int(ends[line - 1]) + 1 for line in range(first, last + 2)]
        found = [text.count(self._delimiter, a, b) for a, b in pairwise(starts)]
        both = found[0] + found[-1] >= 2 * self._between - self._between // 4
        return both or any(count >= self._between for count in found[1:-1])

    def readable(self) -> bool:
        """Say that the stream can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with clean bytes; 0 at the end."""
        if not self._ready:
            self._ready = next(self._blocks, b"")
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes, fewer only at the end; all that is left for -1."""
        parts, wanted = [], size
        while wanted:
            if not self._ready:
                self._ready = next(self._blocks, b"")
                if not self._ready:
                    break
            part = self._ready if wanted < 0 else self._ready[:wanted]
            self._ready = self._ready[len(part) :]
            parts.append(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)


def _drop_quotes(lines: bytes) -> bytes:
    """Give the lines without quotes, the first one marked as cut."""
    first, end, rest = lines.replace(b'"', b"").partition(b"\n")
    return first + CUT.encode() + end + rest


class _Recoded(io.RawIOBase):
    """A UTF-16 file as UTF-8 bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def read(self, size: int = -1) -> bytes:
        while chunk := self._file.read(size):
            if text := self._decoder.decode(chunk):
                return text.encode()
        return self._decoder.decode(b"", True).encode()


def _without_mark(file: BinaryIO) -> BinaryIO:
    """Skip a UTF-8 byte order mark; recode a file that starts with a UTF-16 one."""
    head = file.read(3)
    if head == codecs.BOM_UTF8:
        return file
    file.seek(0)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _Recoded(file)  # type: ignore[return-value]
    return file
