"""Take the pictures of the Slicer module: a simulated CT, segmented by the engine with the embedded model.

Everything in them is real but the application's window: nodes, views, panel and numbers (see harness/slicer_application).

Usage: python Testing/slicer_screenshots.py [FOLDER] [--seed N] [--samples M] [--model NAME]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from harness.event_loop import wait_until
from harness.slicer_application.boot import boot

PROJECT = Path(__file__).resolve().parents[1]
MODULE = PROJECT / "HemorrhageUncertainty" / "HemorrhageUncertainty.py"
DEFAULT = PROJECT / "Resources" / "Screenshots"
#: Volume of each hemorrhage in mL, on the earlier CT and on the later one.
EARLIER_ML, LATER_ML = 8.0, 15.0
PANEL_WIDTH, WIDE_PANEL_WIDTH = 460, 900
SCROLL_BAR = 30
WINDOW = (1780, 1060)
#: Side in mm and in pixels of the close-up.
CLOSE_UP_MM, CLOSE_UP_SIZE = 150.0, 640
THREE_D_SIZE, PLOT_SIZE = (720, 640), (720, 420)
_MINUTES = 60.0


class Studio:
    """The module in the stand-in's window, with two segmented CTs.

    Parameters
    ----------
    folder : Path
        For the pictures.
    """

    def __init__(self, folder: Path) -> None:
        import slicer

        from harness.slicer_application.host import MainWindow, load_scripted_module

        self.folder = folder
        self.window = MainWindow()
        self.module = load_scripted_module(MODULE)
        slicer.util.selectModule(self.module.name)
        self.widget = slicer.util.getModuleWidget(self.module.name)
        self.ui = self.widget.ui
        self.views = slicer.app.layoutManager()

    def segment(self, seed: int, samples: int, model: str) -> None:
        """Segment an earlier and a later CT of the same simulated head with the panel's button; the later one stays selected."""
        from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
        from HemorrhageUncertaintyLib.sample_data import EARLIER_SAMPLE_NAME, SAMPLE_NAME, loadSimulatedCT

        choices = self.widget.logic.getParameterNode()
        choices.samples, choices.model, choices.keepSamples = samples, model, True
        records = []
        for name, volume_ml in ((EARLIER_SAMPLE_NAME, EARLIER_ML), (SAMPLE_NAME, LATER_ML)):
            choices.ct = loadSimulatedCT(name, volume_ml, seed)
            self._segment_selected()
            found = HemorrhageResult.ofCT(choices.ct)
            if not found:
                raise SystemExit(f"{name} was not segmented: {self.ui.statusLabel.text}")
            records.append(found[0].record)
        choices.earlier, choices.later = records
        self.ui.compareButton.click()
        self.result = found[0]
        self._review()

    def overview(self) -> None:
        """Panel, slices, 3D, table and plot in one window."""
        import qt
        import slicer

        from harness.slicer_application.view_area import window_with_views

        self._fold(True, "samples", "takeAway", "methods", "compare")
        self.ui.plotButton.click()
        self.ui.headCheckBox.checked = True
        self._panel_width(PANEL_WIDTH)
        self.window.findChild(qt.QDockWidget).setMinimumWidth(PANEL_WIDTH + SCROLL_BAR)
        picture = window_with_views(self.window, *WINDOW, aim=self._aim)
        slicer.app.processEvents()
        self._keep(picture, "module_overview.png")

    def panel(self) -> None:
        """The whole panel with every section open."""
        self._fold(False, "samples", "takeAway", "methods", "compare")
        picture = self._grab(self.widget.parent, PANEL_WIDTH)
        last = self.ui.compareCollapsibleButton
        bottom = last.mapTo(self.widget.parent, last.rect.bottomLeft()).y() + 12
        self._keep(picture.copy(0, 0, PANEL_WIDTH, bottom), "module_panel.png")

    def comparison(self) -> None:
        """The section that compares two results, wide enough for its table."""
        self._keep(self._grab(self.ui.compareCollapsibleButton, WIDE_PANEL_WIDTH), "module_comparison.png")

    def close_up(self) -> None:
        """Axial slice around the largest lesion."""
        import slicer

        from HemorrhageUncertaintyLib.views import jumpTo

        view = self.views.sliceView("Red")
        view.resize(CLOSE_UP_SIZE, CLOSE_UP_SIZE)
        view.node.SetFieldOfView(CLOSE_UP_MM, CLOSE_UP_MM, view.node.GetFieldOfView()[2])
        jumpTo(self.place, crosshair=False)
        slicer.app.processEvents()
        view.save(self.folder / "module_axial.png")

    def three_d(self) -> None:
        """Surfaces inside the translucent head."""
        view = self.views.threeDView()
        view.resize(*THREE_D_SIZE)
        self._turn(view)
        view.save(self.folder / "module_3d.png")

    def plot(self) -> None:
        """Distribution of the volumes over the samples."""
        import slicer

        view = self.views.view_of_node(slicer.util.getNodesByClass("vtkMRMLPlotViewNode")[0])
        view.resize(*PLOT_SIZE)
        view.save(self.folder / "module_plot.png")

    def methods(self, model: str) -> None:
        """Two methods on the later CT: panel and linked views, with outlines and heat maps, and with their difference."""
        import qt

        from harness.slicer_application.view_area import window_with_views

        choices = self.widget.logic.getParameterNode()
        choices.model, choices.method, choices.keepSamples = model, "deterministic", False
        self._segment_selected()
        ui = self.ui
        self._fold(True, "input", "see", "read", "samples", "takeAway", "compare")
        self._fold(False, "methods")
        ui.sideBySideCheckBox.checked = True
        wait_until(lambda: not self.widget.sideBySide.isBusy, _MINUTES)
        # The entropy: a single prediction has no variance.
        ui.comparedMapComboBox.setCurrentIndex(ui.comparedMapComboBox.findData("entropy"))
        self._panel_width(PANEL_WIDTH)
        for name, difference in (("module_methods.png", False), ("module_methods_difference.png", True)):
            ui.differenceCheckBox.checked = difference
            wait_until(lambda: not self.widget.sideBySide.isBusy, _MINUTES)
            self.window.findChild(qt.QDockWidget).setMinimumWidth(PANEL_WIDTH + SCROLL_BAR)
            self._keep(window_with_views(self.window, *WINDOW, aim=self._aim_at_both), name)
        ui.sideBySideCheckBox.checked = False

    def close(self) -> None:
        """End the engine and empty the scene."""
        import slicer

        from harness.slicer_application.host import unload_scripted_module

        unload_scripted_module(self.module)
        slicer.mrmlScene.Clear(False)

    def _aim_at_both(self) -> None:
        """Fit the views of both sides, and go to the largest lesion."""
        from HemorrhageUncertaintyLib.side_by_side_layout import Side

        for node in (node for side in Side for node in side.sliceNodes):
            self.views.view_of_node(node).fit()
            node.JumpSliceByOffsetting(*self.place)

    def _segment_selected(self) -> None:
        """Segment the CT that is selected, and wait."""
        self.ui.segmentButton.click()
        wait_until(lambda: not self.widget.run.isRunning and not self.widget.display.isDrawing, 10 * _MINUTES)

    def _review(self) -> None:
        """Confirm the first finding, and remember where it is."""
        lesions = self.result.summary["lesions"]
        if not lesions:
            raise SystemExit("no hemorrhage was found: choose another seed")
        self.place = max(lesions, key=lambda lesion: lesion["volume_ml"])["centre_ras"]
        self.ui.nextButton.click()
        self.ui.confirmButton.click()

    def _aim(self) -> None:
        """Fit the views, and go to the largest lesion; the letters say which side is which."""
        import slicer

        from HemorrhageUncertaintyLib.views import jumpTo

        self.views.resetSliceViews()
        jumpTo(self.place, centered=False, crosshair=False)
        for name in self.views.sliceViewNames():
            node = self.views.sliceView(name).node
            node.SetOrientationMarkerType(node.OrientationMarkerTypeAxes)
            node.SetOrientationMarkerSize(node.OrientationMarkerSizeSmall)
        crosshair = slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
        crosshair.SetCrosshairMode(crosshair.NoCrosshair)
        self._turn(self.views.threeDView())

    def _turn(self, view: Any) -> None:
        """Look from the front, a little from the patient's left and from above."""
        camera = view.camera
        camera.RotateTo(camera.Anterior)
        view.fit()
        camera.GetCamera().Azimuth(25)
        camera.GetCamera().Elevation(15)
        camera.GetCamera().Zoom(1.3)
        camera.ResetClippingRange()

    def _fold(self, folded: bool, *sections: str) -> None:
        for name in sections:
            getattr(self.ui, f"{name}CollapsibleButton").collapsed = folded

    def _panel_width(self, width: int) -> None:
        self.widget.parent.setFixedWidth(width)

    def _grab(self, widget: Any, width: int) -> Any:
        import slicer

        self._panel_width(width)
        self.window.setCentralWidget(None)
        self.window.resize(width + 40, 2600)
        self.window.show()
        slicer.app.processEvents()
        picture = widget.grab()
        self.window.hide()
        return picture

    def _keep(self, picture: Any, name: str) -> None:
        if not picture.save(str(self.folder / name)):
            raise SystemExit(f"{self.folder / name} cannot be written")


def take(folder: Path, seed: int, samples: int, model: str) -> list[Path]:
    """Write all pictures into a folder; return their paths."""
    boot()
    folder.mkdir(parents=True, exist_ok=True)
    studio = Studio(folder)
    try:
        studio.segment(seed, samples, model)
        for picture in (studio.overview, studio.panel, studio.comparison, studio.close_up, studio.three_d, studio.plot):
            picture()
        studio.methods(model)
    finally:
        studio.close()
    paths = sorted(folder.glob("module_*.png"))
    for path in paths:
        Image.open(path).convert("RGB").save(path, optimize=True)
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="for the pictures")
    parser.add_argument("--seed", type=int, default=3, help="of the simulated head")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--model", default="default")
    arguments = parser.parse_args()
    for written in take(arguments.folder, arguments.seed, arguments.samples, arguments.model):
        print(f"{written}: {written.stat().st_size / 1000:.0f} kB")
    sys.exit(0)
