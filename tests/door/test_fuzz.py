"""Whatever a file holds, the door gives a batch and a list, or says that the file as a whole cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from api.files.findings import InputError
from tests.door.setting import HEADINGS, MEMBERS, take
from tests.door.test_files import CHINESE, ROWS

RECORD = {"claim_id": "", "person_id": "P1", "date": "2023-03-01", "class": "A"}
START = [
    f"{HEADINGS}\n{ROWS}".encode(),
    f"{CHINESE}\n{ROWS}".encode("gb18030"),
    "".join(json.dumps(RECORD | {"claim_id": f"C{i}", "amount": i}) + "\n" for i in range(4)).encode(),
]
PIECES = [
    b'"',
    b"\n",
    b"\r",
    b",",
    b"\x00",
    b"\xff",
    b"\x81",
    b"-",
    b"9" * 20,
    b"E+17",
    b"\x1f",
    b"{",
    b"C1",
    b"'",
    b" ",
    b"\xe4\xb8",
]

EDIT = st.tuples(st.integers(0, 400), st.integers(0, 30), st.sampled_from(PIECES))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(START), st.lists(EDIT, max_size=6))
def test_edited_files_never_break_the_door(start: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    content = start
    for at, length, piece in edits:
        content = content[:at] + piece + content[at + length :]
    with TemporaryDirectory() as folder:
        try:
            intake = take(Path(folder), content, members=MEMBERS)
        except InputError as error:
            assert error.findings
            return
        rejected = intake.rejected("zh").to_pylist()
        assert intake.counts.claims_kept == len(intake.batch)
        assert intake.counts.claims_read == intake.counts.claims_kept + intake.counts.claims_refused
        assert all(row["reason"] != row["code"] for row in rejected)
        kept_rows = set(intake.line_rows.tolist())
        refused = {row["row"] for row in rejected if row["file"] == "claims.csv"}
        assert not kept_rows & refused
        assert len(kept_rows | refused) == intake.counts.rows_read
