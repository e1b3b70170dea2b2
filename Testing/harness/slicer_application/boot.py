"""Start of the stand-in: Qt, application logic, scene and module logics, in the order in which the application starts them."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.slicer_application import environment

_application: Any = None


def boot() -> Any:
    """Start the stand-in, once a process; later calls return the same application.

    Afterwards `slicer.app`, `slicer.mrmlScene`, `slicer.modules` and the modules `qt` and `ctk` are there.

    Raises
    ------
    ImportError
        If slicer-core or PySide6 is not installed.
    """
    global _application
    if _application is not None:
        return _application
    environment.prepare()
    slicer = environment.import_slicer()

    importlib.import_module("slicer.util")  # the real one
    from harness.slicer_application import qt_names

    qt_names.install().QUiLoader = _ui_loader()
    from harness.slicer_application.application import MODULE_SHARE, Application
    from harness.slicer_application.color_tables import write_color_files
    from harness.slicer_application.module_list import create_module_logics
    from harness.slicer_application.subject_hierarchy_items import keep_items_in_step
    from harness.slicer_application.terminology_files import write_terminology_files

    folder = tempfile.TemporaryDirectory(prefix="slicer-stand-in-", ignore_cleanup_errors=True)
    home = Path(folder.name)
    write_color_files(home / MODULE_SHARE / "ColorFiles")
    write_terminology_files(home / MODULE_SHARE / "Terminologies")
    application = Application(home)
    application._folder = folder  # removed with the process
    slicer.app = application
    slicer.mrmlScene = application.mrmlScene()
    _start_logics(slicer, application, MODULE_SHARE)
    slicer.modules = create_module_logics(slicer.mrmlScene, application.applicationLogic(), home / MODULE_SHARE)
    sys.modules["slicer.modules"] = slicer.modules
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(slicer.mrmlScene, True)
    keep_items_in_step(slicer.mrmlScene)
    _install_widgets()
    _application = application
    return application


def _ui_loader() -> type:
    from harness.slicer_application.ui_loader import UiLoader

    return UiLoader


def _install_widgets() -> None:
    from harness.slicer_application import (
        ctk_widgets,
        host,
        parameter_node_wrapper,
        python_packages,
        qmrml_widgets,
        sample_data_module,
        scripted_module,
    )

    ctk_widgets.install()
    qmrml_widgets.install()
    host.install()
    sys.modules["SampleData"] = sample_data_module.as_module()
    slicer = environment.import_slicer()
    for module in (
        scripted_module.as_module(),
        parameter_node_wrapper.as_module(),
        python_packages.i18n_module(),
        python_packages.packaging_module(),
    ):
        sys.modules[module.__name__] = module
        setattr(slicer, module.__name__.removeprefix("slicer."), module)


def _start_logics(slicer: Any, application: Any, share: str) -> None:
    """Connect scene, application logic, and the logics that bundles need for reading and writing."""
    import vtk

    scene, logic = application.mrmlScene(), application.applicationLogic()
    logic.SetHomeDirectory(application.slicerHome)
    logic.SetShareDirectory(share)
    logic.SetTemporaryPath(application.temporaryPath)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    logic.SetMRMLScene(scene)
    remote, data = slicer.vtkMRMLRemoteIOLogic(), slicer.vtkDataIOManagerLogic()
    for part in (remote, data):
        part.SetMRMLScene(scene)
        part.SetMRMLApplicationLogic(logic)
    remote.GetCacheManager().SetRemoteCacheDirectory(application.temporaryPath)
    data.SetAndObserveDataIOManager(remote.GetDataIOManager())
    remote.AddDataIOToScene()
    application._io_logics = (remote, data)  # the scene does not keep them alive
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    for factory in (slicer.vtkMRMLThreeDViewDisplayableManagerFactory, slicer.vtkMRMLSliceViewDisplayableManagerFactory):
        factory.GetInstance().SetMRMLApplicationLogic(logic)
