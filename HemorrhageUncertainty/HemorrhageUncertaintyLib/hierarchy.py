"""One subject-hierarchy folder for everything that belongs to a result, beside its CT under the same study."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer

#: Attribute of the folder's item, by which it is recognised after loading a scene.
_ATTRIBUTE = "HemorrhageUncertainty.folder"


def createFolder(ct: Any, name: str) -> int:
    """Make a folder next to the CT; returns its item ID."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByDataNode(ct)
    parent = hierarchy.GetItemParent(item) if item else hierarchy.GetSceneItemID()
    folder = hierarchy.CreateFolderItem(parent or hierarchy.GetSceneItemID(), name)
    hierarchy.SetItemAttribute(folder, _ATTRIBUTE, "1")
    hierarchy.SetItemExpanded(folder, False)
    return int(folder)


def putInFolder(folder: int, nodes: Iterable[Any]) -> None:
    """Move the nodes into the folder; nodes that Slicer keeps out of the hierarchy stay out."""
    hierarchy = _hierarchy()
    for node in nodes:
        if node is None or node.GetHideFromEditors():
            continue
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, folder)
        else:
            hierarchy.CreateItem(folder, node)


def keepTogether(node: Any, member: Any) -> None:
    """Move a node into the result folder that holds another one; nodes that Slicer keeps out of the hierarchy stay out."""
    folder, item = folderOf(member), _hierarchy().GetItemByDataNode(node)
    if folder and item:
        _hierarchy().SetItemParent(item, folder)


def folderOf(node: Any) -> int:
    """Return the item ID of the result folder that holds a node, or 0."""
    hierarchy = _hierarchy()
    item = hierarchy.GetItemByDataNode(node) if node is not None else 0
    folder = hierarchy.GetItemParent(item) if item else 0
    return int(folder) if folder and hierarchy.GetItemAttribute(folder, _ATTRIBUTE) else 0


def removeFolder(folder: int) -> None:
    """Remove a result folder; what a user has put into it moves up to where the folder was."""
    hierarchy = _hierarchy()
    if not folder:
        return
    for child in slicer.util.getSubjectHierarchyItemChildren(folder):
        hierarchy.SetItemParent(child, hierarchy.GetItemParent(folder))
    hierarchy.RemoveItem(folder, True, False)


def _hierarchy() -> Any:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
