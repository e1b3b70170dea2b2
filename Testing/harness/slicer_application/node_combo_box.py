"""Double of qMRMLNodeComboBox, the selector of nodes."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from harness.slicer_application.mrml_observation import MRMLObservations
from harness.slicer_application.ui_loader import double


def _choice(attribute: str, kind: Any) -> Property:
    """A property on which the list of nodes depends."""

    def set_(self: Any, value: Any) -> None:
        setattr(self, attribute, list(value) if kind is list else value)
        self._refresh()

    return Property(kind, lambda self: getattr(self, attribute), set_)


@double
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """A list of the scene's nodes of some classes, of which one is current. Nodes are not created or removed from its menu."""

    mrmlSceneChanged = Signal(object)
    currentNodeChanged = Signal(object)
    _currentNodeSet = Signal(bool)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    SIGNATURES: ClassVar = {
        "mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged",
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "_currentNodeSet",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    }

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._types: list[str] = []
        self._none, self._add, self._remove, self._rename, self._edit = False, True, True, False, False
        self._hidden, self._children, self._select_new = False, True, True
        self._base_name, self._none_text = "", "None"
        self._attributes: list[tuple[str, str, str | None]] = []
        self._current = ""
        self._shown: list[tuple[str, str]] = []
        self._filling = False
        self._observations = MRMLObservations(self)
        self._list = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        self._list.currentIndexChanged.connect(self._chosen)

    nodeTypes = _choice("_types", list)
    noneEnabled = _choice("_none", bool)
    noneDisplay = _choice("_none_text", str)
    showHidden = _choice("_hidden", bool)
    showChildNodeTypes = _choice("_children", bool)
    addEnabled = _choice("_add", bool)
    removeEnabled = _choice("_remove", bool)
    renameEnabled = _choice("_rename", bool)
    editEnabled = _choice("_edit", bool)
    selectNodeUponCreation = _choice("_select_new", bool)
    baseName = _choice("_base_name", str)

    def addAttribute(self, nodeType: str, name: str, value: Any = None) -> None:
        """Of nodes of a class, offer only those with an attribute (of that value)."""
        self._attributes.append((nodeType, name, None if value is None else str(value)))
        self._refresh()

    def mrmlScene(self) -> Any:
        """The scene whose nodes are offered."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Offer the nodes of a scene."""
        if scene is self._scene:
            return
        self._scene = scene
        event = slicer.vtkMRMLScene
        events = (
            event.NodeAddedEvent,
            event.NodeRemovedEvent,
            event.EndCloseEvent,
            event.EndImportEvent,
            event.EndBatchProcessEvent,
        )
        self._observations.replace(scene, events, "_refresh")
        self._refresh()
        self.mrmlSceneChanged.emit(scene)

    def currentNode(self) -> Any:
        """The current node, or None."""
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        """Make a node current, or none; one that is not offered counts as none."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, nodeID: str) -> None:
        """Make the node with that ID current."""
        index = self._list.findData(nodeID) if nodeID else -1
        self._list.setCurrentIndex(index if index >= 0 else (0 if self._none else -1))

    currentNodeID = Property(str, lambda self: self._current, setCurrentNodeID)

    def nodeCount(self) -> int:
        """How many nodes are offered."""
        return self._list.count - int(self._none)

    def nodeFromIndex(self, index: int) -> Any:
        """A node by its place in the list."""
        return self._scene.GetNodeByID(self._list.itemData(index + int(self._none)))

    def addNode(self, nodeType: str = "") -> Any:
        """Make a new node, as from the menu."""
        kind = nodeType or self._types[0]
        default = kind.removeprefix("vtkMRML").removesuffix("Node")
        node = self._scene.AddNewNodeByClass(kind, self._scene.GenerateUniqueName(self._base_name or default))
        self.nodeAdded.emit(node)
        self.nodeAddedByUser.emit(node)
        if self._select_new:
            self.setCurrentNode(node)
        return node

    def _offers(self, node: Any) -> bool:
        if not self._children and node.GetClassName() not in self._types:
            return False
        if node.GetHideFromEditors() and not self._hidden:
            return False
        for kind, name, value in self._attributes:
            found = node.GetAttribute(name)
            if node.IsA(kind) and (found is None or (value is not None and found != value)):
                return False
        return True

    def _entries(self) -> list[tuple[str, str]]:
        """Text and node ID of each entry, type by type."""
        entries = [(self._none_text, "")] if self._none else []
        if self._scene is not None:
            nodes = (node for kind in self._types for node in slicer.util.getNodesByClass(kind, self._scene))
            entries += [(node.GetName() or node.GetID(), node.GetID()) for node in nodes if self._offers(node)]
        return list(dict.fromkeys(entries))  # a node of a class and of one derived from it is there once

    def _refresh(self) -> None:
        if self._scene is not None and self._scene.IsBatchProcessing():
            return  # at its end there is one event for all
        entries = self._entries()
        if entries == self._shown:
            return
        self._shown = entries
        self._filling = True
        self._list.clear()
        for text, node_id in entries:
            self._list.addItem(text, node_id)
        kept = self._list.findData(self._current) if self._current else -1
        # A list that was empty selects its first entry, as Qt does.
        self._list.setCurrentIndex(kept if kept >= 0 else min(0, self._list.count - 1))
        self._filling = False
        self._chosen()

    def _chosen(self, *_: Any) -> None:
        if self._filling:
            return
        index = self._list.currentIndex
        chosen = (self._list.itemData(index) or "") if index >= 0 else ""
        if chosen == self._current:
            return
        self._current = chosen
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self._currentNodeSet.emit(node is not None)
        self.currentNodeIDChanged.emit(chosen)
