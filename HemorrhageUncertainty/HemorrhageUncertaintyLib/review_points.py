"""Lesions and places as points in the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import slicer
from slicer.i18n import tr as _

from .marks import ItemKind, Mark

#: So many points of a kind, the first, are drawn: hundreds would bury the CT.
MOST_SHOWN = 50
_COLORS = {ItemKind.LESION: (1.0, 0.85, 0.2), ItemKind.PLACE: (0.35, 0.85, 1.0)}
_REJECTED_COLOR = (0.5, 0.5, 0.5)


def fillPoints(result, kind: ItemKind, points: Sequence[tuple[str, Sequence[float]]]):
    """Replace the points of one kind; the node is made once and used again.

    The points are under the CT's parent transform, so that they stay on the anatomy when it changes.

    Parameters
    ----------
    result : HemorrhageResult
    kind : ItemKind
    points : sequence of (label, (R, A, S))
        World space, in mm.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
    """
    node = result.node(kind.value)
    if node is None:
        title = _("{ct} lesions") if kind is ItemKind.LESION else _("{ct} places to look at")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", title.format(ct=result.ct.GetName()))
        result.setNode(kind.value, node)
        _show(node, kind)
    wasModifying = node.StartModify()
    node.RemoveAllControlPoints()
    node.SetAndObserveTransformNodeID(result.ct.GetTransformNodeID())
    for label, ras in points:
        index = node.AddControlPointWorld(*(float(value) for value in ras))
        node.SetNthControlPointLabel(index, label)
        node.SetNthControlPointAssociatedNodeID(index, result.ct.GetID())
        node.SetNthControlPointLocked(index, True)
        node.SetNthControlPointVisibility(index, index < MOST_SHOWN)
        node.SetNthControlPointDescription(index, "")
    node.SetLocked(True)
    node.EndModify(wasModifying)
    return node


def pointOf(node, index: int) -> tuple[float, float, float]:
    """Return a point's place in world space, R, A, S in mm."""
    ras = [0.0, 0.0, 0.0]
    node.GetNthControlPointPositionWorld(index, ras)
    return (ras[0], ras[1], ras[2])


def showPoints(result, visible: bool = True) -> None:
    """Show or hide the points of a result, which in one scene would otherwise lie among those of others."""
    for kind in ItemKind:
        node = result.node(kind.value)
        if node is not None:
            node.SetDisplayVisibility(visible)


def showMarks(node, marks: Mapping[int, Mark]) -> None:
    """Write marks, by the index of the point, beside the points; rejected ones turn gray."""
    wasModifying = node.StartModify()
    for index, mark in marks.items():
        node.SetNthControlPointDescription(index, mark.title)
        node.SetNthControlPointSelected(index, mark is not Mark.REJECTED)
    node.EndModify(wasModifying)


def _show(node, kind: ItemKind) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    wasModifying = display.StartModify()
    display.SetSelectedColor(*_COLORS[kind])
    display.SetColor(*_REJECTED_COLOR)
    display.SetGlyphScale(1.5)
    display.SetTextScale(2.0)
    # Places cluster around lesions, and their names would hide what they are about; list and table have them.
    display.SetPointLabelsVisibility(kind is ItemKind.LESION)
    # In 3D the surfaces say where the lesions are; names in front of them would hide the small ones.
    display.SetVisibility3D(False)
    display.EndModify(wasModifying)
