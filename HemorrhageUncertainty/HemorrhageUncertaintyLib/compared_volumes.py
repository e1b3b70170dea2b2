"""What a view of a comparison shows, and where."""

from __future__ import annotations

from typing import Any

import slicer


def showVolumes(view: Any, ct: Any, map_: Any, opacity: float) -> None:
    """Let a linked view show a map over a CT.

    A view that was made after the map's legend draws it only once somebody has chosen the map in that view, hence the flag.
    """
    flags = view.GetInteractionFlags()
    view.SetInteractionFlags(view.ForegroundVolumeFlag)
    wasModifying = view.StartModify()
    view.SetForegroundVolumeID(None)  # so that it is a change in any case
    view.SetBackgroundVolumeID(ct.GetID())
    view.SetForegroundVolumeID(map_.GetID())
    view.SetForegroundOpacity(opacity)
    view.SetLabelVolumeID(None)
    view.SetLinkedControl(True)
    view.SetHotLinkedControl(True)
    view.EndModify(wasModifying)
    view.SetInteractionFlags(flags)


def placeInViews() -> tuple[float, float, float] | None:
    """Return R, A, S in mm of the place where the three standard views meet, or None where one of them is missing."""
    nodes = [slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in ("Yellow", "Green", "Red")]
    if any(node is None for node in nodes):
        return None
    r, a, s = (node.GetSliceToRAS().GetElement(axis, 3) for axis, node in enumerate(nodes))
    return r, a, s
