"""Double of `slicer.parameterNodeWrapper`: a class whose members are the parameters of a parameter node, bound to widgets.

As in the application, `connectGui` returns nothing (`connectParametersToGui` returns a tag for `disconnectGui`), and a widget can
only be bound to a type of parameter that the application has a connector for.
"""

from __future__ import annotations

import enum
import pathlib
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import slicer
import vtk
from PySide6 import QtWidgets

from harness.slicer_application import parameter_types
from harness.slicer_application.ctk_widgets import ctkDirectoryButton, ctkPathLineEdit, ctkSliderWidget
from harness.slicer_application.node_combo_box import qMRMLNodeComboBox
from harness.slicer_application.parameter_types import Choice, Maximum, Minimum, Parameter, WithinRange

PROPERTY = "SlicerParameterName"
_LEAST, _MOST = -(2**31), 2**31 - 1


@dataclass(frozen=True)
class _Connector:
    """How the value of one widget is read, written and observed."""

    changed: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]


def _connector(widget: Any, parameter: Parameter) -> _Connector:
    """Connect a widget of exactly the class that the application connects to this type.

    Raises
    ------
    RuntimeError
        If there is none for the pair, or a slider is bound to a number without limits.
    """
    kind, widget_kind = parameter.kind, type(widget)
    is_class = isinstance(kind, type)
    if kind is bool and widget_kind in (QtWidgets.QCheckBox, QtWidgets.QPushButton):
        widget.checkable = True
        return _Connector(widget.toggled, lambda: widget.checked, widget.setChecked)
    if kind is int and widget_kind in (QtWidgets.QSpinBox, QtWidgets.QSlider):
        _limit(widget, parameter, QtWidgets.QSlider)
        return _Connector(widget.valueChanged, lambda: widget.value, widget.setValue)
    if kind is float and widget_kind in (QtWidgets.QDoubleSpinBox, ctkSliderWidget):
        _limit(widget, parameter, ctkSliderWidget)
        return _Connector(widget.valueChanged, lambda: widget.value, widget.setValue)
    if is_class and widget_kind is QtWidgets.QComboBox and issubclass(kind, enum.Enum):
        return _choices(widget, list(kind), [member.label() if hasattr(kind, "label") else member.name for member in kind])
    if kind in (int, float, str, bool) and widget_kind is QtWidgets.QComboBox:
        choices = next((list(check.choices) for check in parameter.checks if isinstance(check, Choice)), None)
        if choices is not None:
            return _choices(widget, choices, [str(choice) for choice in choices])
    if kind is str and widget_kind is QtWidgets.QLineEdit:
        return _Connector(widget.textChanged, lambda: widget.text, widget.setText)
    if kind is str and widget_kind is QtWidgets.QTextEdit:
        return _Connector(widget.textChanged, widget.toPlainText, widget.setPlainText)
    if is_class and issubclass(kind, pathlib.PurePath) and widget_kind is ctkPathLineEdit:
        write_path = lambda value: setattr(widget, "currentPath", str(value))  # noqa: E731
        return _Connector(widget.currentPathChanged, lambda: kind(widget.currentPath), write_path)
    if is_class and issubclass(kind, pathlib.PurePath) and widget_kind is ctkDirectoryButton:
        write_folder = lambda value: setattr(widget, "directory", str(value))  # noqa: E731
        return _Connector(widget.directoryChanged, lambda: kind(widget.directory), write_folder)
    if parameter.is_node() and widget_kind is qMRMLNodeComboBox:
        widget.nodeTypes = [kind.__name__]
        return _Connector(widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode)
    raise RuntimeError(f"{parameter.name}: the application cannot connect the type {kind} to a {widget_kind.__name__}")


def _limit(widget: Any, parameter: Parameter, slider: type) -> None:
    ranges = [check for check in parameter.checks if isinstance(check, WithinRange | Minimum)]
    least = ranges[0].minimum if ranges else None
    ranges = [check for check in parameter.checks if isinstance(check, WithinRange | Maximum)]
    most = ranges[0].maximum if ranges else None
    if isinstance(widget, slider) and (least is None or most is None):
        raise RuntimeError(f"{parameter.name}: a slider needs a number with two limits")
    widget.setRange(_LEAST if least is None else least, _MOST if most is None else most)


def _choices(widget: Any, values: list[Any], labels: list[str]) -> _Connector:
    widget.clear()
    widget.addItems(labels)
    return _Connector(
        widget.currentIndexChanged,
        lambda: values[widget.currentIndex],
        lambda value: widget.setCurrentIndex(values.index(value)),
    )


