"""Progress for people (one bar) and for programs (JSON lines)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..progress import Progress, ProgressCallback, Stage
from ..remaining_time import RemainingTime
from .options import ProgressMode

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress_display(mode: ProgressMode) -> Iterator[ProgressCallback]:
    """Open a display and yield the callback that feeds it.

    The bar is drawn on standard error, JSON lines go to standard output. `AUTO` is a bar on a terminal, else only notes.
    """
    if mode is ProgressMode.AUTO:
        mode = ProgressMode.BAR if sys.stderr.isatty() else ProgressMode.NONE
    match mode:
        case ProgressMode.BAR:
            with _bar() as callback:
                yield callback
        case ProgressMode.JSON:
            yield _json_lines()
        case _:
            yield _messages_only


def in_words(progress: Progress, remaining: float | None = None) -> str:
    """Return e.g. ``sample 3 of 20, about 1:05 left``."""
    text = ""
    if progress.total > 1:
        step = "sample " if progress.stage is Stage.SAMPLING else ""
        text = f"{step}{progress.done} of {progress.total}"
    if remaining is not None and progress.done < progress.total:
        minutes, seconds = divmod(round(remaining), 60)
        text += f", about {minutes}:{seconds:02d} left"
    return text


@contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich import progress as rich_progress
    from rich.console import Console

    console = Console(stderr=True)
    remaining = RemainingTime()
    columns = (
        rich_progress.SpinnerColumn(),
        rich_progress.TextColumn("{task.description:<14}"),
        rich_progress.BarColumn(bar_width=30),
        rich_progress.TextColumn("{task.fields[words]}"),
    )
    with rich_progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, words="")

        def report(progress: Progress) -> None:
            if progress.message:
                _say(console, progress.message)
            words = in_words(progress, remaining.update(progress))
            bar.update(task, description=progress.stage.value, completed=progress.done, total=progress.total or None, words=words)

        yield report


def _say(console: Console, message: str) -> None:
    console.print(f"note: {message}", markup=False, highlight=False)


def _json_lines() -> ProgressCallback:
    remaining = RemainingTime()

    def report(progress: Progress) -> None:
        seconds = remaining.update(progress)
        line = {
            "event": "progress",
            "stage": progress.stage.value,
            "done": progress.done,
            "total": progress.total,
            "remaining_s": None if seconds is None else round(seconds, 1),
            "message": progress.message,
        }
        print(json.dumps(line), flush=True)

    return report


def _messages_only(progress: Progress) -> None:
    if progress.message:
        print(f"note: {progress.message}", file=sys.stderr, flush=True)
