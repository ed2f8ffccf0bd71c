from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from api.failures import CannotRunError
from api.output.folder import MANIFEST, refuse_foreign, replaced_folder


def ours(place: Path, *names: str) -> None:
    place.mkdir()
    document = {"made_by": "adjudicator", "outputs": [{"path": name} for name in names]}
    (place / MANIFEST).write_text(json.dumps(document))
    for name in names:
        (place / name).write_text("old")


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "deep" / "out") as fresh:
        (fresh / "claims.csv").write_text("new")
        assert not (tmp_path / "deep" / "out").exists()
    assert (tmp_path / "deep" / "out" / "claims.csv").read_text() == "new"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_a_failure_leaves_the_old_run_and_nothing_else(tmp_path: Path) -> None:
    ours(tmp_path / "out", "claims.csv")
    with pytest.raises(RuntimeError), replaced_folder(tmp_path / "out") as fresh:
        (fresh / "claims.csv").write_text("half")
        raise RuntimeError
    assert (tmp_path / "out" / "claims.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    ours(tmp_path / "out", "claims.csv", "old.csv")
    with replaced_folder(tmp_path / "out") as fresh:
        (fresh / "claims.csv").write_text("new")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["claims.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    folder, file, mixed = tmp_path / "folder", tmp_path / "file", tmp_path / "mixed"
    folder.mkdir()
    (folder / "thesis.doc").write_text("x")
    file.write_text("x")
    ours(mixed, "claims.csv")
    (mixed / "notes.txt").write_text("x")
    for place, code in ((folder, "OUT_NOT_OURS"), (file, "OUT_IS_A_FILE"), (mixed, "OUT_HAS_OTHER_FILES")):
        with pytest.raises(CannotRunError) as caught:
            refuse_foreign(place)
        assert caught.value.code == code


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with replaced_folder(tmp_path / "out") as fresh:
        (fresh / "x").write_text("x")
    assert (tmp_path / "out" / "x").exists()


def test_a_full_disk_is_told_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full") as caught, replaced_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "full")
    assert caught.value.filename == str(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    ours(tmp_path / "disk", "claims.csv")
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    with replaced_folder(tmp_path / "out") as fresh:
        (fresh / "claims.csv").write_text("new")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "claims.csv").read_text() == "new"
