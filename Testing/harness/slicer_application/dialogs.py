"""Windows that wait for a person: here a test answers, and a window that nobody expects is an error instead of a hang."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PySide6 import QtWidgets


@dataclass(frozen=True)
class ShownDialog:
    """What a person would have read."""

    title: str
    text: str


class UnexpectedDialogError(AssertionError):
    """A window was opened that would have waited for a person."""


_answers: list[Any] = []


@contextmanager
def answering(*answers: Any) -> Iterator[list[ShownDialog]]:
    """Answer the windows that are opened inside the block, in this order, and insist that all of them come.

    Parameters
    ----------
    *answers : object
        What each window returns: a button such as `qt.QMessageBox.Ok`, or a path from a file dialog ("" when it is cancelled).

    Yields
    ------
    list of ShownDialog
        What was shown, filled as it happens.
    """
    global _shown
    previous, _shown = _shown, []
    _answers[:] = answers
    try:
        yield _shown
        assert not _answers, f"no window asked for the answers {_answers}"
    finally:
        _answers.clear()
        _shown = previous


_shown: list[ShownDialog] = []


def _ask(title: str, text: str) -> Any:
    if not _answers:
        raise UnexpectedDialogError(f"nobody answers the window {title!r}: {text}")
    _shown.append(ShownDialog(title, text))
    return _answers.pop(0)


class MessageBox(QtWidgets.QMessageBox):
    """QMessageBox."""

    def exec(self) -> Any:
        """Return the test's answer."""
        return _ask(self.windowTitle, self.text)

    exec_ = exec

    @staticmethod
    def _ask_about(parent: Any, title: str, text: str, *_: Any) -> Any:
        return _ask(title, text)

    question = information = warning = critical = _ask_about


class FileDialog(QtWidgets.QFileDialog):
    """QFileDialog, of which PythonQt returns the path alone, without the filter."""

    @staticmethod
    def _ask_for_path(parent: Any = None, caption: str = "", *_: Any) -> str:
        return str(_ask(caption, "a path is asked for"))

    getOpenFileName = getSaveFileName = getExistingDirectory = _ask_for_path

    def exec(self) -> Any:
        """Return the test's answer."""
        return _ask(self.windowTitle, "a path is asked for")

    exec_ = exec
