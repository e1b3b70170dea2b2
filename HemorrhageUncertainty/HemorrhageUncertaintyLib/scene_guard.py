"""Notices when the node that a run works for leaves the scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class SceneGuard:
    """Watches one node; holds its ID, never the node itself.

    Parameters
    ----------
    node : vtkMRMLNode
    onGone : callable
        Called once, with True if the whole scene is being closed and False if only the node was removed.
    """

    def __init__(self, node: Any, onGone: Callable[[bool], None]) -> None:
        import slicer
        import vtk

        self._scene = slicer.mrmlScene
        self._identifier = node.GetID()
        self._weak = vtk.vtkWeakReference()  # after a scene was closed, another node can get the same ID
        self._weak.Set(node)
        self._onGone: Callable[[bool], None] | None = onGone
        self._tags = [
            self._scene.AddObserver(slicer.vtkMRMLScene.StartCloseEvent, lambda caller, event: self._gone(True)),
            self._scene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, lambda caller, event: self._look()),
        ]

    @property
    def node(self) -> Any:
        """The node if it is still the one in the scene, else None."""
        found = self._scene.GetNodeByID(self._identifier)
        return found if found is not None and found is self._weak.Get() else None

    def release(self) -> None:
        """Watch no more."""
        self._onGone = None
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    def _look(self) -> None:
        if self.node is None:
            self._gone(self._scene.IsClosing())

    def _gone(self, closing: bool) -> None:
        onGone = self._onGone
        self.release()
        if onGone is not None:
            onGone(bool(closing))
