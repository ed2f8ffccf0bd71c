"""What a command writes: text and tables for a person, one JSON document for a script; progress goes to stderr."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.messages import Messages

if TYPE_CHECKING:
    from rich.console import Console


def program() -> str:
    """Give what a person types here to run this program: its name where it is found by it, else its place."""
    if shutil.which("adjudicator"):
        return "adjudicator"
    beside = Path(sys.executable).with_name("adjudicator")
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


class Terminal:
    """Standard output and error of one command, in one language."""

    def __init__(self, say: Messages, as_json: bool = False) -> None:
        self.say, self.as_json = say, as_json
        self._console: Console | None = None

    @property
    def console(self) -> Console:
        """The terminal; 100 columns wide where output is no terminal."""
        if self._console is None:
            from rich.console import Console

            class Pipeable(Console):
                def on_broken_pipe(self) -> None:
                    raise  # the error that rich is handling; its own way exits with 1

            self._console = Pipeable(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 100)
        return self._console

    def print(self, *parts: Any, **options: Any) -> None:
        """Print for a person; silent with --json."""
        if not self.as_json:
            self.console.print(*parts, **options)

    def write_json(self, document: Mapping[str, Any]) -> None:
        """Write the one JSON document; silent without --json."""
        if self.as_json:
            import orjson

            options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
            sys.stdout.write(orjson.dumps(document, option=options, default=str).decode())

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show the stages of a run on standard error: live on a terminal, a line each elsewhere, none with --json."""
        progress = Progress(self.say, silent=self.as_json)
        try:
            yield progress
        finally:
            progress.stop()


class Progress:
    """Names the stage that runs, and prints each with its seconds when it is done."""

    def __init__(self, say: Messages, silent: bool = False) -> None:
        self._say, self._silent = say, silent
        self._stage = ""
        self._started = 0.0
        self._status: Any = None
        self._console: Console | None = None

    def __call__(self, stage: str, **fields: object) -> None:
        """Begin a stage by its message code; the one before it is done."""
        if self._silent:
            return
        import time

        from rich.console import Console

        self._finish(time.perf_counter())
        self._stage, self._started = self._say(stage, **fields), time.perf_counter()
        self._console = self._console or Console(stderr=True, highlight=False)
        if self._console.is_terminal:
            self._status = self._console.status(self._stage)
            self._status.start()

    def stop(self) -> None:
        """End the last stage."""
        if not self._silent:
            import time

            self._finish(time.perf_counter())

    def _finish(self, now: float) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._stage and self._console is not None and sys.exc_info()[0] is None:
            self._console.print(f"[green]✓[/green] {self._stage} [dim]{now - self._started:.1f} s[/dim]")
        self._stage = ""
