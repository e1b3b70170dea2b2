"""Doubles of the CTK widgets that scripted modules use: the module `ctk`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Qt, Signal

from harness.slicer_application import dialogs
from harness.slicer_application.ui_loader import DOUBLES, double

_STEPS = 1000  # of the slider over its whole range
_VISIBLE_INSIDE = "visibilityToParent"  # the property in which CTK keeps it too


@double
class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A heading over a panel that can be folded."""

    contentsCollapsed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(next((value for value in arguments if isinstance(value, QtWidgets.QWidget)), None))
        self._is_folding = False
        self._heading = self.fontMetrics().height() + 10
        self.setContentsMargins(0, self._heading, 0, 0)
        self.setCheckable(True)
        self.setChecked(True)
        self.setText(next((value for value in arguments if isinstance(value, str)), ""))
        self.toggled.connect(self._toggled)

    def _collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, _collapsed, _set_collapsed)

    def fold(self) -> None:
        """Show or hide what is inside, once it is there; what somebody has hidden stays hidden."""
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                self._fold_one(child)

    def _toggled(self, open_: bool) -> None:
        self.fold()
        self.setMaximumHeight(16777215 if open_ else self._heading)
        self.contentsCollapsed.emit(not open_)

    def _fold_one(self, child: QtWidgets.QWidget) -> None:
        hidden_by_somebody = child.property(_VISIBLE_INSIDE) is False
        self._is_folding = True
        child.setVisible(self.isChecked() and not hidden_by_somebody)
        self._is_folding = False
        if not hidden_by_somebody:  # else Qt would say nothing when somebody hides it while it is folded
            child.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        """Watch a widget that is put into the panel."""
        if event.added():
            event.child().installEventFilter(self)
        super().childEvent(event)

    def eventFilter(self, child: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Keep what is shown or hidden while the panel is folded for when it is opened."""
        shown, hidden = (event.type() == kind for kind in (QtCore.QEvent.Type.ShowToParent, QtCore.QEvent.Type.HideToParent))
        if not self._is_folding and (shown or hidden):
            child.setProperty(_VISIBLE_INSIDE, shown)
            if shown and self._collapsed():
                self._fold_one(child)
        return False

    def hitButton(self, position: QtCore.QPoint) -> bool:
        """Only the heading can be clicked."""
        return position.y() <= self._heading

    def sizeHint(self) -> QtCore.QSize:
        """The heading and what is in the panel."""
        hint = self.layout().totalSizeHint() if self.layout() is not None and not self._collapsed() else QtCore.QSize(0, 0)
        return hint.expandedTo(QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 40, self._heading))

    def minimumSizeHint(self) -> QtCore.QSize:
        """The heading and the least that the panel needs."""
        least = self.layout().totalMinimumSize() if self.layout() is not None and not self._collapsed() else QtCore.QSize(0, 0)
        return least.expandedTo(QtCore.QSize(0, self._heading))

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Paint the heading."""
        painter = QtWidgets.QStylePainter(self)
        frame = QtWidgets.QStyleOptionButton()
        frame.initFrom(self)
        frame.rect = QtCore.QRect(0, 0, self.width, self._heading)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, frame)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(6, self._heading // 4, self._heading // 2, self._heading // 2)
        element = QtWidgets.QStyle.PrimitiveElement
        painter.drawPrimitive(element.PE_IndicatorArrowRight if self._collapsed() else element.PE_IndicatorArrowDown, arrow)
        place = QtCore.QRect(self._heading + 4, 0, self.width, self._heading)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, self.text)


@double
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A group box that is folded when it is not checked."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.setCheckable(True)
        self.toggled.connect(self._toggled)

    def _collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, _collapsed, _set_collapsed)

    def _fold(self, open_: bool) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(open_)


def _of(part: str, name: str, kind: Any) -> Property:
    """A property that is the one of the same name of an inner widget."""

    def get(self: Any) -> Any:
        return QtCore.QObject.property(getattr(self, part), name)

    def set_(self: Any, value: Any) -> None:
        getattr(self, part).setProperty(name, value)
        self._follow()

    return Property(kind, get, set_)


