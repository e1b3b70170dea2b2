"""Double of the application's input and output manager: which reader takes which file, over the real storage nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Any

import slicer
import vtk


class _VolumeOption(IntFlag):
    """Bits of vtkSlicerVolumesLogic::LoadingOptions."""

    LABEL_MAP = 1
    CENTER_IMAGE = 2
    SINGLE_FILE = 4
    AUTO_WINDOW_LEVEL = 8
    DISCARD_ORIENTATION = 16


@dataclass(frozen=True)
class _FileType:
    """A kind of file: how its names end, and the classes of nodes that hold and read it."""

    extensions: tuple[str, ...]
    node_class: str = ""
    storage_class: str = ""


FILE_TYPES = {
    "VolumeFile": _FileType((".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd"), "vtkMRMLScalarVolumeNode"),
    "SegmentationFile": _FileType((".seg.nrrd", ".seg.nhdr"), "vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode"),
    "ModelFile": _FileType((".vtk", ".vtp", ".stl", ".ply", ".obj"), "vtkMRMLModelNode", "vtkMRMLModelStorageNode"),
    "TableFile": _FileType((".csv", ".tsv"), "vtkMRMLTableNode", "vtkMRMLTableStorageNode"),
    "TextFile": _FileType((".txt", ".json", ".xml"), "vtkMRMLTextNode", "vtkMRMLTextStorageNode"),
    "TransformFile": _FileType((".tfm", ".h5"), "vtkMRMLTransformNode", "vtkMRMLTransformStorageNode"),
    "ColorTableFile": _FileType((".ctbl",), "vtkMRMLColorTableNode", "vtkMRMLColorTableStorageNode"),
    "MarkupsFile": _FileType((".mrk.json",), "vtkMRMLMarkupsNode"),
    "SceneFile": _FileType((".mrb", ".mrml")),
}


class IOManager:
    """The part of qSlicerCoreIOManager that slicer.util calls."""

    def fileType(self, fileName: str) -> str:
        """The type whose extension is the longest that `fileName` ends with, or "NoFile"."""
        matches = [
            (len(extension), name)
            for name, kind in FILE_TYPES.items()
            for extension in kind.extensions
            if str(fileName).lower().endswith(extension)
        ]
        return max(matches)[1] if matches else "NoFile"

    def fileWriterFileType(self, node: Any) -> str:
        """The type that a node is written as."""
        for name, kind in FILE_TYPES.items():
            if kind.node_class and node.IsA(kind.node_class):
                return name
        return "NoFile"

    def registeredFileReaderCount(self, fileType: str) -> int:
        """How many readers there are for a type."""
        return int(fileType in FILE_TYPES)

    def loadNodes(self, fileType: str, properties: dict[str, Any], nodes: Any = None, messages: Any = None) -> bool:
        """Read the file `properties["fileName"]` into the scene and add what came out to the vtkCollection `nodes`."""
        path = Path(properties["fileName"])
        if fileType == "SceneFile":
            return self.loadScene(str(path), bool(properties.get("clear", False)))
        node = None
        if path.exists() and fileType in FILE_TYPES:
            node = self._load(fileType, path, properties.get("name") or path.name.split(".")[0], properties)
        if node is None:
            if messages is not None:
                messages.AddMessage(vtk.vtkCommand.ErrorEvent, f"{path} could not be read as {fileType}")
            return False
        if nodes is not None:
            nodes.AddItem(node)
        return True

    def _load(self, fileType: str, path: Path, name: str, properties: dict[str, Any]) -> Any:
        if fileType == "VolumeFile":
            return _load_volume(path, name, properties)
        if fileType == "SegmentationFile":
            return slicer.modules.segmentations.logic().LoadSegmentationFromFile(str(path), True, name)
        if fileType == "MarkupsFile":
            node_id = slicer.modules.markups.logic().LoadMarkups(str(path), name, None)
            return slicer.mrmlScene.GetNodeByID(node_id) if node_id else None
        kind = FILE_TYPES[fileType]
        node = slicer.mrmlScene.AddNewNodeByClass(kind.node_class, name)
        storage = slicer.mrmlScene.AddNewNodeByClass(kind.storage_class)
        storage.SetFileName(str(path))
        if not storage.ReadData(node):
            slicer.mrmlScene.RemoveNode(storage)
            slicer.mrmlScene.RemoveNode(node)
            return None
        node.SetAndObserveStorageNodeID(storage.GetID())
        if node.IsA("vtkMRMLDisplayableNode"):
            node.CreateDefaultDisplayNodes()
        return node

    def loadScene(self, fileName: str, clear: bool = True) -> bool:
        """Read a `.mrb` or `.mrml` file, in place of the present scene or into it."""
        scene = slicer.mrmlScene
        if not os.path.isfile(fileName):
            return False
        if fileName.lower().endswith(".mrb"):
            return bool(scene.ReadFromMRB(fileName, clear))
        scene.SetURL(fileName)
        return bool(scene.Connect() if clear else scene.Import())

    def saveNodes(self, fileType: str, properties: dict[str, Any], messages: Any = None) -> bool:
        """Write the scene, or the node `properties["nodeID"]` through its own storage node, to `properties["fileName"]`."""
        path = str(properties["fileName"])
        if fileType == "SceneFile":
            return _save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        storage = node.GetStorageNode()
        if storage is None or not storage.SupportedFileType(path):
            storage = slicer.mrmlScene.AddNode(_default_storage(node))
            node.SetAndObserveStorageNodeID(storage.GetID())
        storage.SetFileName(path)
        storage.SetUseCompression(int(properties.get("useCompression", storage.GetUseCompression())))
        return bool(storage.WriteData(node))

    def fileWriterExtensions(self, node: Any) -> list[str]:
        """Formats that a node can be written in, as "description (.extension)"."""
        formats = _default_storage(node).GetSupportedWriteFileTypes()
        return [formats.GetValue(i) for i in range(formats.GetNumberOfValues())]

    def extractKnownExtension(self, fileName: str, node: Any) -> str:
        """The longest extension among the node's formats that `fileName` ends with."""
        extension_of = slicer.vtkDataFileFormatHelper.GetFileExtensionFromFormatString
        known = [extension_of(text) for text in self.fileWriterExtensions(node)]
        matches = [extension for extension in known if str(fileName).lower().endswith(extension)]
        return max(matches, key=len, default=os.path.splitext(str(fileName))[1])

    def exportNodes(
        self, nodeIDs: list[str], fileNames: list[str], properties: Any, hardenTransform: bool, messages: Any = None
    ) -> bool:
        """Write nodes to files, leaving their own storage nodes as they are.

        Raises
        ------
        NotImplementedError
            With `hardenTransform`: the application hardens a copy, which this double does not.
        """
        if hardenTransform:
            raise NotImplementedError("exporting in world coordinates is not part of the stand-in")
        written = []
        for node_id, name in zip(nodeIDs, fileNames, strict=True):
            node = slicer.mrmlScene.GetNodeByID(node_id)
            storage = _default_storage(node)
            storage.SetFileName(str(name))
            written.append(bool(storage.WriteData(node)))
        return all(written)


