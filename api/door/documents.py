"""From files to a batch: the door for people."""

from __future__ import annotations

from pathlib import Path

from api.door.intake import Intake, Setting, take_in
from api.files.findings import InputError
from api.files.headings import Part
from api.files.opening import open_source
from api.files.source import Source
from catalogs.findings import Finding


def batch_from_files(
    claims: Path | str, lines: Path | str | None, members: Path | str | None, setting: Setting
) -> Intake:
    """Take in files of any accepted kind. Raises InputError with all that is wrong with the files as a whole."""
    findings: list[Finding] = []

    def opened(path: Path | str | None, parts: tuple[Part, ...]) -> Source | None:
        if path is None:
            return None
        try:
            return open_source(path, parts)
        except InputError as error:
            findings.extend(error.findings)
            return None

    of_claims = opened(claims, ("claim", "line") if lines is None else ("claim",))
    of_lines, of_members = opened(lines, ("line",)), opened(members, ("member",))
    if findings or of_claims is None:
        raise InputError(findings)
    return take_in(of_claims, of_lines, of_members, setting)
