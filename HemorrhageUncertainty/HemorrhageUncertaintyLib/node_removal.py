"""Taking nodes out of the scene in turns, since giving back a volume's memory takes a moment."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any


def removeNodesSteps(nodes: Iterable[Any]) -> Generator[None, None, None]:
    """Remove one node a step, in order; closing this removes the rest at once.

    Parameters
    ----------
    nodes : iterable of vtkMRMLNode or None
        Those that are None, or gone when their turn comes, are passed over: removing one node may remove another. Nodes, not
        their IDs, which another scene could have given anew in between.
    """
    waiting = list(nodes)
    try:
        while waiting:
            _remove(waiting.pop(0))
            yield
    finally:
        for node in waiting:
            _remove(node)


def _remove(node: Any) -> None:
    if node is not None and node.GetScene() is not None:
        node.GetScene().RemoveNode(node)
