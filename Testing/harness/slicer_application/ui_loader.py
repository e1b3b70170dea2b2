"""Loader of `.ui` files: widgets of CTK and MRML come from the doubles, and their connections are made in Python."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from harness.slicer_application.qt_names import signal_of

DOUBLES: dict[str, type] = {}  # C++ class name -> double


def double(cls: type) -> type:
    """Class decorator: let `.ui` files use a widget under the name of its class."""
    from harness.slicer_application.qt_names import adapt

    for name, member in list(vars(cls).items()):
        setter = f"set{name[0].upper()}{name[1:]}"
        if isinstance(member, QtCore.Property) and member.fset is not None and not hasattr(cls, setter):
            setattr(cls, setter, member.fset)
    adapt(cls)
    DOUBLES[cls.__name__] = cls
    return cls


class UiLoader(QtUiTools.QUiLoader):
    """QUiLoader.

    Raises
    ------
    AttributeError
        From `load`, if the file names a class, a property, a signal or a slot that does not exist here.
    """

    def createWidget(self, className: str, parent: Any = None, name: str = "") -> Any:
        """Make one widget of a `.ui` file."""
        cls = DOUBLES.get(className) or getattr(QtWidgets, className, None)
        if cls is None and className != "Line":
            self._problems.append(f"{name} is of the class {className!r}")
            cls = QtWidgets.QWidget
        if cls is None:
            return super().createWidget(className, parent, name)
        widget = cls(parent) if parent is not None else cls()
        widget.setObjectName(name)
        return widget

    def load(self, device: Any, parent: Any = None) -> Any:
        """Make what a `.ui` file describes."""
        self._problems: list[str] = []
        root = ElementTree.fromstring(bytes(device.readAll().data()))
        connections = [
            tuple(entry.findtext(part) or "" for part in ("sender", "signal", "receiver", "slot"))
            for entry in root.iterfind("connections/connection")
        ]
        if (section := root.find("connections")) is not None:
            root.remove(section)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer, parent)
        for button in widget.findChildren(DOUBLES["ctkCollapsibleButton"]):
            button.fold()
        by_name = {child.objectName: child for child in [widget, *widget.findChildren(QtCore.QObject)]}
        self._check_properties(root, by_name)
        for sender, signal, receiver, slot in connections:
            self._connect(by_name, sender, signal, receiver, slot)
        if self._problems:
            raise AttributeError("in the .ui file: " + "; ".join(self._problems))
        return widget

    def _check_properties(self, root: ElementTree.Element, by_name: dict[str, Any]) -> None:
        for entry in root.iter("widget"):
            widget = by_name.get(entry.get("name", ""))
            for setting in entry.findall("property"):
                name = setting.get("name", "")
                if widget is None or entry.get("class") == "Line" or widget.metaObject().indexOfProperty(name) >= 0:
                    continue
                # Properties that a file adds itself are marked; but so are those of widgets that Qt Designer has from plugins.
                if setting.get("stdset") != "0" or (entry.get("class") in DOUBLES and not name.startswith("Slicer")):
                    self._problems.append(f"{entry.get('name')} ({entry.get('class')}) has no property {name!r}")

    def _connect(self, by_name: dict[str, Any], sender: str, signal: str, receiver: str, slot: str) -> None:
        for name in (sender, receiver):
            if name not in by_name:
                self._problems.append(f"no widget is called {name!r}")
                return
        method = getattr(by_name[receiver], slot.partition("(")[0], None)
        if not callable(method):
            self._problems.append(f"{receiver} has no slot {slot!r}")
            return
        try:
            signal_of(by_name[sender], signal).connect(method)
        except AttributeError as error:
            self._problems.append(str(error))
