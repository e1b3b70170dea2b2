"""Two results of one CT beside each other: each with its own heat map and outlines, the views of both moving together."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import slicer
from slicer.i18n import tr as _

from hemorrhage.errors import ArgumentError

from .comparable import checkComparable, mapNames
from .compared_volumes import placeInViews, showVolumes
from .difference_map import differenceSteps, removeDifference
from .first_look import giveFirstLook
from .heat_map import HeatMap
from .hemorrhage_result import HemorrhageResult
from .hierarchy import keepTogether
from .kept_appearance import KeptAppearance, showOnlyIn
from .layout import LAYOUT_ID, registerLayouts
from .legend import legendOf
from .marks import ItemKind
from .side_by_side_layout import SIDE_BY_SIDE_ID, Side
from .step_runner import allSteps
from .view_titles import setViewTitles

_STATE_MODULE = "HemorrhageUncertaintySideBySide"
_DIFFERENCE = "difference"
_NAME, _IS_DIFFERENCE, _OPACITY, _LAYOUT = "name", "isDifference", "opacity", "layoutBefore"


class SideBySide:
    """The comparison that is open; there is at most one.

    Everything about it is in one node of the scene, so that a saved scene brings it back and closing it leaves nothing behind:
    layout, outlines, legends and scales are as they were before.

    Parameters
    ----------
    state : vtkMRMLScriptedModuleNode
        That node; see `current` and `open`.
    """

    def __init__(self, state: Any) -> None:
        self._state = state

    @classmethod
    def current(cls) -> SideBySide | None:
        """Return the open comparison, or None."""
        states = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return next((cls(node) for node in states if node.GetModuleName() == _STATE_MODULE), None)

    @classmethod
    def open(
        cls, first: HemorrhageResult, second: HemorrhageResult, name: str | None = None, *, difference: bool = False
    ) -> SideBySide:
        """Compare two results, in the place of what is compared now; see `openSteps`, which does it step by step."""
        return allSteps(cls.openSteps(first, second, name, difference=difference))

    @classmethod
    def openSteps(
        cls, first: HemorrhageResult, second: HemorrhageResult, name: str | None = None, *, difference: bool = False
    ) -> Generator[None, None, SideBySide]:
        """Compare two results of one CT in views of their own.

        Parameters
        ----------
        first, second : HemorrhageResult
            Left (A) and right (B).
        name : str, optional
            Map to show, see `names`; by default the one that is chosen for the first result, if both have it.
        difference : bool
            Show the difference of the maps, B - A, on both sides.

        Raises
        ------
        ArgumentError
            Both are the same, or of different CTs, or have no map in common, or there are no views.
        KeyError
            A result lacks the map.
        """
        checkComparable(first, second)
        names = mapNames(first, second)
        if name is not None and name not in names:
            raise KeyError(name)
        chosen = name or (HeatMap(first).name if HeatMap(first).name in names else names[0])
        manager = slicer.app.layoutManager()
        if manager is None:
            raise ArgumentError(_("There are no views to compare in: start Slicer with its main window."))
        before = cls.current()
        if before is not None:
            before.close()
        layout = manager.layoutLogic().GetLayoutNode().GetViewArrangement()
        state = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", _("Side by side"))
        state.SetModuleName(_STATE_MODULE)
        state.SetParameter(_LAYOUT, str(layout if layout != SIDE_BY_SIDE_ID else LAYOUT_ID))
        for side, result in zip(Side, (first, second), strict=True):
            state.SetNodeReferenceID(side.name, result.record.GetID())
        opened = cls(state)
        state.SetParameter(_NAME, chosen)
        state.SetParameter(_OPACITY, repr(HeatMap(first).opacity))
        place = placeInViews()
        registerLayouts(manager.layoutLogic().GetLayoutNode())
        manager.setLayout(SIDE_BY_SIDE_ID)
        try:
            yield  # only then have the views their sizes
            yield from opened.showSteps(difference=difference)
            opened._fit(place)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def isOpen(self) -> bool:
        """Whether it has not been closed, and its scene neither."""
        return self._state.GetScene() is not None

    @property
    def isShown(self) -> bool:
        """Whether its views are on the screen; they are not where another layout was chosen."""
        manager = slicer.app.layoutManager()
        return self.isOpen and manager is not None and manager.layout == SIDE_BY_SIDE_ID

    @property
    def results(self) -> tuple[HemorrhageResult | None, HemorrhageResult | None]:
        """What is compared: left and right; None where one is gone."""
        records = [self._state.GetNodeReference(side.name) if self.isOpen else None for side in Side]
        first, second = (HemorrhageResult.fromRecord(record) if record is not None else None for record in records)
        return first, second

    @property
    def name(self) -> str:
        """Name of the map that is shown, or whose difference is."""
        return self._state.GetParameter(_NAME)

    @property
    def isDifference(self) -> bool:
        """Whether the difference B - A is shown, not each side's own map."""
        return bool(self._state.GetParameter(_IS_DIFFERENCE))

    @property
    def difference(self) -> Any:
        """Volume node of the difference, or None where it is not shown."""
        return self._state.GetNodeReference(_DIFFERENCE) if self.isOpen else None

    @property
    def opacity(self) -> float:
        """Opacity of the maps in [0, 1], also while they are blinked off."""
        return float(self._state.GetParameter(_OPACITY))

    def names(self) -> list[str]:
        """Return the names of the maps that both results have."""
        return mapNames(*self._pair())

    def show(self, name: str | None = None, *, difference: bool | None = None) -> None:
        """Show another map, or its difference; see `showSteps`."""
        allSteps(self.showSteps(name, difference=difference))

    def showSteps(self, name: str | None = None, *, difference: bool | None = None) -> Generator[None, None, None]:
        """Bring the views to a map that both have, and to its difference or not; what is left out stays as it is.

        The scene is changed in the last step only. Once more after a scene was loaded, this brings back the titles.

        Raises
        ------
        KeyError
            A result lacks the map.
        """
        first, second = self._pair()
        name = name or self.name
        wanted = self.isDifference if difference is None else difference
        if name not in self.names():
            raise KeyError(name)
        node = self.difference if name == self.name else None
        if wanted and node is None:
            node = yield from differenceSteps(first, second, name)
            keepTogether(node, second.segmentation)
        self._keepOnly(node if wanted else None)
        self._state.SetParameter(_NAME, name)
        self._state.SetParameter(_IS_DIFFERENCE, "1" if wanted else "")
        self._showLegends(False)
        for side, result in zip(Side, (first, second), strict=True):
            self._showSide(side, result)
        self._showLegends(True)

    def setOpacity(self, opacity: float) -> None:
        """Set the opacity of the maps in [0, 1]."""
        self._state.SetParameter(_OPACITY, repr(min(1.0, max(0.0, float(opacity)))))
        self._setViewOpacity(self.opacity)

    def blink(self) -> None:
        """Hide the maps on both sides, or bring them back."""
        views = [view for side in Side for view in side.compositeNodes]
        isOff = all(view.GetForegroundOpacity() == 0 for view in views)
        self._setViewOpacity(self.opacity if isOff else 0.0)

    def close(self, *, restoreLayout: bool = True) -> None:
        """End the comparison: everything looks as it did before.

        Parameters
        ----------
        restoreLayout : bool
            Also arrange the views as they were; not where somebody has arranged them anew meanwhile.
        """
        if not self.isOpen:
            return
        KeptAppearance(self._state).putBack()
        self._keepOnly(None)
        setViewTitles({side.axial: "" for side in Side})
        for view in (view for side in Side for view in side.compositeNodes):
            wasModifying = view.StartModify()
            view.SetLinkedControl(False)
            view.SetHotLinkedControl(False)
            for setVolume in (view.SetBackgroundVolumeID, view.SetForegroundVolumeID, view.SetLabelVolumeID):
                setVolume(None)
            view.EndModify(wasModifying)
        layout = int(self._state.GetParameter(_LAYOUT))
        isShown = self.isShown
        slicer.mrmlScene.RemoveNode(self._state)
        if restoreLayout and isShown:
            slicer.app.layoutManager().setLayout(layout)

    def _pair(self) -> tuple[HemorrhageResult, HemorrhageResult]:
        first, second = self.results
        if first is None or second is None:
            raise ArgumentError(_("One of the results that were compared is gone: select two others."))
        return first, second

    def _showSide(self, side: Side, result: HemorrhageResult) -> None:
        kept = KeptAppearance(self._state)
        giveFirstLook(result)
        map_ = self.difference or result.map(self.name)
        display = HeatMap(result).displayOf(self.name)
        if side is Side.SECOND:  # the same colors mean the same on both sides
            kept.keep(display)
            model = HeatMap(self._pair()[0]).displayOf(self.name)
            display.SetWindowLevel(model.GetWindow(), model.GetLevel())
            display.SetThreshold(model.GetLowerThreshold(), model.GetUpperThreshold())
        if result.segmentation is not None:
            outlines = result.segmentation.GetDisplayNode()
            kept.keep(outlines)
            outlines.SetVisibility(True)
            outlines.SetVisibility2D(True)
            showOnlyIn(outlines, side.sliceNodes)
        for points in (result.node(kind.value) for kind in ItemKind):
            if points is not None and points.GetDisplayNode() is not None:
                kept.keep(points.GetDisplayNode())
                points.GetDisplayNode().SetVisibility(False)
        for view in side.compositeNodes:
            showVolumes(view, result.ct, map_, self.opacity)
        setViewTitles({side.axial: f"{side.value}: {result.procedure.label}"})

    def _showLegends(self, visible: bool) -> None:
        """Show the legends of what is shown, each in its side's large view; or hide all that may have been shown."""
        kept = KeptAppearance(self._state)
        for side, result in zip(Side, self._pair(), strict=True):
            maps = HeatMap(result)
            for name in maps.names():
                display = maps.displayOf(name)
                legend = legendOf(display)
                wanted = visible and name == self.name and self.difference is None
                if legend is None and not wanted:
                    continue
                if legend is None:
                    legend = maps.addLegend(name)
                    kept.made(legend)
                kept.keep(legend)
                legend.SetVisibility(wanted)
                showOnlyIn(legend, side.sliceNodes[:1])
        if visible and self.difference is not None:
            showOnlyIn(legendOf(self.difference.GetDisplayNode()), [node for side in Side for node in side.sliceNodes[:1]])

    def _keepOnly(self, difference: Any) -> None:
        """Remove another difference than this one."""
        old = self.difference
        self._state.SetNodeReferenceID(_DIFFERENCE, difference.GetID() if difference is not None else None)
        if old is not None and old is not difference:
            removeDifference(old)

    def _setViewOpacity(self, opacity: float) -> None:
        for view in (view for side in Side for view in side.compositeNodes):
            view.SetForegroundOpacity(opacity)

    def _fit(self, place: tuple[float, float, float] | None) -> None:
        """Show the whole CT in every view, at the place that was looked at before."""
        manager = slicer.app.layoutManager()
        for name in (name for side in Side for name in side.viewNames):
            manager.sliceWidget(name).fitSliceToBackground()
        for node in (node for side in Side for node in side.sliceNodes):
            if place is not None:
                node.JumpSliceByOffsetting(*place)
