"""Tells when a segmentation was edited or moved, once for many changes in a row."""

from __future__ import annotations

from collections.abc import Callable

import slicer

#: A brush stroke changes a segment many times; this long after the last change it is counted.
DELAY_MS = 300


def laterInEventLoop(call: Callable[[], None]) -> None:
    """Call something from the event loop, `DELAY_MS` from now."""
    import qt

    qt.QTimer.singleShot(DELAY_MS, call)


class EditFollower:
    """Observes one segmentation.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    changed : callable
        Called without arguments after changes.
    later : callable
        Takes a callable and calls it some time later; many changes in a row are announced once.
    """

    def __init__(self, segmentation, changed: Callable[[], None], later: Callable = laterInEventLoop):
        self._segmentation = segmentation
        self._changed = changed
        self._later = later
        self._waiting = 0
        events = (
            slicer.vtkSegmentation.SourceRepresentationModified,
            slicer.vtkSegmentation.SegmentAdded,
            slicer.vtkSegmentation.SegmentRemoved,
            slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        )
        self._tags = [segmentation.AddObserver(event, self._onChange) for event in events]

    def stop(self) -> None:
        """Observe no more; changes that wait to be announced are dropped."""
        for tag in self._tags:
            self._segmentation.RemoveObserver(tag)
        self._tags = []

    def _onChange(self, *_unused) -> None:
        self._waiting += 1
        turn = self._waiting
        self._later(lambda: self._announce(turn))

    def _announce(self, turn: int) -> None:
        """Announce unless a later change waits, the follower was stopped, or the node has left its scene meanwhile."""
        if turn == self._waiting and self._tags and self._segmentation.GetScene() is not None:
            self._changed()
