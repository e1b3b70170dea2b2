"""How the shown result looks: heat map, legend, surfaces, head, arrangement of views."""

import logging
from collections.abc import Generator

import slicer
from slicer.i18n import tr as _

from ..first_look import giveFirstLook
from ..head_rendering import showHead, showHeadSteps
from ..heat_map import DEFAULT_OPACITY, HeatMap
from ..layout import showLayout, showTable
from ..review_points import showPoints
from ..shown_volumes import ShownVolumes
from ..step_runner import StepRunner
from ..surfaces import showSurfaces, surfaceSteps
from ..views import showOutlines, showSlices
from .string_choice import Choice, StringChoice

BLINK_KEY = "H"
_NOTHING = (None, None, None, None)


class DisplaySection:
    """The controls under "See".

    Parameters
    ----------
    ui : namespace of widgets
    """

    def __init__(self, ui):
        self._ui = ui
        self._parameterNode = None
        self._result = None
        self._heatMap = None
        self._shown = _NOTHING
        self._drawing = None
        self._mustArrange = False
        self._mustShowHead = False
        self._isSuspended = False
        self._beforePreview = None
        self._map = StringChoice(ui.mapComboBox, self._chooseMap)
        ui.mapThresholdSlider.connect("valueChanged(double)", self._changeThreshold)
        ui.mapOpacitySlider.connect("valueChanged(double)", self._changeOpacity)
        ui.mapRangeWidget.connect("valuesChanged(double,double)", self._changeRange)
        ui.arrangeViewsButton.connect("clicked()", self.arrangeViews)
        ui.keysLabel.text = _("Press {key} to blink the heat map, N and Shift+N to step through the findings.").format(
            key=BLINK_KEY
        )
        self._enable()

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode
        if parameterNode is None:
            self._stopDrawing()
            self._beforePreview = None

    @property
    def isDrawing(self) -> bool:
        """Whether surfaces or the head are still being made, or views arranged."""
        return self._drawing is not None

    def setResult(self, result) -> None:
        """Show a result, or nothing where it is None."""
        self._stopDrawing()
        if self._heatMap is not None and self._result.exists and result != self._result:
            self._hide()
            if self._result.ct is not None and (result is None or result.ct is not self._result.ct):
                showHead(self._result.ct, False)
        self._result = result
        self._heatMap = HeatMap(result) if result is not None else None
        self._shown = _NOTHING
        self._beforePreview = None
        self._enable()
        if self._heatMap is not None:
            styles = [(name, self._heatMap.style(name)) for name in self._heatMap.names()]
            self._map.setChoices([Choice(name, style.title, style.unit) for name, style in styles], self._heatMap.name)
            giveFirstLook(result)
            if result.segmentation is not None:
                showSlices(result.segmentation)
            showPoints(result)
        self.update()

    def update(self) -> None:
        """Bring the views to what the parameter node says."""
        if self._heatMap is None or self._parameterNode is None:
            return
        node = self._parameterNode
        wanted = (node.showMap, node.showLegend, node.showSurfaces, node.showHead)
        changed = [new != old for new, old in zip(wanted, self._shown, strict=True)]
        self._shown = wanted
        if any(changed[:2]):
            self._showMap()
        if changed[2] and not node.showSurfaces:
            self._showSurfaces(False)
        if changed[3]:
            self._mustShowHead = node.showHead
            if self._result.ct is not None and not node.showHead:
                showHead(self._result.ct, False)
        if (changed[2] and node.showSurfaces) or (changed[3] and node.showHead):
            self._draw()

    def showPreview(self, preview) -> None:
        """Show what the samples say so far over the CT that is segmented, in place of whatever is shown; see `showAsBefore`."""
        if self._beforePreview is None:
            self._beforePreview = ShownVolumes()
        if self._heatMap is not None and self._result.exists:
            self._hide()
        showOutlines(preview.segmentation)
        slicer.util.setSliceViewerLayers(background=preview.ct, foreground=preview.heatMap, foregroundOpacity=DEFAULT_OPACITY)

    def showAsBefore(self) -> None:
        """Show what was shown before the preview, after a segmentation that has no result."""
        before, self._beforePreview = self._beforePreview, None
        if before is not None:
            before.putBack()
        self.setResult(self._result)

    def setSuspended(self, suspended: bool) -> None:
        """Offer nothing while two results are compared in views of their own."""
        self._isSuspended = suspended
        self._enable()

    def blink(self) -> None:
        """Hide the heat map, or bring it back."""
        if self._heatMap is not None:
            self._heatMap.blink()

    def arrangeViews(self) -> None:
        """Show the layout for reading, with the views fitted to the CT."""
        self._mustArrange = True
        self._draw()

    def _draw(self) -> None:
        """Make surfaces and head, and arrange the views if need be, in turns of the event loop: at once would take too long."""
        if self._drawing is not None:
            self._drawing.stop()
        self._drawing = StepRunner(self._drawSteps(), self._drawn, self._couldNotDraw)
        self._drawing.start()

    def _drawSteps(self) -> Generator[None, None, None]:
        if self._mustArrange:
            showLayout(slicer.app.layoutManager())
            if self._result is not None and self._result.node("volumesTable") is not None:
                showTable(self._result.node("volumesTable"))
            yield
            slicer.util.resetSliceViews()
            yield
        segmentation = self._result.segmentation if self._result is not None else None
        if segmentation is not None and self._parameterNode is not None and self._parameterNode.showSurfaces:
            yield from surfaceSteps(segmentation)
            showSurfaces(segmentation)
            yield
        if self._mustShowHead:
            if self._result is not None and self._result.ct is not None:
                yield from showHeadSteps(self._result.ct)
            self._mustShowHead = False
            yield
        if self._mustArrange:
            self._mustArrange = False
            slicer.util.resetThreeDViews()

    def _drawn(self, _nothing: None) -> None:
        self._drawing = None

    def _couldNotDraw(self, error: Exception) -> None:
        self._stopDrawing()
        logging.error("HemorrhageUncertainty: the views could not be arranged", exc_info=error)

    def _stopDrawing(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
        self._drawing, self._mustArrange, self._mustShowHead = None, False, False

    def _hide(self) -> None:
        """Take the result out of the views; the head of its CT stays."""
        self._heatMap.hide()
        self._showSurfaces(False)
        showPoints(self._result, False)
        if self._result.segmentation is not None:
            showSlices(self._result.segmentation, False)

    def _showMap(self) -> None:
        if self._parameterNode.showMap:
            self._heatMap.show(legend=self._parameterNode.showLegend)
        else:
            self._heatMap.hide()
        self._showControls()

    def _showSurfaces(self, visible: bool) -> None:
        if self._result.segmentation is not None:
            showSurfaces(self._result.segmentation, visible)

    def _showControls(self) -> None:
        """Set the sliders to what the map has, without feeding it back."""
        style = self._heatMap.style(self._heatMap.name)
        ui, top = self._ui, min(1.0, 2 * style.high)
        low, high = self._heatMap.range
        sliders = (ui.mapThresholdSlider, ui.mapOpacitySlider, ui.mapRangeWidget)
        blocked = [slider.blockSignals(True) for slider in sliders]
        ui.mapThresholdSlider.maximum = top
        ui.mapThresholdSlider.value = self._heatMap.threshold
        ui.mapOpacitySlider.value = self._heatMap.opacity
        ui.mapRangeWidget.setRange(0.0, top)
        ui.mapRangeWidget.setValues(low, high)
        for slider, wasBlocked in zip(sliders, blocked, strict=True):
            slider.blockSignals(wasBlocked)

    def _chooseMap(self, name: str) -> None:
        if self._heatMap is not None and self._parameterNode is not None:
            self._heatMap.show(name, legend=self._parameterNode.showLegend)
            self._parameterNode.showMap = True
            self._showControls()

    def _changeThreshold(self, value: float) -> None:
        if self._heatMap is not None:
            self._heatMap.setThreshold(value)

    def _changeOpacity(self, value: float) -> None:
        if self._heatMap is not None:
            self._heatMap.setOpacity(value)

    def _changeRange(self, low: float, high: float) -> None:
        if self._heatMap is not None and high > low:
            self._heatMap.setRange(low, high)

    def _enable(self) -> None:
        self._ui.seeCollapsibleButton.enabled = self._result is not None and not self._isSuspended
