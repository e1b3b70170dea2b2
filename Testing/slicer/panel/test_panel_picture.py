"""The whole panel as a picture: nothing is cut off at the width that Slicer gives it."""

from __future__ import annotations

import pytest
import qt
import slicer

from harness.event_loop import wait_until
from harness.run_double import import_result
from harness.scene_ct import add_ct

#: Width in pixels of Slicer's module panel as it is at first.
WIDTH = 460


@pytest.fixture
def picture(panel, phantom, result_folder, tmp_path):
    """The panel with a result and every section open, painted into memory."""
    ui = panel.widget.ui
    ct = add_ct(phantom.ct.hu, phantom.ct.affine, "Head CT")
    ui.ctSelector.setCurrentNode(ct)
    panel.widget.showResult(import_result(result_folder, ct))
    for name in ("samples", "takeAway", "methods", "compare"):
        getattr(ui, f"{name}CollapsibleButton").collapsed = False
    ui.nextButton.click()
    ui.confirmButton.click()
    body = panel.widget.parent
    slicer.util.mainWindow().resize(WIDTH + 700, 2300)
    body.setFixedWidth(WIDTH)
    wait_until(lambda: "HU" in ui.verdictLabel.text and not panel.widget.display.isDrawing)
    image = body.grab().toImage()
    assert image.save(str(tmp_path / "panel.png"))
    return image


def test_every_label_and_button_shows_its_whole_text(panel, picture):
    cut = []
    for widget in panel.widget.parent.findChildren(qt.QWidget):
        if widget.className() not in ("QPushButton", "QCheckBox", "QLabel") or not widget.isVisibleTo(panel.widget.parent):
            continue
        wraps = widget.className() == "QLabel" and widget.wordWrap
        needed = widget.heightForWidth(widget.width) if wraps else widget.minimumSizeHint().height()
        if widget.height < needed or (not wraps and widget.width < widget.minimumSizeHint().width()):
            cut.append(f"{widget.name}: {widget.text!r}")
    assert cut == []


def test_it_is_a_picture_of_something(picture):
    assert picture.width() == WIDTH
    shades = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
    assert len(shades) > 20
