"""Observing MRML objects from widgets: the observation ends with the widget."""

from __future__ import annotations

import weakref
from typing import Any

import shiboken6


class MRMLObservations:
    """What one widget observes.

    Parameters
    ----------
    widget : QWidget
        Held weakly; nothing is called once Qt has deleted it.
    """

    def __init__(self, widget: Any) -> None:
        self._widget = weakref.ref(widget)
        self._tags: list[tuple[Any, int]] = []

    def replace(self, target: Any, events: tuple[Any, ...], method: str) -> None:
        """Observe another object, or none, and call the widget's `method()` on each event."""
        self.clear()
        if target is None:
            return

        def observer(*_: Any) -> None:
            widget = self._widget()
            if widget is not None and shiboken6.isValid(widget):
                getattr(widget, method)()

        self._tags = [(target, target.AddObserver(event, observer)) for event in events]

    def clear(self) -> None:
        """Observe nothing."""
        for target, tag in self._tags:
            target.RemoveObserver(tag)
        self._tags = []
