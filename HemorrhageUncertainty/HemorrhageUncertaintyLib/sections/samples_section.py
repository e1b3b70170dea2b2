"""A slider through the plausible segmentations of a result, where they were kept."""

import slicer
from slicer.i18n import tr as _

from ..samples import sampleCount, selectSample, shownSample

_LABEL_OPACITY = 0.5


class SamplesSection:
    """The controls under "Samples".

    Parameters
    ----------
    ui : namespace of widgets
    """

    def __init__(self, ui):
        self._ui = ui
        self._parameterNode = None
        self._browser = None
        self._shown = False
        ui.sampleSlider.connect("valueChanged(double)", self._select)

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode

    def setResult(self, result) -> None:
        """Offer the samples of a result; None or a result without them disables the controls."""
        if self._browser is not None:
            self._show(False)
        self._browser = result.node("samples") if result is not None else None
        count = sampleCount(self._browser) if self._browser is not None else 0
        slider = self._ui.sampleSlider
        wasBlocked = slider.blockSignals(True)
        slider.maximum = max(1, count)
        slider.value = self._browser.GetSelectedItemNumber() + 1 if count else 1
        slider.blockSignals(wasBlocked)
        slider.enabled = count > 0
        self._ui.showSampleCheckBox.enabled = count > 0
        self._ui.samplesLabel.text = (
            _("{count} plausible segmentations.").format(count=count)
            if count
            else _("No samples were kept: tick \u201cKeep the samples\u201d under Advanced before segmenting.")
        )
        self.update()

    def update(self) -> None:
        """Bring the slice views to what the parameter node says."""
        wanted = self._browser is not None and self._parameterNode is not None and self._parameterNode.showSample
        if wanted != self._shown:
            self._show(wanted)

    def _select(self, value: float) -> None:
        if self._browser is not None and self._parameterNode is not None:
            selectSample(self._browser, round(value))
            self._parameterNode.showSample = True
            self._show(True)

    def _show(self, visible: bool) -> None:
        self._shown = visible
        if visible:
            slicer.util.setSliceViewerLayers(label=shownSample(self._browser), labelOpacity=_LABEL_OPACITY)
        else:
            slicer.util.setSliceViewerLayers(label=None)
