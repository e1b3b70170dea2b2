"""The legend of a map in slice views: what its colors mean."""

from __future__ import annotations

from typing import Any

import slicer

#: As shares of the view: a narrow legend on the lower right, clear of the brain, above the corner of the orientation marker.
_SIZE, _POSITION = (0.09, 0.32), (0.99, 0.2)

#: Opacity of the black behind its letters, which are white, as bone is.
_TEXT_BACKGROUND = 0.5


def legendOf(display: Any) -> Any:
    """Return the legend of a volume's display node, or None."""
    return slicer.modules.colors.logic().GetColorLegendDisplayNode(display)


def addLegend(display: Any, title: str, labelFormat: str) -> Any:
    """Add a legend to a volume's display node that has none; it is visible wherever the volume is.

    Parameters
    ----------
    display : vtkMRMLScalarVolumeDisplayNode
    title : str
        Lines above the colors.
    labelFormat : str
        Of the numbers, as printf has it.
    """
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(display)
    wasModifying = legend.StartModify()
    legend.SetTitleText(title)
    legend.SetLabelFormat(labelFormat)
    legend.SetNumberOfLabels(5)
    legend.SetSize(*_SIZE)
    legend.SetPosition(*_POSITION)
    for text in (legend.GetTitleTextProperty(), legend.GetLabelTextProperty()):
        text.SetBackgroundColor(0, 0, 0)
        text.SetBackgroundOpacity(_TEXT_BACKGROUND)
    legend.EndModify(wasModifying)
    return legend
