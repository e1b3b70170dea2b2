"""A new result takes the place of earlier ones: what showed them shows it, then they go."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import slicer

from .hemorrhage_result import HemorrhageResult

#: Whose choices are followed; results refer to each other's nodes too, which is not ours to change.
_MODULE = "HemorrhageUncertainty"


def replaceSteps(earlier: Iterable[HemorrhageResult], result: HemorrhageResult) -> Generator[None, None, None]:
    """Let a complete result take the place of others, which are removed one node a step; closing this does the rest at once.

    Choices of the panel that name one of them name the new one first, so that at no time nothing is shown.

    Parameters
    ----------
    earlier : iterable of HemorrhageResult
        Those that are gone already are passed over.
    result : HemorrhageResult
        Not among them.
    """
    waiting = [each for each in earlier if each.exists]
    try:
        while waiting:
            _switch(waiting[0], result)
            yield
            yield from waiting.pop(0).removeSteps()
    finally:
        for each in waiting:
            _switch(each, result)
            each.remove()


def replaceable(ct: Any, summary: Mapping[str, Any]) -> list[HemorrhageResult]:
    """Return the results of a CT that a new one takes the place of; what a reader has put work into is never taken away."""
    return [each for each in HemorrhageResult.repeatedBy(ct, summary) if not each.isReviewed]


def numberOf(ct: Any, summary: Mapping[str, Any]) -> int:
    """Return the number, from 1, of a new result among those of its kind that stay."""
    return 1 + sum(each.isReviewed for each in HemorrhageResult.repeatedBy(ct, summary))


def _switch(earlier: HemorrhageResult, result: HemorrhageResult) -> None:
    """Let the choices that name one result name another."""
    if not (earlier.exists and result.exists):
        return
    for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode"):
        if node.GetAttribute("ModuleName") != _MODULE:
            continue
        roles = [node.GetNthNodeReferenceRole(index) for index in range(node.GetNumberOfNodeReferenceRoles())]
        with slicer.util.NodeModify(node):
            for role in roles:
                if node.GetNodeReference(role) is earlier.record:
                    node.SetNodeReferenceID(role, result.record.GetID())
