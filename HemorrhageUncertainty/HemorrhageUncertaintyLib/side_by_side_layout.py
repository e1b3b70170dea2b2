"""The arrangement of views in which two results of one CT are compared: a column for each, views of its own, linked."""

from __future__ import annotations

from enum import Enum
from typing import Any

import slicer

#: Identifies the layout in this application and in saved scenes: never change it.
SIDE_BY_SIDE_ID = 50961
#: Views of one group follow each other; a number of their own, so that no other view is moved along.
_VIEW_GROUP = 50961


class Side(Enum):
    """One of the two results; the values are part of views' names in saved scenes: never change them."""

    FIRST = "A"
    SECOND = "B"

    @property
    def axial(self) -> str:
        """Layout name of the side's large view, which has its title and legend."""
        return f"HemorrhageAxial{self.value}"

    @property
    def viewNames(self) -> tuple[str, str, str]:
        """Layout names of the side's views: axial, coronal, sagittal."""
        return self.axial, f"HemorrhageCoronal{self.value}", f"HemorrhageSagittal{self.value}"

    @property
    def sliceNodes(self) -> list[Any]:
        """The side's slice nodes; those that were never shown are missing."""
        found = (slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in self.viewNames)
        return [node for node in found if node is not None]

    @property
    def compositeNodes(self) -> list[Any]:
        """The nodes that say what the side's views show."""
        found = (slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode") for name in self.viewNames)
        return [node for node in found if node is not None]


#: Layout names of all views of the comparison.
COMPARED_VIEWS = frozenset(name for side in Side for name in side.viewNames)


def _view(name: str, orientation: str, label: str, color: str) -> str:
    return f"""
       <view class="vtkMRMLSliceNode" singletontag="{name}">
        <property name="orientation" action="default">{orientation}</property>
        <property name="viewlabel" action="default">{label}</property>
        <property name="viewcolor" action="default">{color}</property>
        <property name="viewgroup" action="default">{_VIEW_GROUP}</property>
       </view>"""


def _column(side: Side) -> str:
    axial, coronal, sagittal = side.viewNames
    return f"""
  <item splitSize="500">
   <layout type="vertical" split="true">
    <item splitSize="650">{_view(axial, "Axial", side.value, "#F34A33")}
    </item>
    <item splitSize="350">
     <layout type="horizontal" split="true">
      <item splitSize="500">{_view(coronal, "Coronal", f"{side.value}c", "#6EB04B")}
      </item>
      <item splitSize="500">{_view(sagittal, "Sagittal", f"{side.value}s", "#EDD54C")}
      </item>
     </layout>
    </item>
   </layout>
  </item>"""


#: In each column the axial slices, in which head CT is read, above coronal and sagittal ones.
SIDE_BY_SIDE = f"""
<layout type="horizontal" split="true">{"".join(_column(side) for side in Side)}
</layout>
"""
