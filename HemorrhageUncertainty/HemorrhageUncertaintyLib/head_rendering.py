"""The head in 3D, translucent, so that hemorrhages are seen inside it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from .step_runner import allSteps
from .upright_copy import uprightSteps

#: Points of the CT's opacity, (HU, opacity a mm): skin faint, brain nothing, bone so thin that a subdural hemorrhage is seen
#: through the rim of the skull, where a ray runs through several centimeters of it.
OPACITY = ((-1000, 0.0), (-300, 0.0), (-150, 0.01), (-50, 0.0), (150, 0.0), (350, 0.015), (1200, 0.035), (3000, 0.05))
#: Points of its color, (HU, red, green, blue).
COLOR = ((-1000, 0.3, 0.3, 0.3), (-150, 0.75, 0.6, 0.52), (150, 0.85, 0.75, 0.65), (400, 0.93, 0.9, 0.83), (3000, 1.0, 1.0, 0.97))
#: Points of the opacity by gradient, (HU a mm, opacity): edges only, no fog of noise.
GRADIENT_OPACITY = ((0, 0.0), (40, 0.0), (120, 1.0), (2000, 1.0))
_COPY_ROLE = "hemorrhageHeadCopy"


def showHead(ct, visible: bool = True):
    """Show or hide the translucent head of a CT in 3D at once; see `showHeadSteps`."""
    return allSteps(showHeadSteps(ct, visible))


def showHeadSteps(ct, visible: bool = True) -> Generator[None, None, Any]:
    """Show or hide the translucent head of a CT in 3D; everything is made the first time and used again.

    A volume rendering follows a linear parent transform only. For another one (a tilted gantry's acquisition transform), a copy
    is put on a grid along the patient's axes in world space, once more each time the head is shown, because the transform may
    have changed. That takes a moment, and many steps; nothing is changed before the last one.

    Parameters
    ----------
    ct : vtkMRMLScalarVolumeNode
    visible : bool

    Returns
    -------
    vtkMRMLVolumeRenderingDisplayNode or None
        None where nothing is to be hidden.
    """
    logic = slicer.modules.volumerendering.logic()
    transform = ct.GetParentTransformNode()
    straight = transform is None or transform.IsTransformToWorldLinear()
    copy = ct.GetNodeReference(_COPY_ROLE)
    if straight and copy is not None:
        removeHead(ct)
    if not visible:
        display = logic.GetFirstVolumeRenderingDisplayNode(ct if straight else copy) if (straight or copy) else None
        if display is not None:
            display.SetVisibility(False)
        return display
    volume = ct if straight else (yield from _uprightCopySteps(ct))
    display = logic.GetFirstVolumeRenderingDisplayNode(volume)
    if display is None:
        display = _addRendering(logic, volume)
    display.SetVisibility(True)
    return display


def isHeadShown(ct) -> bool:
    """Return whether the head of a CT is visible in 3D."""
    logic = slicer.modules.volumerendering.logic()
    for volume in (ct, ct.GetNodeReference(_COPY_ROLE)):
        display = logic.GetFirstVolumeRenderingDisplayNode(volume) if volume is not None else None
        if display is not None and display.GetVisibility():
            return True
    return False


def removeHead(ct) -> None:
    """Remove the copy of a CT that was made for its rendering, with all that belongs to it."""
    copy = ct.GetNodeReference(_COPY_ROLE)
    if copy is None:
        return
    display = slicer.modules.volumerendering.logic().GetFirstVolumeRenderingDisplayNode(copy)
    owned = [copy.GetNthDisplayNode(index) for index in range(copy.GetNumberOfDisplayNodes())]
    owned += [display.GetVolumePropertyNode()] if display is not None else []
    owned += [copy.GetStorageNode()]
    slicer.mrmlScene.RemoveNode(copy)
    for node in owned:
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
    ct.RemoveNodeReferenceIDs(_COPY_ROLE)


def _uprightCopySteps(ct) -> Generator[None, None, Any]:
    image, matrix = yield from uprightSteps(ct)
    copy = ct.GetNodeReference(_COPY_ROLE)
    if copy is None:
        copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", _("{name} head").format(name=ct.GetName()))
        copy.SetHideFromEditors(True)
        ct.SetNodeReferenceID(_COPY_ROLE, copy.GetID())
    wasModifying = copy.StartModify()
    copy.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
    copy.SetAndObserveImageData(image)
    copy.EndModify(wasModifying)
    return copy


def _addRendering(logic, volume):
    """Add a volume rendering by the application's preferred method, with transfer functions of its own.

    `vtkSlicerVolumeRenderingLogic.CreateDefaultVolumeRenderingNodes` would first guess what is shown, and load all presets.
    """
    method = logic.GetDefaultRenderingMethod() or "vtkMRMLCPURayCastVolumeRenderingDisplayNode"
    display = slicer.mrmlScene.AddNewNodeByClass(method)
    display.SetVisibility(False)
    functions = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumePropertyNode")
    _makeTranslucent(functions)
    display.SetAndObserveVolumePropertyNodeID(functions.GetID())
    volume.AddAndObserveDisplayNodeID(display.GetID())
    return display


def _makeTranslucent(node) -> None:
    opacity, gradient, color = vtk.vtkPiecewiseFunction(), vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    for point in OPACITY:
        opacity.AddPoint(*point)
    for point in GRADIENT_OPACITY:
        gradient.AddPoint(*point)
    for point in COLOR:
        color.AddRGBPoint(*point)
    wasModifying = node.StartModify()
    node.SetScalarOpacity(opacity)
    node.SetGradientOpacity(gradient)
    node.SetColor(color)
    node.GetVolumeProperty().ShadeOn()
    node.GetVolumeProperty().SetInterpolationTypeToLinear()
    node.EndModify(wasModifying)
