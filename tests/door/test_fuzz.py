"""Whatever a file holds, the door gives a batch and a list, or says that the file as a whole cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from api.door.documents import batch_from_files
from api.files.findings import InputError
from tests.door.setting import HEADINGS, MEMBERS, SETTING, take
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


CLAIMS = b"claim_id,person_id,date,visit\nC1,P1,2023-03-01,21\nC2,P2,2023-03-02,11\n"
LINES = b"claim_id,line_id,item_code,quantity,price,amount\nC1,1,X1,1,5,5\nC1,2,X2,2,5,10\nC2,1,X1,1,5,5\n"
EDIT_OF_ONE = st.tuples(st.integers(0, 2), st.integers(0, 250), st.integers(0, 8), st.sampled_from(PIECES))


@settings(max_examples=300, deadline=None)
@given(st.lists(EDIT_OF_ONE, max_size=6))
def test_edited_sets_of_files_never_break_the_door(edits: list[tuple[int, int, int, bytes]]) -> None:
    contents = [CLAIMS, LINES, MEMBERS.encode()]
    for number, at, length, piece in edits:
        content = contents[number]
        contents[number] = content[:at] + piece + content[at + length :]
    names = ("claims.csv", "lines.csv", "members.csv")
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in names]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        try:
            intake = batch_from_files(*paths, SETTING)
        except InputError as error:
            assert all(finding.message("zh") != finding.code for finding in error.findings)
            return
    rejected = intake.rejected().to_pylist()
    refused = {name: {row["row"] for row in rejected if row["file"] == name} for name in names}
    kept_rows = set(intake.line_rows.tolist())
    assert not kept_rows & refused["lines.csv"]
    assert len(kept_rows | refused["lines.csv"]) == intake.counts.rows_read
    assert not set(intake.claim_rows.tolist()) & refused["claims.csv"]
