"""The rules of a run: plan documents compiled into programs and catalog tables into arrays, shipped ones by default."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import catalogs
from adjudicator.rulebook import Program, Rulebook
from api.explain.texts import PlanTexts, SourceText
from api.failures import CannotRunError
from catalogs.plans import Finding, Library, PlanError
from catalogs.plans.findings import Findings
from catalogs.plans.library import SHIPPED
from catalogs.tables import Catalogs, load

SHIPPED_TABLES = Path(catalogs.__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Rules:
    """What claims are settled by. `table_files`: the files of `tables`. `illustrative`: plans chosen only by name."""

    library: Library
    programs: tuple[Program, ...]
    tables: Catalogs | None
    table_files: tuple[Path, ...]
    illustrative: frozenset[str] = field(default_factory=frozenset)

    @property
    def rulebook(self) -> Rulebook:
        """The part that the kernel reads."""
        return Rulebook(self.programs, self.tables.catalog if self.tables else None)

    def files(self, plans: Iterable[str]) -> tuple[Path, ...]:
        """Give every file that decides what these plans pay: their documents, parts and bases, and the tables."""
        found: dict[Path, None] = {}
        for plan in plans:
            complete = self.library.complete(plan, Findings())
            if complete is not None:
                documents = [*complete.documents, *([complete.base] if complete.base else [])]
                found |= dict.fromkeys(Path(document.file) for document in documents)
        return (*found, *self.table_files)

    def texts(self, plan: str) -> PlanTexts:
        """Give the titles and sources of a plan for people."""
        complete = self.library.complete(plan, Findings()) if plan in self.library.documents else None
        if complete is None:
            return PlanTexts(tables=self.tables)
        documents = [*([complete.base] if complete.base else []), *complete.documents]
        sources = {
            key: SourceText(source.title, source.address, source.grade)
            for document in documents
            for key, source in document.sources.items()
        }
        return PlanTexts(complete.title, {layer.name: layer.title for layer in complete.layers}, sources, self.tables)


def load_rules(plans: Sequence[Path] = (), tables: Path | None = None) -> Rules:
    """Read and compile rules: the plans given, else all shipped ones; the tables given, else the shipped ones.

    Documents given may inherit from the shipped ones. Raises PlanError or CatalogError with all findings.
    """
    for path in (*plans, *([tables] if tables else [])):
        if not path.exists():
            raise missing_file(path)
    library, chosen = open_library(plans)
    unread = [finding for finding in findings_within(library, plans) if finding.severity == "error"]
    if unread:
        raise PlanError(unread)
    if not chosen:
        raise CannotRunError("NO_PLANS", paths=", ".join(str(path) for path in plans))
    return _rules(library, chosen, load_tables(tables), _table_files(tables))


def load_kept(plans: Path, chosen: Sequence[str], tables: Path | None) -> Rules:
    """Read and compile rules as they were kept: documents and tables of folders, and nothing that is shipped."""
    library = Library([plans], shipped=False)
    unread = [finding for finding in library.findings if finding.severity == "error"]
    if unread or not set(chosen) <= library.documents.keys():
        raise PlanError(unread)
    return _rules(library, chosen, load(tables) if tables else None, _table_files(tables) if tables else ())


def _rules(library: Library, chosen: Sequence[str], tables: Catalogs | None, files: tuple[Path, ...]) -> Rules:
    illustrative = {name for name in chosen if (c := library.documents[name].compose) and c.illustrative}
    return Rules(library, _compile(library, chosen), tables, files, frozenset(illustrative))


def open_library(plans: Sequence[Path] = ()) -> tuple[Library, list[str]]:
    """Read the shipped documents and those given; give the library and the ids of the plans given, else of all."""
    library = Library([path for path in plans if not _is_within(path, [SHIPPED])])
    chosen = [name for name, document in library.documents.items() if document.kind == "plan"]
    if plans:
        folders = [path.resolve() for path in plans]
        chosen = [name for name in chosen if _is_within(Path(library.documents[name].file), folders)]
    return library, chosen


def findings_within(library: Library, plans: Sequence[Path]) -> list[Finding]:
    """Give what was found while reading the documents in the files and folders given; of all documents without any."""
    folders = [path.resolve() for path in plans]
    return [found for found in library.findings if not plans or _is_within(Path(found.path), folders)]


def missing_file(path: Path) -> FileNotFoundError:
    """Give the error for a path that is not there."""
    return FileNotFoundError(errno.ENOENT, "no such file or folder", str(path))


def _compile(library: Library, chosen: Sequence[str]) -> tuple[Program, ...]:
    programs: list[Program] = []
    wrong: list[Finding] = []
    for name in chosen:
        try:
            programs.append(library.compile(name))
        except PlanError as error:
            wrong += error.findings
    if wrong:
        raise PlanError({finding.render(): finding for finding in wrong}.values())
    return tuple(programs)


def load_tables(folder: Path | None = None) -> Catalogs | None:
    """Read and compile tables: those of a folder, else the shipped ones, where there are any. Raises CannotRunError for
    a folder with neither items nor facilities: with it, nothing would be payable."""
    if folder is not None:
        tables = load(folder)
        if not len(tables.items.source) and not tables.facilities.codes:
            raise CannotRunError("NO_TABLES", path=folder)
        return tables
    return load(SHIPPED_TABLES) if SHIPPED_TABLES.is_dir() else None


def _table_files(folder: Path | None) -> tuple[Path, ...]:
    place = folder or SHIPPED_TABLES
    return tuple(sorted(path for path in place.rglob("*.csv") if path.is_file()))


def _is_within(file: Path, folders: Sequence[Path]) -> bool:
    resolved = file.resolve()
    return any(resolved == folder or folder in resolved.parents for folder in folders)
