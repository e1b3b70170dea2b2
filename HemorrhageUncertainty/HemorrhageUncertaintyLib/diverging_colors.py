"""Colors for a difference: blue below zero, red above, nothing where both sides agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from .heat_map_style import FADE_IN_SHARE

_COUNT = 256
#: Red, green, blue from the lower end of the scale to zero, and from zero to the upper end; told apart by color-blind readers.
_BELOW = ((0.45, 0.95, 1.0), (0.1, 0.55, 1.0), (0.2, 0.25, 0.75))
_ABOVE = ((0.75, 0.15, 0.15), (1.0, 0.4, 0.1), (1.0, 0.9, 0.35))


def addDivergingColors(name: str) -> Any:
    """Add a color table whose middle is transparent, brighter and more opaque towards both ends.

    The color is brightest where the difference is largest, on either side, as in a heat map. A share of the scale around zero is
    transparent, as large as in the heat maps, so that the CT is not tinted by noise.
    """
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    colors.SetTypeToUser()
    colors.SetNumberOfColors(_COUNT)
    stops = np.concatenate([np.linspace(-1, 0, 3) - 1e-6, np.linspace(0, 1, 3)])
    wasModifying = colors.StartModify()
    for index, value in enumerate(np.linspace(-1, 1, _COUNT)):
        red, green, blue = (np.interp(value, stops, [each[channel] for each in (*_BELOW, *_ABOVE)]) for channel in range(3))
        colors.SetColor(index, f"{value:+.2f}", red, green, blue, float(abs(value) >= FADE_IN_SHARE))
    colors.EndModify(wasModifying)
    return colors
