"""The arrangement of views in which a result is read; and all layouts of the module, made known to the application."""

from __future__ import annotations

import slicer

from .side_by_side_layout import SIDE_BY_SIDE, SIDE_BY_SIDE_ID

#: Identifies the layout in this application and in saved scenes: never change it.
LAYOUT_ID = 50960

_SLICE = """
     <view class="vtkMRMLSliceNode" singletontag="{tag}">
      <property name="orientation" action="default">{orientation}</property>
      <property name="viewlabel" action="default">{label}</property>
      <property name="viewcolor" action="default">{color}</property>
     </view>"""

_AXIAL = _SLICE.format(tag="Red", orientation="Axial", label="R", color="#F34A33")
_CORONAL = _SLICE.format(tag="Green", orientation="Coronal", label="G", color="#6EB04B")
_SAGITTAL = _SLICE.format(tag="Yellow", orientation="Sagittal", label="Y", color="#EDD54C")

#: Above, the axial slices, in which head CT is read, between coronal, sagittal and 3D; below, the numbers and their distribution.
LAYOUT = f"""
<layout type="vertical" split="true">
 <item splitSize="700">
  <layout type="horizontal" split="true">
   <item splitSize="500">{_AXIAL}
   </item>
   <item splitSize="300">
    <layout type="vertical" split="true">
     <item splitSize="300">{_CORONAL}
     </item>
     <item splitSize="300">{_SAGITTAL}
     </item>
    </layout>
   </item>
   <item splitSize="400">
    <view class="vtkMRMLViewNode" singletontag="1">
     <property name="viewlabel" action="default">1</property>
    </view>
   </item>
  </layout>
 </item>
 <item splitSize="300">
  <layout type="horizontal" split="true">
   <item splitSize="600">
    <view class="vtkMRMLTableViewNode" singletontag="TableView1">
     <property name="viewlabel" action="default">T</property>
    </view>
   </item>
   <item splitSize="400">
    <view class="vtkMRMLPlotViewNode" singletontag="PlotView1">
     <property name="viewlabel" action="default">P</property>
    </view>
   </item>
  </layout>
 </item>
</layout>
"""


def registerLayouts(layoutNode) -> None:
    """Make the module's layouts known; once more changes nothing.

    To be called when the application has started, so that a saved scene that uses one finds it.

    Parameters
    ----------
    layoutNode : vtkMRMLLayoutNode
    """
    for number, description in ((LAYOUT_ID, LAYOUT), (SIDE_BY_SIDE_ID, SIDE_BY_SIDE)):
        if not layoutNode.AddLayoutDescription(number, description):
            layoutNode.SetLayoutDescription(number, description)


def showLayout(layoutManager) -> None:
    """Arrange the views for reading a result.

    Parameters
    ----------
    layoutManager : qSlicerLayoutManager
        ``slicer.app.layoutManager()``.
    """
    registerLayouts(layoutManager.layoutLogic().GetLayoutNode())
    layoutManager.setLayout(LAYOUT_ID)


def showTable(tableNode) -> None:
    """Show a table node in the table views."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    selection.SetActiveTableID(tableNode.GetID())
    slicer.app.applicationLogic().PropagateTableSelection()


def showPlot(chartNode) -> None:
    """Show a chart in the plot views."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    selection.SetActivePlotChartID(chartNode.GetID())
    slicer.app.applicationLogic().PropagatePlotChartSelection()