@double
class ctkSliderWidget(QtWidgets.QWidget):
    """A slider and a spin box for one number. Dragging is not told apart from setting: `tracking` is kept but has no effect."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider, self._box, self._tracking = QtWidgets.QSlider(Qt.Orientation.Horizontal), QtWidgets.QDoubleSpinBox(), True
        self._slider.setRange(0, _STEPS)
        self._box.setRange(0, 99)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._box.valueChanged.connect(self._changed)
        self._slider.sliderMoved.connect(self._moved)

    value = _of("_box", "value", float)
    minimum = _of("_box", "minimum", float)
    maximum = _of("_box", "maximum", float)
    singleStep = _of("_box", "singleStep", float)
    decimals = _of("_box", "decimals", int)
    suffix = _of("_box", "suffix", str)
    prefix = _of("_box", "prefix", str)
    pageStep = _of("_slider", "pageStep", float)
    tickInterval = _of("_slider", "tickInterval", float)
    spinBoxVisible = _of("_box", "visible", bool)

    def _get_tracking(self) -> bool:
        return self._tracking

    def _set_tracking(self, tracking: bool) -> None:
        self._tracking = tracking

    tracking = Property(bool, _get_tracking, _set_tracking)

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set the least and the greatest value."""
        self._box.setRange(minimum, maximum)
        self._follow()

    def _changed(self, value: float) -> None:
        self._follow()
        self.valueIsChanging.emit(value)
        self.valueChanged.emit(value)

    def _follow(self) -> None:
        low, high = self._box.minimum, self._box.maximum
        self._slider.setValue(round(_STEPS * (self._box.value - low) / (high - low)) if high > low else 0)

    def _moved(self, step: int) -> None:
        low, high = self._box.minimum, self._box.maximum
        self._box.setValue(low + step / _STEPS * (high - low))


@double
class ctkDoubleSlider(QtWidgets.QWidget):
    """A slider for one number."""

    valueChanged = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._inner = ctkSliderWidget()
        self._inner.spinBoxVisible = False
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._inner)
        self._inner.valueChanged.connect(self.valueChanged.emit)

    value = _of("_inner", "value", float)
    minimum = _of("_inner", "minimum", float)
    maximum = _of("_inner", "maximum", float)
    singleStep = _of("_inner", "singleStep", float)

    def _follow(self) -> None:
        """Do nothing: the inner widget follows by itself."""


