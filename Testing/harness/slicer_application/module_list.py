"""Doubles of `slicer.modules.NAME` and of the module manager, over the real module logics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer

# Name of the module and class of its logic, in an order in which later ones find what they need.
LOGIC_CLASSES = {
    "Colors": "vtkSlicerColorLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Models": "vtkSlicerModelsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Reformat": "vtkSlicerReformatLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
}


class Module:
    """A module of the application: a name and a logic. Modules written in C++ have no panel here."""

    def __init__(self, name: str, logic: Any = None, path: str = "") -> None:
        self.name = name
        self.title = name
        self.path = path
        self._logic = logic

    def logic(self) -> Any:
        """The module's logic, the same object each time."""
        return self._logic

    def widgetRepresentation(self) -> Any:
        """Refuse: the panels of the application's own modules are not part of the stand-in."""
        raise NotImplementedError(f"the panel of {self.name} exists only in the application")


class ModuleManager:
    """The part of qSlicerModuleManager, and of its factory manager, that scripted modules use."""

    SIGNALS = ("moduleAboutToBeUnloaded(QString)", "modulesLoaded(QStringList)")

    def __init__(self) -> None:
        self._slots: dict[str, list[Callable[..., None]]] = {signal: [] for signal in self.SIGNALS}

    def module(self, name: str) -> Any:
        """A module by its name in any case, or None."""
        module = getattr(slicer.modules, name.lower(), None)
        return module if isinstance(module, Module) else None

    def factoryManager(self) -> ModuleManager:
        """The list of modules is kept here too."""
        return self

    def loadedModuleNames(self) -> list[str]:
        """Names of all modules."""
        return [module.name for module in vars(slicer.modules).values() if isinstance(module, Module)]

    def isLoaded(self, name: str) -> bool:
        """Whether there is a module of that name."""
        return self.module(name) is not None

    def connect(self, signal: str, slot: Callable[..., None]) -> bool:
        """Call `slot` when `signal` is emitted."""
        self._slots_of(signal).append(slot)
        return True

    def disconnect(self, signal: str, slot: Callable[..., None]) -> bool:
        """Undo `connect`; False if there was no such connection."""
        slots = self._slots_of(signal)
        if slot not in slots:
            return False
        slots.remove(slot)
        return True

    def emit(self, signal: str, *arguments: Any) -> None:
        """Call everything that is connected to `signal`."""
        for slot in list(self._slots_of(signal)):
            slot(*arguments)

    def _slots_of(self, signal: str) -> list[Callable[..., None]]:
        if signal not in self._slots:
            raise AttributeError(f"the module manager has no signal {signal!r}")
        return self._slots[signal]


def create_module_logics(scene: Any, application_logic: Any, share: Path) -> ModuleType:
    """Make every logic of `LOGIC_CLASSES` known to the application, and return what becomes `slicer.modules`.

    Files that a module brings are looked for in `share / MODULE`.
    """
    modules = ModuleType("slicer.modules")
    for name, class_name in LOGIC_CLASSES.items():
        logic = getattr(slicer, class_name)()
        if logic.IsA("vtkSlicerModuleLogic"):
            logic.SetModuleShareDirectory(str(share / name))
        logic.SetMRMLApplicationLogic(application_logic)
        if name == "Colors":
            application_logic.SetColorLogic(logic)  # before the scene: default colors of new nodes come from it
        logic.SetMRMLScene(scene)
        application_logic.SetModuleLogic(name, logic)
        setattr(modules, name.lower(), Module(name, logic))
    return modules
