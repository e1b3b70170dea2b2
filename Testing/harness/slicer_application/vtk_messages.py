"""Errors and warnings of VTK: they are printed, never raised, and so a test would not notice them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class VTKMessages:
    """Everything that VTK has said through its output window since the last `take`.

    Attributes
    ----------
    texts : list of str
        One entry a message, with the class and the line in VTK's sources that said it.
    allowed : list of str
        Parts of messages that `take` leaves out.
    """

    texts: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def observe(self) -> None:
        """Listen to VTK's output window, for as long as the process lives."""
        import vtk

        def listen(_window: vtk.vtkObject, _event: str, text: str) -> None:
            self.texts.append(text.strip())

        listen.CallDataType = vtk.VTK_STRING  # type: ignore[attr-defined]
        window = vtk.vtkOutputWindow.GetInstance()
        window.AddObserver("ErrorEvent", listen)
        window.AddObserver("WarningEvent", listen)

    def take(self) -> list[str]:
        """Return what was said, but for what is allowed, and forget it."""
        texts, self.texts[:] = list(self.texts), []
        return [text for text in texts if not any(part in text for part in self.allowed)]

    @contextmanager
    def expected(self, part: str) -> Iterator[None]:
        """Accept messages with `part` in them inside the block, and insist on at least one."""
        before = len(self.texts)
        yield
        said = self.texts[before:]
        matching = [text for text in said if part in text]
        self.texts[before:] = [text for text in said if part not in text]
        assert matching, f"VTK was expected to say {part!r}, but said {said or 'nothing'}"
