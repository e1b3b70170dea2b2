"""How display nodes looked before something changed them for a while; kept in the scene, so that it can always be put back."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import slicer

_KEPT, _MADE = "kept.", "made."


class KeptAppearance:
    """Remembers display nodes in a node of the scene, which is saved with it.

    Parameters
    ----------
    state : vtkMRMLScriptedModuleNode
    """

    def __init__(self, state: Any) -> None:
        self._state = state

    def keep(self, display: Any) -> None:
        """Remember how a display node looks now, unless it is remembered already; to be called before it is changed."""
        if display in self._nodes(_KEPT).values() or display in self._nodes(_MADE).values():
            return
        role = f"{_KEPT}{uuid4().hex}"
        self._state.SetParameter(role, json.dumps(_look(display)))
        self._state.SetNodeReferenceID(role, display.GetID())

    def made(self, display: Any) -> None:
        """Remember a display node that was not there before."""
        self._state.SetNodeReferenceID(f"{_MADE}{uuid4().hex}", display.GetID())

    def putBack(self) -> None:
        """Give all of them back their looks, and remove those that were not there."""
        for display in self._nodes(_MADE).values():
            slicer.mrmlScene.RemoveNode(display)
        for role, display in self._nodes(_KEPT).items():
            _apply(display, json.loads(self._state.GetParameter(role)))

    def _nodes(self, prefix: str) -> dict[str, Any]:
        state = self._state
        roles = (state.GetNthNodeReferenceRole(index) for index in range(state.GetNumberOfNodeReferenceRoles()))
        nodes = {role: state.GetNodeReference(role) for role in roles if role.startswith(prefix)}
        return {role: node for role, node in nodes.items() if node is not None}


def showOnlyIn(display: Any, sliceNodes: list[Any]) -> None:
    """Let a display node be drawn in some views only; an empty list means everywhere."""
    wasModifying = display.StartModify()
    display.RemoveAllViewNodeIDs()
    for node in sliceNodes:
        display.AddViewNodeID(node.GetID())
    display.EndModify(wasModifying)


def _look(display: Any) -> dict[str, Any]:
    look = {
        "views": [display.GetNthViewNodeID(index) for index in range(display.GetNumberOfViewNodeIDs())],
        "visibility": display.GetVisibility(),
        "visibility2D": display.GetVisibility2D(),
    }
    if display.IsA("vtkMRMLScalarVolumeDisplayNode"):
        look["window"] = [display.GetWindow(), display.GetLevel()]
        look["threshold"] = [display.GetLowerThreshold(), display.GetUpperThreshold()]
    return look


def _apply(display: Any, look: dict[str, Any]) -> None:
    wasModifying = display.StartModify()
    display.RemoveAllViewNodeIDs()
    for identifier in look["views"]:
        display.AddViewNodeID(identifier)
    display.SetVisibility(look["visibility"])
    display.SetVisibility2D(look["visibility2D"])
    if "window" in look:
        display.SetWindowLevel(*look["window"])
        display.SetThreshold(*look["threshold"])
    display.EndModify(wasModifying)
