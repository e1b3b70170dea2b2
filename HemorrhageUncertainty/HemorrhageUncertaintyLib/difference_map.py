"""The difference of one uncertainty map between two results of the same CT, as a volume node."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from .background import inBackground
from .diverging_colors import addDivergingColors
from .heat_map_style import styleOf
from .hemorrhage_result import HemorrhageResult
from .label_segments import placeLikeCT
from .legend import addLegend
from .map_volume import imageSteps


def differenceSteps(first: HemorrhageResult, second: HemorrhageResult, name: str) -> Generator[None, None, Any]:
    """Return a new volume node with the second result's map minus the first's, in the CT's place.

    Its colors are centered at zero and end where the map's own scale ends, so that a color means the same in every patient.

    Parameters
    ----------
    first, second : HemorrhageResult
        Of one CT.
    name : str
        Of a map that both have, see `HeatMap.names`.
    """
    values = [slicer.util.arrayFromVolume(result.map(name)) for result in (first, second)]
    difference = yield from inBackground(lambda: np.subtract(values[1], values[0], dtype=np.float32))
    image = yield from imageSteps(difference)
    style = styleOf(name, max(len(result.summary["classes"]) for result in (first, second)))
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode", _("{ct} difference of {map}").format(ct=first.ct.GetName(), map=style.title.lower())
    )
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetAndObserveColorNodeID(addDivergingColors(_("{name} colors").format(name=node.GetName())).GetID())
    display.SetWindowLevelMinMax(-style.high, style.high)
    display.AutoThresholdOff()
    display.ApplyThresholdOff()
    placeLikeCT(node, first.ct)
    node.SetAndObserveImageData(image)
    unit = _("\u22121 to 1") if style.unit == _("0 to 1") else style.unit
    addLegend(display, f"{_('B − A')}\n{style.title}\n({unit})", "%+.2f")
    return node


def removeDifference(node: Any) -> None:
    """Remove a node that `differenceSteps` made, with its colors and its legend."""
    displays = [node.GetNthDisplayNode(index) for index in reversed(range(node.GetNumberOfDisplayNodes()))]
    colors = node.GetDisplayNode().GetColorNode() if node.GetDisplayNode() is not None else None
    owned = [*displays, node.GetStorageNode(), colors, colors.GetStorageNode() if colors is not None else None]
    for each in (node, *owned):
        if each is not None and each.GetScene() is not None:
            slicer.mrmlScene.RemoveNode(each)
