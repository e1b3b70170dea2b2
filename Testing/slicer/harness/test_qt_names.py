"""`qt` has PythonQt's manners, works as Qt, and knows nothing that Qt does not know."""

from __future__ import annotations

import sys
import time

import ctk
import pytest
import qt
import slicer
import slicer.util

from harness.slicer_application.dialogs import UnexpectedDialogError, answering


def _until(condition, seconds=5.0):
    """Run the event loop until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        slicer.app.processEvents()
        time.sleep(0.001)


def test_properties_are_attributes():
    box = qt.QCheckBox()
    box.checked = True
    box.text = "Show"
    assert box.isChecked()
    assert box.text == "Show"
    box.setObjectName("show")
    assert box.name == "show"
    assert qt.QTimer().singleShot is False


@pytest.mark.parametrize("signature", ["clicked()", "clicked(bool)"])
def test_connect_by_signature(signature):
    button, heard = qt.QPushButton(), []
    button.connect(signature, lambda *arguments: heard.append(arguments))
    button.click()
    assert heard == [() if signature == "clicked()" else (False,)]


def test_disconnect():
    button, heard = qt.QPushButton(), []
    slot = lambda: heard.append(1)  # noqa: E731
    button.connect("clicked()", slot)
    assert button.disconnect("clicked()", slot)
    assert not button.disconnect("clicked()", slot)
    button.click()
    assert heard == []


def test_what_does_not_exist_is_an_attribute_error():
    button = qt.QPushButton()
    with pytest.raises(AttributeError, match="klicked"):
        button.connect("klicked()", print)
    with pytest.raises(AttributeError, match="clicked"):
        button.connect("clicked(int)", print)
    with pytest.raises(AttributeError, match="colour"):
        button.colour = "red"
    with pytest.raises(AttributeError, match="setText"):
        button.setText = "red"
    with pytest.raises(AttributeError, match="shine"):
        button.shine()
    with pytest.raises(AttributeError, match="QBotton"):
        qt.QBotton()
    with pytest.raises(AttributeError, match="ctkSlidingWidget"):
        ctk.ctkSlidingWidget()
    with pytest.raises(AttributeError, match="range"):
        ctk.ctkSliderWidget().range = 3


def test_class_written_in_python_may_have_attributes():
    class Filter(qt.QObject):
        pass

    class Panel(qt.QWidget):
        pass

    for kind in (Filter, Panel):
        instance = kind()
        instance.count = 3
        assert instance.count == 3


def test_timer_works():
    timer, heard = qt.QTimer(), []
    timer.setSingleShot(True)
    timer.connect("timeout()", lambda: heard.append(1))
    timer.start(5)
    qt.QTimer.singleShot(1, lambda: heard.append(2))
    _until(lambda: sorted(heard) == [1, 2])


def test_process_works():
    process, output, ended = qt.QProcess(), [], []
    process.connect("readyReadStandardOutput()", lambda: output.append(bytes(process.readAllStandardOutput().data())))
    process.connect("finished(int,QProcess::ExitStatus)", lambda *arguments: ended.append(arguments))
    process.start(sys.executable, ["-c", "print(input().upper())"])
    process.write(b"gr\xc3\xbc\xc3\x9fe\n")
    _until(lambda: ended)
    assert b"".join(output).decode().strip() == "GRÜSSE"
    assert ended[0][0] == 0


def test_void_calls_keep_none_alive():
    """Some builds of PySide6 release None with every call that returns nothing, until Python ends itself."""
    button, before = qt.QPushButton(), sys.getrefcount(None)
    for _ in range(1000):
        button.setEnabled(True)
    assert abs(sys.getrefcount(None) - before) < 100


def test_unexpected_window_is_an_error():
    with pytest.raises(UnexpectedDialogError, match="Overwrite"):
        qt.QMessageBox.question(None, "Save", "Overwrite?")
    with pytest.raises(UnexpectedDialogError):
        qt.QFileDialog.getSaveFileName(None, "Save")


def test_answers_are_given_in_turn():
    slicer.app.setTestingEnabled(False)
    try:
        with answering(qt.QMessageBox.Ok, qt.QMessageBox.Cancel, "/tmp/x.html") as shown:
            assert slicer.util.confirmOkCancelDisplay("Install?")
            assert not slicer.util.confirmOkCancelDisplay("Really?")
            assert qt.QFileDialog.getSaveFileName(None, "Save") == "/tmp/x.html"
    finally:
        slicer.app.setTestingEnabled(True)
    assert [dialog.text for dialog in shown[:2]] == ["Install?", "Really?"]


def test_answer_that_nobody_asked_for_is_an_error():
    with pytest.raises(AssertionError, match="no window asked"), answering(qt.QMessageBox.Ok):
        pass


def test_children_are_found_by_class_name():
    parent = qt.QWidget()
    layout = qt.QVBoxLayout(parent)
    slider = ctk.ctkSliderWidget()
    layout.addWidget(slider)
    assert slicer.util.findChildren(parent, className="ctkSliderWidget") == [slider]
    assert parent.findChildren("ctkSliderWidget") == [slider]
    assert slider.className() == "ctkSliderWidget"


def test_widget_is_painted_with_letters():
    label = qt.QLabel("EDH")
    label.resize(100, 40)
    image = label.grab().toImage()
    shades = {image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())}
    assert min(shades) < 80 < 200 < max(shades)
