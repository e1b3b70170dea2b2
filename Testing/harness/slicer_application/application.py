"""Double of `slicer.app`: a real Qt application that also answers for the scene and the logics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from harness.slicer_application.io_manager import IOManager
from harness.slicer_application.module_list import ModuleManager

VERSION = (5, 13)
MODULE_SHARE = f"share/Slicer-{VERSION[0]}.{VERSION[1]}"


class Application(QtWidgets.QApplication):
    """The part of qSlicerApplication that scripted modules use.

    Parameters
    ----------
    home : Path
        Folder of this run: settings, temporary files and share files.
    """

    startupCompleted = QtCore.Signal()
    applicationName = "Slicer"
    majorVersion, minorVersion = VERSION

    def __init__(self, home: Path) -> None:
        super().__init__(["Slicer"])
        self._home = home
        self._temporary = home / "temporary"
        self._temporary.mkdir()
        self._testing = True
        self._scene = slicer.vtkMRMLScene()
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._io = IOManager()
        self._modules = ModuleManager()
        self._layout_manager: Any = None
        self.setOrganizationName("slicer-stand-in")
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(home / "settings"))
        font = QtGui.QFont("DejaVu Sans")
        font.setPointSize(9)
        self.setFont(font)

    @property
    def slicerHome(self) -> str:
        """Folder that stands for the installation."""
        return str(self._home)

    @property
    def temporaryPath(self) -> str:
        """Folder for files that need not outlive the run."""
        return str(self._temporary)

    def mrmlScene(self) -> Any:
        """The one scene."""
        return self._scene

    def applicationLogic(self) -> Any:
        """The real application logic."""
        return self._logic

    def coreIOManager(self) -> IOManager:
        """Readers and writers."""
        return self._io

    def ioManager(self) -> IOManager:
        """Readers and writers."""
        return self._io

    def moduleManager(self) -> ModuleManager:
        """All modules."""
        return self._modules

    def layoutManager(self) -> Any:
        """The views, made when they are first asked for, or None where the stand-in was started without views."""
        if self._layout_manager is None:
            from harness.slicer_application.layout_manager import LayoutManager

            self._layout_manager = LayoutManager()
        return self._layout_manager

    def testingEnabled(self) -> bool:
        """Whether the application was started with `--testing`: slicer.util then logs messages instead of showing them."""
        return self._testing

    def setTestingEnabled(self, enabled: bool) -> None:
        """Be an application that was started without `--testing`, for tests of what a person is told (test code only)."""
        self._testing = enabled

    def settings(self) -> QtCore.QSettings:
        """The revision's settings."""
        return QtCore.QSettings()

    def userSettings(self) -> QtCore.QSettings:
        """The person's settings."""
        return QtCore.QSettings()

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        """Environment from before the launcher changed it; there is no launcher here."""
        return QtCore.QProcessEnvironment.systemEnvironment()

    def pauseRender(self) -> None:
        """Count a request not to render; the stand-in's views render on demand only."""

    def resumeRender(self) -> None:
        """Take back a request not to render."""
