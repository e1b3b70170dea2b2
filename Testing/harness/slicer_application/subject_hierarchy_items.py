"""An item in the subject hierarchy for each node: the application's Qt plugins make them, and the wheel has no Qt.

Which event does what is that of qSlicerSubjectHierarchyPluginLogic.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk

# Classes that the application's plugins accept.
SHOWN_CLASSES = (
    "vtkMRMLDisplayableNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLSequenceBrowserNode",
    "vtkMRMLSequenceNode",
)
_BEFORE_OTHERS = 10.0  # priority with which the application's plugins listen


def keep_items_in_step(scene: Any) -> None:
    """Make an item when a node is added or read from a file, and remove it with the node."""
    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, _with_node(_node_added))
    scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, _with_node(_node_about_to_be_removed))
    scene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, _with_node(_node_removed))
    scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, lambda *_: _complete(scene), _BEFORE_OTHERS)
    scene.AddObserver(slicer.vtkMRMLScene.EndBatchProcessEvent, lambda *_: _complete(scene), _BEFORE_OTHERS)
    scene.AddObserver(slicer.vtkMRMLScene.EndCloseEvent, lambda *_: _resolve(scene))
    _resolve(scene)


def _with_node(function: Any) -> Any:
    def observer(scene: Any, _event: str, node: Any) -> None:
        function(scene, node)

    observer.CallDataType = vtk.VTK_OBJECT  # type: ignore[attr-defined]
    return observer


def _resolve(scene: Any) -> Any:
    """Leave exactly one hierarchy in the scene."""
    return slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)


def _node_added(scene: Any, node: Any) -> None:
    if node.IsA("vtkMRMLSubjectHierarchyNode"):
        _resolve(scene)
    elif not scene.IsImporting():  # a file brings its own hierarchy, which is completed at the end
        _add_item(scene, node)


def _add_item(scene: Any, node: Any) -> None:
    if node.GetHideFromEditors() or not any(node.IsA(name) for name in SHOWN_CLASSES):
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if not hierarchy.GetItemByDataNode(node):
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


def _complete(scene: Any) -> None:
    _resolve(scene)
    for index in range(scene.GetNumberOfNodes()):
        _add_item(scene, scene.GetNthNode(index))


def _node_about_to_be_removed(scene: Any, node: Any) -> None:
    if scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if item := hierarchy.GetItemByDataNode(node):
        hierarchy.RemoveItem(item, False, False)


def _node_removed(scene: Any, node: Any) -> None:
    if not scene.IsClosing() and node.IsA("vtkMRMLSubjectHierarchyNode"):
        _complete(scene)
