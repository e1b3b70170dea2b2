"""Hosting of scripted modules: load a module's file, make its panel, enter and leave it, reload and unload it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from harness.slicer_application.module_list import Module
from harness.slicer_application.qmrml_widgets import qMRMLWidget
from harness.slicer_application.qt_names import adapt


class ScriptedModule(Module):
    """qSlicerScriptedLoadableModule: what a module's registration fills in. Nothing else can be set on it."""

    _SETTABLE = frozenset(
        (
            *("name", "title", "path", "icon", "hidden", "categories", "contributors", "dependencies", "associatedNodeTypes"),
            *("helpText", "acknowledgementText", "widgetRepresentationCreationEnabled"),
            *("_logic", "_python_module", "_widget"),
        )
    )

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, None, str(path))
        self.categories: list[str] = []
        self.contributors: list[str] = []
        self.dependencies: list[str] = []
        self.associatedNodeTypes: list[str] = []
        self.helpText = self.acknowledgementText = ""
        self.hidden, self.widgetRepresentationCreationEnabled = False, True
        self.icon = QtGui.QIcon()
        self._python_module: Any = None
        self._widget: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._SETTABLE:
            raise AttributeError(f"a module has no property {name!r}")
        super().__setattr__(name, value)

    def widgetRepresentation(self) -> Any:
        """The module's panel, made when it is first asked for."""
        if self._widget is None:
            self._widget = ScriptedModuleWidget(self.name)
            self._widget._make(self._python_module)
            self._widget.setMRMLScene(slicer.mrmlScene)
        return self._widget


class ScriptedModuleWidget(qMRMLWidget):
    """qSlicerScriptedLoadableModuleWidget: the widget around a module's panel."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._instance: Any = None
        self._entered = False
        self.setLayout(QtWidgets.QVBoxLayout())

    def self(self) -> Any:
        """The module's own object."""
        return self._instance

    def reload(self) -> None:
        """Make the panel again, from the module as it is now."""
        self._make(sys.modules[self._name])

    @property
    def isEntered(self) -> bool:
        """Whether the panel is shown."""
        return self._entered

    def enter(self) -> None:
        """Tell the panel that it is shown."""
        if not self._entered:
            self._entered = True
            if hasattr(self._instance, "enter"):
                self._instance.enter()

    def exit(self) -> None:
        """Tell the panel that it is hidden."""
        if self._entered:
            self._entered = False
            if hasattr(self._instance, "exit"):
                self._instance.exit()

    def _make(self, python_module: Any) -> None:
        self._instance = getattr(python_module, f"{self._name}Widget")(self)
        setattr(slicer.modules, f"{self._name}Widget", self._instance)
        self._instance.setup()


class ModuleSelector(QtCore.QObject):
    """qSlicerModuleSelectorToolBar: which module is shown."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._selected = window, ""

    @property
    def selectedModule(self) -> str:
        """Name of the module that is shown."""
        return self._selected

    def selectModule(self, name: str) -> None:
        """Leave the module that is shown and enter another; "" for none."""
        if name == self._selected:
            return
        if left := slicer.app.moduleManager().module(self._selected):
            left.widgetRepresentation().exit()
        self._selected = name
        module = slicer.app.moduleManager().module(name)
        self._window._show_panel(module.widgetRepresentation() if module is not None else None)
        if module is not None:
            module.widgetRepresentation().enter()


class MainWindow(QtWidgets.QMainWindow):
    """qSlicerMainWindow: a panel on the left and a status bar; views are pictures (see `window_picture`)."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._dock = QtWidgets.QDockWidget(self)
        self._dock.setObjectName("PanelDockWidget")
        self._area = QtWidgets.QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._dock.setWidget(self._area)
        self.addDockWidget(QtCore.Qt.DockWidgetArea.LeftDockWidgetArea, self._dock)
        self._selector = ModuleSelector(self)
        self.statusBar()

    def moduleSelector(self) -> ModuleSelector:
        """Which module is shown."""
        return self._selector

    def _show_panel(self, panel: Any) -> None:
        self._area.takeWidget()
        if panel is not None:
            self._area.setWidget(panel)
            panel.show()


for _class in (ScriptedModuleWidget, MainWindow):
    adapt(_class)


def install() -> None:
    """Make the classes known under the names that slicer.util looks for."""
    slicer.qSlicerScriptedLoadableModule = ScriptedModule
    slicer.qSlicerScriptedLoadableModuleWidget = ScriptedModuleWidget


def load_scripted_module(path: Path) -> ScriptedModule:
    """Do what the application does at its start with a module's file, up to and including `startupCompleted()`.

    The file's folder joins `sys.path`, its class named like the file is made, and the module appears in `slicer.modules`.
    """
    path = Path(path).resolve()
    name = path.stem
    if os.fspath(path.parent) not in sys.path:
        sys.path.insert(0, os.fspath(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    python_module = importlib.util.module_from_spec(spec)
    sys.modules[name] = python_module
    spec.loader.exec_module(python_module)
    module = ScriptedModule(name, path)
    module._python_module = python_module
    instance = getattr(python_module, name)(module)
    setattr(slicer.modules, name.lower(), module)
    setattr(slicer.modules, f"{name}Instance", instance)
    if hasattr(instance, "setup"):
        instance.setup()
    slicer.app.startupCompleted.emit()
    return module


def unload_scripted_module(module: ScriptedModule) -> None:
    """Do what the application does at its end: clean up the panel, then forget the module."""
    if (window := slicer.util.mainWindow()) is not None and window.moduleSelector().selectedModule == module.name:
        window.moduleSelector().selectModule("")
    slicer.app.moduleManager().emit("moduleAboutToBeUnloaded(QString)", module.name)
    if module._widget is not None:
        module._widget.deleteLater()
    for name in (module.name.lower(), f"{module.name}Instance", f"{module.name}Widget"):
        if hasattr(slicer.modules, name):
            delattr(slicer.modules, name)
    sys.modules.pop(module.name, None)
    slicer.app.processEvents()