class _Wrapper:
    """What the decorator adds to a class of parameters."""

    allParameters: dict[str, Parameter]

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        if prefix is not None:
            raise NotImplementedError("prefixes are not part of the stand-in")
        self.parameterNode = parameterNode
        self._connections: dict[int, dict[str, tuple[_Connector, Any]]] = {}
        self._observers: dict[int, int] = {}
        self._next_tag = 0
        self._updating = False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default)

    def getValue(self, name: str) -> Any:
        """The value of a parameter."""
        return self._parameter(name).read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:
        """Set the value of a parameter."""
        self._parameter(name).write(self.parameterNode, value)

    def default(self, name: str) -> Any:
        """The default of a parameter, as an annotation."""
        return parameter_types.Default(self._parameter(name).default)

    def dataType(self, name: str) -> Any:
        """The annotated type of a parameter."""
        return self._parameter(name).annotated

    def connectGui(self, gui: Any) -> None:
        """Bind the widgets with a property `SlicerParameterName`, in a widget or among the attributes of an object."""
        widgets = gui.findChildren(QtWidgets.QWidget) if isinstance(gui, QtWidgets.QWidget) else vars(gui).values()
        self.connectParametersToGui({name: widget for widget in widgets if (name := widget.property(PROPERTY))})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind parameters to widgets; the result is for `disconnectGui`."""
        connectors = {name: _connector(widget, self._parameter(name)) for name, widget in mapping.items()}
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        self._connections[tag] = {}
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            slot = self._slot(name, connector)
            connector.changed.connect(slot)
            self._connections[tag][name] = (connector, slot)
        self._observers[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._update_gui())
        return tag

    def disconnectGui(self, guiTag: int | None) -> None:
        """Undo `connectParametersToGui`; do nothing for anything that it has not returned."""
        for connector, slot in self._connections.pop(guiTag, {}).values():  # type: ignore[arg-type]
            connector.changed.disconnect(slot)
        if guiTag in self._observers:
            self.RemoveObserver(self._observers.pop(guiTag))

    def StartModify(self) -> int:
        """Hold back the node's events."""
        return int(self.parameterNode.StartModify())

    def EndModify(self, wasModified: int) -> int:
        """Let the node's events go."""
        return int(self.parameterNode.EndModify(wasModified))

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        """Observe the node."""
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        """Stop observing the node."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Say that the node has changed."""
        self.parameterNode.Modified()

    def _parameter(self, name: str) -> Parameter:
        if name not in self.allParameters:
            raise ValueError(f"there is no parameter {name!r} among {', '.join(self.allParameters)}")
        return self.allParameters[name]

    def _slot(self, name: str, connector: _Connector) -> Callable[..., None]:
        def from_widget(*_: Any) -> None:
            if not self._updating:
                with slicer.util.NodeModify(self):
                    self.setValue(name, connector.read())

        return from_widget

    def _update_gui(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            for connections in list(self._connections.values()):
                for name, (connector, _) in connections.items():
                    connector.write(self.getValue(name))
        finally:
            self._updating = False


def parameterNodeWrapper(cls: type | None = None) -> Any:
    """Class decorator, with or without parentheses."""
    if cls is None:
        return parameterNodeWrapper
    parameters = {
        name: Parameter(name, kind, getattr(cls, name, ...))
        for name, kind in typing.get_type_hints(cls, include_extras=True).items()
    }
    if reserved := [name for name in vars(_Wrapper) if name in vars(cls) and not name.startswith("__")]:
        raise ValueError(f"{', '.join(reserved)}: names that a wrapper uses itself")
    members = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    properties = {name: _property(parameter) for name, parameter in parameters.items()}
    return type(cls.__name__, (_Wrapper,), {**members, **properties, "allParameters": parameters})


def _property(parameter: Parameter) -> property:
    return property(
        lambda self: parameter.read(self.parameterNode),
        lambda self, value: parameter.write(self.parameterNode, value),
    )


def isParameterNodeWrapper(thing: Any) -> bool:
    """Whether this is a wrapper class or an object of one."""
    return issubclass(thing if isinstance(thing, type) else type(thing), _Wrapper)


def as_module() -> ModuleType:
    """What `slicer.parameterNodeWrapper` is."""
    module = ModuleType("slicer.parameterNodeWrapper")
    for value in (parameterNodeWrapper, isParameterNodeWrapper, parameter_types.Default, WithinRange, Minimum, Maximum, Choice):
        setattr(module, value.__name__, value)
    module.SlicerParameterNamePropertyName = PROPERTY  # type: ignore[attr-defined]
    return module
