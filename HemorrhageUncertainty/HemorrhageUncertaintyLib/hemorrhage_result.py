"""One result in the scene: the nodes that belong together, found again after saving and loading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import slicer

from .algorithm_tags import isAutomatic
from .hierarchy import folderOf, keepTogether, removeFolder
from .marks import Marks
from .node_removal import removeNodesSteps
from .procedure import Procedure

RECORD_MODULE = "HemorrhageUncertaintyResult"
_SUMMARY = "result"
_CT = "ct"


class HemorrhageResult:
    """Thin view over the record node that ties a result together; two views of one record are equal.

    The record holds references to the result's nodes by role (``ct``, ``segmentation``, ``variance``, ``entropy`` and the other
    `heat_map.MAP_NAMES`, ``probabilities.EDH`` ..., ``samples``, ``report``, and what the tables, plots and markups add), and
    everything scalar as JSON. It has no state of its own, so that a scene from a file needs no restoring.

    Parameters
    ----------
    record : vtkMRMLScriptedModuleNode
    """

    def __init__(self, record: Any) -> None:
        self._record = record

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HemorrhageResult) and self._record.GetID() == other._record.GetID()

    def __hash__(self) -> int:
        return hash(self._record.GetID())

    def __repr__(self) -> str:
        return f"HemorrhageResult({self.name!r})"

    @classmethod
    def create(cls, ct: Any, summary: dict[str, Any], name: str) -> HemorrhageResult:
        """Add a record without nodes yet for a CT."""
        record = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", name)
        record.SetModuleName(RECORD_MODULE)
        record.SetAttribute("ModuleName", RECORD_MODULE)  # by which node selectors find it
        # In one line: a file of the scene keeps no line breaks in attributes.
        record.SetParameter(_SUMMARY, json.dumps(summary, separators=(",", ":")))
        result = cls(record)
        result.setNode(_CT, ct)
        return result

    @classmethod
    def fromRecord(cls, node: Any) -> HemorrhageResult:
        """Return the result of a record node; raises `ValueError` for any other node."""
        if not _isRecord(node):
            raise ValueError(f"{node.GetName() if node is not None else node} is no record of a result")
        return cls(node)

    @classmethod
    def all(cls) -> list[HemorrhageResult]:
        """All results in the scene, in the order in which they came."""
        return [cls(node) for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode") if _isRecord(node)]

    @classmethod
    def ofCT(cls, ctNode: Any) -> list[HemorrhageResult]:
        """The results of a CT."""
        return [result for result in cls.all() if ctNode is not None and result.ct is ctNode]

    @classmethod
    def repeatedBy(cls, ctNode: Any, summary: dict[str, Any]) -> list[HemorrhageResult]:
        """The results of a CT by the same model and method as a new one, which repeats them."""
        procedure = Procedure.of(summary)
        return [result for result in cls.ofCT(ctNode) if result.procedure.isRepeatedBy(procedure)]

    @property
    def record(self) -> Any:
        """The record node, or None where it is no longer in the scene."""
        return self._record if self._record.GetScene() is not None else None

    @property
    def exists(self) -> bool:
        """Whether the result is still in the scene."""
        return self.record is not None

    @property
    def name(self) -> str:
        """What the user knows the result by."""
        return self._record.GetName() or ""

    @property
    def ct(self) -> Any:
        """The CT node, or None."""
        return self.node(_CT)

    @property
    def segmentation(self) -> Any:
        """The segmentation node, or None."""
        return self.node("segmentation")

    @property
    def report(self) -> Any:
        """The text node with the report as HTML, or None."""
        return self.node("report")

    @property
    def summary(self) -> dict[str, Any]:
        """Everything scalar: the parsed ``result.json`` of the engine; not to be changed, since others are given the same."""
        return _parsed(self._record.GetParameter(_SUMMARY) or "{}")

    @property
    def procedure(self) -> Procedure:
        """By which model and method it came about."""
        return Procedure.of(self.summary)

    @property
    def isReviewed(self) -> bool:
        """Whether a reader has put work into it: marked a finding, or changed the segmentation of the result that was shown."""
        return not Marks(self._record).isEmpty or (self.segmentation is not None and not isAutomatic(self.segmentation))

    def map(self, name: str) -> Any:
        """Return the volume node of a map (see `heat_map.MAP_NAMES`) or of ``probabilities.CLASS``, or None."""
        return self.node(name)

    def node(self, role: str) -> Any:
        """Return the node in a role, or None."""
        return self._record.GetNodeReference(role) if self.exists else None

    def setNode(self, role: str, node: Any) -> None:
        """Give a node a role: it lies in the result's folder, and goes away with the result (but for the CT). None clears it."""
        self._record.SetNodeReferenceID(role, node.GetID() if node is not None else None)
        if node is not None and role != _CT:
            keepTogether(node, self.segmentation)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that are taken."""
        record = self._record
        roles = (record.GetNthNodeReferenceRole(index) for index in range(record.GetNumberOfNodeReferenceRoles()))
        return tuple(role for role in roles if record.GetNodeReference(role) is not None)

    def remove(self) -> None:
        """Remove every node of the result and its folder; the CT stays."""
        for _node in self.removeSteps():
            pass

    def removeSteps(self) -> Iterator[None]:
        """Do `remove` one node a step, since giving back a map's memory takes a moment; closing this does the rest at once."""
        if not self.exists:
            return
        folder = folderOf(self.segmentation)
        owned = [self.node(role) for role in self.roles if role != _CT]
        # Collected first, since removing one node may remove another. Owners first: a sequence browser that loses the node that
        # it shows makes a new one. The record first of all: half a result is none.
        nodes = [self._record, *(node for owner in owned for node in (owner, *_attachments(owner)))]
        removeFolder(folder)
        yield from removeNodesSteps(nodes)


@lru_cache(maxsize=16)
def _parsed(summary: str) -> dict[str, Any]:
    """Parse a summary once for everybody who asks: it is asked for at every turn, and long where there are many samples."""
    return json.loads(summary)


def _isRecord(node: Any) -> bool:
    return node is not None and node.IsA("vtkMRMLScriptedModuleNode") and (node.GetModuleName() or "") == RECORD_MODULE


def _attachments(node: Any) -> Iterator[Any]:
    """Nodes that are of no use without this one: how it is shown and stored, and what it plays or plots."""
    if node.IsA("vtkMRMLSequenceBrowserNode"):
        for sequence in _sequences(node):
            proxy = node.GetProxyNode(sequence)
            for member in (proxy, sequence):
                if member is not None:
                    yield member
                    yield from _attachments(member)
    if node.IsA("vtkMRMLPlotChartNode"):
        for index in range(node.GetNumberOfPlotSeriesNodes()):
            yield node.GetNthPlotSeriesNode(index)
    if node.IsA("vtkMRMLDisplayableNode"):
        for index in reversed(range(node.GetNumberOfDisplayNodes())):  # a color legend before the display that it explains
            yield node.GetNthDisplayNode(index)
    if node.IsA("vtkMRMLStorableNode"):
        for index in range(node.GetNumberOfStorageNodes()):
            yield node.GetNthStorageNode(index)


def _sequences(browser: Any) -> list[Any]:
    import vtk

    found = vtk.vtkCollection()
    browser.GetSynchronizedSequenceNodes(found, True)
    return [found.GetItemAsObject(index) for index in range(found.GetNumberOfItems())]
