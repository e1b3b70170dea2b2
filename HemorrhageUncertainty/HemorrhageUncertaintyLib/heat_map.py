"""An uncertainty map as a heat map over the CT in the slice views."""

from __future__ import annotations

import slicer

from .heat_map_style import HeatMapStyle, styleOf
from .legend import addLegend, legendOf
from .map_volume import heatDisplay
from .side_by_side_layout import COMPARED_VIEWS

#: The last two only where the method tells apart what contributes to the variance.
MAP_NAMES = ("variance", "entropy", "mutualInformation", "varianceExpansion", "varianceTransforms")
DEFAULT_OPACITY = 0.5
_NAME, _OPACITY = "heatMap.name", "heatMap.opacity"


class HeatMap:
    """The heat map of one result: which map, how opaque, from where to where; choices are kept with the result.

    The maps are the foreground of every slice view but those of `side_by_side`. Setting opacity, blinking and hiding touch only
    views that show a map of this result.

    Parameters
    ----------
    result : HemorrhageResult
    """

    def __init__(self, result):
        self.result = result

    def names(self) -> list[str]:
        """Return the names of the maps that this result has, in the order of a list for the user."""
        subtypes = [f"probabilities.{subtype}" for subtype in self.result.summary["classes"][1:]]
        return [name for name in (*MAP_NAMES, *subtypes) if self.result.map(name) is not None]

    def style(self, name: str) -> HeatMapStyle:
        """Return a map's title, unit and first appearance."""
        return styleOf(name, len(self.result.summary["classes"]))

    @property
    def name(self) -> str:
        """Name of the chosen map; variance at first."""
        return self.result.record.GetParameter(_NAME) or MAP_NAMES[0]

    @property
    def node(self):
        """The chosen map's volume node, or None where the result lacks it."""
        return self.result.map(self.name)

    @property
    def isShown(self) -> bool:
        """Whether a slice view has the chosen map as its foreground, blinked off or not."""
        return bool(self._views())

    @property
    def isBlinkedOff(self) -> bool:
        """Whether the map is a foreground, but hidden for the moment by `blink`."""
        views = self._views()
        return bool(views) and all(view.GetForegroundOpacity() == 0 for view in views) and self.opacity > 0

    @property
    def opacity(self) -> float:
        """Chosen opacity in [0, 1], also while blinked off or hidden."""
        text = self.result.record.GetParameter(_OPACITY)
        return float(text) if text else DEFAULT_OPACITY

    @property
    def range(self) -> tuple[float, float]:
        """Values with the darkest and the brightest color."""
        display = self.displayOf(self.name)
        half = display.GetWindow() / 2
        return display.GetLevel() - half, display.GetLevel() + half

    @property
    def threshold(self) -> float:
        """Voxels below are transparent."""
        return self.displayOf(self.name).GetLowerThreshold()

    def show(self, name: str | None = None, *, legend: bool = True) -> None:
        """Show a map (the one shown last if no name is given) over the CT in all slice views, in the place of any other.

        Raises
        ------
        KeyError
            Where the result has no such map.
        """
        name = name or self.name
        if self.result.map(name) is None:
            raise KeyError(name)
        self._setLegendVisible(False)
        self.result.record.SetParameter(_NAME, name)
        self.displayOf(name)
        ct = self.result.ct  # None where a user has deleted it
        for view in _sliceViews():
            wasModifying = view.StartModify()
            view.SetBackgroundVolumeID(ct.GetID() if ct is not None else None)
            view.SetForegroundVolumeID(self.node.GetID())
            view.SetForegroundOpacity(self.opacity)
            view.EndModify(wasModifying)
        self._setLegendVisible(legend)

    def hide(self) -> None:
        """Take this result's maps out of the slice views; the CT stays."""
        self._setLegendVisible(False)
        own = {self.result.map(name).GetID() for name in self.names()}
        for view in _sliceViews():
            if view.GetForegroundVolumeID() in own:
                view.SetForegroundVolumeID(None)

    def setOpacity(self, opacity: float) -> None:
        """Set the opacity in [0, 1]; a map that is blinked off comes back."""
        self.result.record.SetParameter(_OPACITY, repr(min(1.0, max(0.0, float(opacity)))))
        self._setViewOpacity(self.opacity)

    def setRange(self, low: float, high: float) -> None:
        """Set the values with the darkest and the brightest color.

        Raises
        ------
        ValueError
            Where `high` is not above `low`.
        """
        if not high > low:
            raise ValueError(f"the upper end of the scale must be above {low:g}, not {high:g}")
        self.displayOf(self.name).SetWindowLevelMinMax(low, high)

    def setThreshold(self, threshold: float) -> None:
        """Make voxels below `threshold` transparent."""
        self.displayOf(self.name).SetLowerThreshold(threshold)

    def setLegendVisible(self, visible: bool) -> None:
        """Show or hide the legend of a map that is shown."""
        self._setLegendVisible(visible and self.isShown)

    def blink(self) -> None:
        """Hide a map that is shown, or bring it back with the opacity that it had."""
        self._setViewOpacity(self.opacity if self.isBlinkedOff else 0.0)

    def _views(self) -> list:
        node = self.node
        return [view for view in _sliceViews() if node is not None and view.GetForegroundVolumeID() == node.GetID()]

    def _setViewOpacity(self, opacity: float) -> None:
        for view in self._views():
            view.SetForegroundOpacity(opacity)

    def displayOf(self, name: str):
        """Return a map's display node, which has had its first appearance, whether it is shown or not.

        Raises
        ------
        KeyError
            Where the result lacks the map.
        """
        node = self.result.map(name)
        if node is None:
            raise KeyError(name)
        return heatDisplay(node, self.style(name))

    def addLegend(self, name: str):
        """Add a legend to a map that has none, and return it."""
        style = self.style(name)
        return addLegend(self.displayOf(name), f"{style.title}\n({style.unit})", "%.2f")

    def _setLegendVisible(self, visible: bool) -> None:
        node = self.node
        display = node.GetDisplayNode() if node is not None else None
        if display is None:
            return
        legend = legendOf(display)
        if legend is None and visible:
            legend = self.addLegend(self.name)
        if legend is not None:
            legend.SetVisibility(visible)


def _sliceViews() -> list:
    """Return the nodes that say what each slice view shows, but for those in which two results are compared."""
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return [view for view in views if view.GetLayoutName() not in COMPARED_VIEWS]