@double
class ctkRangeWidget(QtWidgets.QWidget):
    """Two numbers of which the first is not greater than the second."""

    valuesChanged = Signal(float, float)
    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._low, self._high = QtWidgets.QDoubleSpinBox(), QtWidgets.QDoubleSpinBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box in (self._low, self._high):
            box.setRange(0, 99)
            layout.addWidget(box, 1)
        self._high.setValue(99)
        self._low.valueChanged.connect(self._low_changed)
        self._high.valueChanged.connect(self._high_changed)

    def _both(name: str, kind: Any) -> Property:  # type: ignore[misc]
        def set_(self: Any, value: Any) -> None:
            self._low.setProperty(name, value)
            self._high.setProperty(name, value)

        return Property(kind, lambda self: QtCore.QObject.property(self._low, name), set_)

    minimum = _both("minimum", float)
    maximum = _both("maximum", float)
    singleStep = _both("singleStep", float)
    decimals = _both("decimals", int)
    suffix = _both("suffix", str)
    prefix = _both("prefix", str)
    minimumValue = _of("_low", "value", float)
    maximumValue = _of("_high", "value", float)

    def setValues(self, minimumValue: float, maximumValue: float) -> None:
        """Set both numbers and say so once."""
        before = (self.minimumValue, self.maximumValue)
        self.blockSignals(True)
        self._low.setValue(minimumValue)
        self._high.setValue(maximumValue)
        self.blockSignals(False)
        if (self.minimumValue, self.maximumValue) != before:
            self.valuesChanged.emit(self.minimumValue, self.maximumValue)

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set the least and the greatest value."""
        self.minimum, self.maximum = minimum, maximum

    def _follow(self) -> None:
        """Do nothing: both numbers are in view."""

    def _low_changed(self, value: float) -> None:
        if value > self._high.value:
            self._high.setValue(value)
        self.minimumValueChanged.emit(value)
        self.valuesChanged.emit(self._low.value, self._high.value)

    def _high_changed(self, value: float) -> None:
        if value < self._low.value:
            self._low.setValue(value)
        self.maximumValueChanged.emit(value)
        self.valuesChanged.emit(self._low.value, self._high.value)


@double
class ctkPathLineEdit(QtWidgets.QWidget):
    """A path, typed or chosen in a file dialog."""

    currentPathChanged = Signal(str)
    NoFilter, Dirs, Files, Drives, Readable, Writable = 0xFFFF, 0x001, 0x002, 0x004, 0x010, 0x020

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._edit, self._button = QtWidgets.QComboBox(), QtWidgets.QToolButton()
        self._edit.setEditable(True)
        self._button.setText("…")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._edit, 1)
        layout.addWidget(self._button)
        self._filters, self._key, self._names, self._label = self.Files, "", [], ""
        self._edit.currentTextChanged.connect(self.currentPathChanged.emit)
        self._button.clicked.connect(self.browse)

    def _path(self) -> str:
        return str(QtCore.QObject.property(self._edit, "currentText"))

    def _set_path(self, path: str) -> None:
        self._edit.setCurrentText(path)

    currentPath = Property(str, _path, _set_path)
    filters = Property(int, lambda self: self._filters, lambda self, value: setattr(self, "_filters", int(value)))
    settingKey = Property(str, lambda self: self._key, lambda self, value: setattr(self, "_key", value))
    nameFilters = Property(list, lambda self: self._names, lambda self, value: setattr(self, "_names", list(value)))
    label = Property(str, lambda self: self._label, lambda self, value: setattr(self, "_label", value))

    def browse(self) -> None:
        """Ask for a path."""
        if path := dialogs.FileDialog.getOpenFileName(self, self._label):
            self._set_path(path)

    def addCurrentPathToHistory(self) -> None:
        """Offer this path again later."""
        if self._edit.findText(self._path()) < 0:
            self._edit.addItem(self._path())


@double
class ctkDirectoryButton(QtWidgets.QPushButton):
    """A folder, chosen in a dialog."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._folder = ""
        self.clicked.connect(self.browse)

    def _set(self, folder: str) -> None:
        if folder != self._folder:
            self._folder = folder
            self.setText(folder)
            self.directoryChanged.emit(folder)

    directory = Property(str, lambda self: self._folder, _set)

    def browse(self) -> None:
        """Ask for a folder."""
        if folder := dialogs.FileDialog.getExistingDirectory(self, self.toolTip):
            self._set(folder)
            self.directorySelected.emit(folder)


@double
class ctkColorPickerButton(QtWidgets.QPushButton):
    """A color."""

    colorChanged = Signal(QtGui.QColor)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._color = QtGui.QColor()

    def _set(self, color: QtGui.QColor) -> None:
        if color != self._color:
            self._color = QtGui.QColor(color)
            self.colorChanged.emit(self._color)

    color = Property(QtGui.QColor, lambda self: self._color, _set)


@double
class ctkMessageBox(dialogs.MessageBox):
    """A message with a box to tick against seeing it again."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._key = ""

    dontShowAgainSettingsKey = Property(str, lambda self: self._key, lambda self, value: setattr(self, "_key", value))


@double
class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box."""


@double
class ctkCheckablePushButton(QtWidgets.QPushButton):
    """A button with a check box in it."""


@double
class ctkComboBox(QtWidgets.QComboBox):
    """A combo box."""


@double
class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """A spin box."""


@double
class ctkMenuButton(QtWidgets.QPushButton):
    """A button with a menu beside it."""


@double
class ctkSearchBox(QtWidgets.QLineEdit):
    """A line to type what is looked for."""


@double
class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """A text that takes the height it needs."""


def install() -> ModuleType:
    """Register the module `ctk`."""
    module = ModuleType("ctk")
    for name, cls in DOUBLES.items():
        if name.startswith("ctk"):
            setattr(module, name, cls)
    sys.modules["ctk"] = module
    return module
