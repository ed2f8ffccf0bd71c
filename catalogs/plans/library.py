"""The library: plan documents by id, completed and compiled on demand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from adjudicator.rulebook import Program
from catalogs.plans.cases import CaseResult
from catalogs.plans.cases import run_cases as run_plan_cases
from catalogs.plans.checks import check_plan
from catalogs.plans.compile import compile_plan
from catalogs.plans.complete import CompletePlan, complete
from catalogs.plans.document import PlanDocument
from catalogs.plans.findings import Findings, Place, PlanError
from catalogs.plans.read_document import read_document
from catalogs.plans.reading import meant

SHIPPED = Path(__file__).parent.parent / "documents"


def read_text(path: Path | str, findings: Findings) -> str | None:
    """Give the text of a file, with or without a byte order mark; None after a finding when it is not UTF-8."""
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        findings.add("DOCUMENT_NOT_UTF8", Place(str(path), line, 1), byte=f"0x{data[error.start]:02x}")
        return None


class Checked(NamedTuple):
    """Result of checking a plan. `program` is None when a finding is an error, `plan` when a document is missing."""

    program: Program | None
    findings: Findings
    cases: tuple[CaseResult, ...]
    plan: CompletePlan | None


class Library:
    """Plan documents found in folders, by id."""

    def __init__(self, folders: Iterable[Path | str] = (), shipped: bool = True) -> None:
        self.findings = Findings()
        self.documents: dict[str, PlanDocument] = {}
        for folder in ((SHIPPED,) if shipped else ()) + tuple(Path(folder) for folder in folders):
            for path in sorted(folder.rglob("*.yaml")) if folder.is_dir() else (folder,):
                if path.is_file():
                    self.add(path)

    def add(self, path: Path | str) -> PlanDocument | None:
        """Read a file and add its document."""
        text = read_text(path, self.findings)
        return None if text is None else self.add_text(text, str(path))

    def add_text(self, text: str, file: str = "<text>") -> PlanDocument | None:
        """Read a document from text and add it."""
        document = read_document(text, file, self.findings)
        if document is not None and document.id:
            known = self.documents.get(document.id)
            if known is not None and known.file != file:
                self.findings.add("ID_TWICE", document.place, id=document.id, other=known.file)
            self.documents[document.id] = document
        return document

    def replace(self, text: str, file: str) -> PlanDocument | None:
        """Read a document that takes the place of the one with its id."""
        document = read_document(text, file, self.findings)
        if document is not None and document.id:
            self.documents[document.id] = document
        return document

    def complete(self, plan_id: str, findings: Findings) -> CompletePlan | None:
        """Put a plan together with its base and parts; what is missing is a finding."""
        document = self.documents.get(plan_id)
        if document is None:
            place = Place("<library>", 1, 1)
            findings.add("UNKNOWN_DOCUMENT", place, id=plan_id, **meant(plan_id, self.documents))
            return None
        findings.add_text(document.file, document.text)
        parts = self._parts(document, findings, (plan_id,))
        names = [part.inherits for part in (*parts, document) if part.inherits is not None]
        base = self._document(names[-1], document.place, findings, "base") if names else None
        return complete(document, parts, base, findings)

    def _parts(self, document: PlanDocument, findings: Findings, above: tuple[str, ...]) -> tuple[PlanDocument, ...]:
        composed = document.compose
        if composed is None:
            return ()
        found: list[PlanDocument] = []
        for name, kind in ((composed.plan, "plan"), *((overlay, "overlay") for overlay in composed.overlays)):
            if name in above:
                findings.add("COMPOSED_CIRCLE", composed.place, id=name)
                continue
            part = self._document(name, composed.place, findings, kind)
            if part is not None:
                found += [*self._parts(part, findings, (*above, name)), part]
        return tuple(found)

    def _document(self, name: str, place: Place, findings: Findings, kind: str) -> PlanDocument | None:
        document = self.documents.get(name)
        if document is None:
            known = [d.id for d in self.documents.values() if d.kind == kind]
            findings.add("UNKNOWN_DOCUMENT", place, id=name, **meant(name, known))
            return None
        findings.add_text(document.file, document.text)
        if document.kind != kind:
            findings.add("WRONG_KIND", place, id=name, kind=document.kind, wanted=kind)
            return None
        return document

    def compile(self, plan_id: str, run_cases: bool = True) -> Program:
        """Compile a plan. Raises PlanError carrying all findings of its documents when any is an error.

        `run_cases`: a plan with a failing worked case does not compile either.
        """
        checked = self.check(plan_id, run_cases)
        if checked.program is None:
            raise PlanError(checked.findings.errors)
        return checked.program

    def check(self, plan_id: str, run_cases: bool = True) -> Checked:
        """Compile a plan and run its cases, keeping everything found: errors, warnings and results of cases."""
        findings = Findings()
        plan = self.complete(plan_id, findings)
        if plan is None:
            return Checked(None, findings, (), plan)
        files = {document.file for document in (*plan.documents, *((plan.base,) if plan.base else ()))}
        findings.extend(finding for finding in self.findings if finding.path in files)
        if findings.errors:
            return Checked(None, findings, (), plan)
        check_plan(plan, findings)
        if findings.errors:
            return Checked(None, findings, (), plan)
        program = compile_plan(plan, findings)
        results = run_plan_cases(plan, program, findings) if run_cases and not findings.errors else ()
        return Checked(None if findings.errors else program, findings, results, plan)


def load_library(folders: Iterable[Path | str] = ()) -> Library:
    """Read the shipped documents and those of the folders given."""
    return Library(folders)


def load_plan(plan_id: str, folders: Iterable[Path | str] = (), run_cases: bool = True) -> Program:
    """Compile one plan for use. Raises PlanError when it has errors or a worked case fails."""
    return load_library(folders).compile(plan_id, run_cases)
