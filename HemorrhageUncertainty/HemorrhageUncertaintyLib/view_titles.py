"""A line of text along the upper edge of slice views, between the corners that Slicer's own annotations use."""

from __future__ import annotations

from collections.abc import Mapping

import slicer
import vtk


def setViewTitles(titles: Mapping[str, str]) -> None:
    """Set the titles of slice views by their layout names; an empty one takes the title away.

    Views that are not there are left out: the application makes them when a layout needs them.
    """
    manager = slicer.app.layoutManager()
    present = manager.sliceViewNames() if manager is not None else ()
    for name, text in titles.items():
        widget = manager.sliceWidget(name) if name in present else None
        if widget is None:
            continue
        view = widget.sliceView()
        view.cornerAnnotation().SetText(vtk.vtkCornerAnnotation.UpperEdge, text)
        view.scheduleRender()