def _load_volume(path: Path, name: str, properties: dict[str, Any]) -> Any:
    options = _VolumeOption(0)
    for key, option, default in (
        ("labelmap", _VolumeOption.LABEL_MAP, False),
        ("center", _VolumeOption.CENTER_IMAGE, False),
        ("singleFile", _VolumeOption.SINGLE_FILE, False),
        ("autoWindowLevel", _VolumeOption.AUTO_WINDOW_LEVEL, True),
        ("discardOrientation", _VolumeOption.DISCARD_ORIENTATION, False),
    ):
        if properties.get(key, default):
            options |= option
    node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, int(options))
    if node is not None and properties.get("show", True):
        selection = slicer.app.applicationLogic().GetSelectionNode()
        if properties.get("labelmap"):
            selection.SetActiveLabelVolumeID(node.GetID())
        else:
            selection.SetActiveVolumeID(node.GetID())
        slicer.app.applicationLogic().PropagateVolumeSelection()
    return node


def _save_scene(path: str) -> bool:
    scene = slicer.mrmlScene
    if path.lower().endswith(".mrb"):
        return bool(scene.WriteToMRB(path))
    if path.lower().endswith(".mrml"):
        scene.SetURL(path)
        scene.SetRootDirectory(os.path.dirname(path))
        return bool(scene.Commit(path))
    os.makedirs(path, exist_ok=True)
    return bool(slicer.app.applicationLogic().SaveSceneToSlicerDataBundleDirectory(path, None))


def _default_storage(node: Any) -> Any:
    storage = node.CreateDefaultStorageNode()
    storage.UnRegister(None)  # Python holds the only reference now
    storage.SetScene(slicer.mrmlScene)  # formats of volumes are known only inside a scene
    return storage
