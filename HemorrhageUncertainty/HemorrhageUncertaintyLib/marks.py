"""What a reader said about each lesion and each place, kept with the result."""

from __future__ import annotations

import json
from enum import Enum

from slicer.i18n import tr as _


class Mark(Enum):
    """A reader's judgement. Stored by name in saved scenes: never rename a member."""

    UNREVIEWED = "unreviewed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EDITED = "edited"

    @property
    def title(self) -> str:
        """The mark in words; empty for what nobody has looked at."""
        return {
            Mark.UNREVIEWED: "",
            Mark.CONFIRMED: _("confirmed"),
            Mark.REJECTED: _("rejected"),
            Mark.EDITED: _("edited"),
        }[self]


class ItemKind(Enum):
    """What is reviewed; the value is the node role of its points."""

    LESION = "lesions"
    PLACE = "places"


class Marks:
    """The marks of one result, in its record.

    Parameters
    ----------
    record : vtkMRMLScriptedModuleNode
    """

    def __init__(self, record):
        self._record = record

    def get(self, kind: ItemKind, number: int) -> Mark:
        """Return a mark; `Mark.UNREVIEWED` where none was set."""
        return Mark[self._all(kind).get(str(number), Mark.UNREVIEWED.name)]

    @property
    def isEmpty(self) -> bool:
        """Whether nobody has said anything yet."""
        return all(mark == Mark.UNREVIEWED.name for kind in ItemKind for mark in self._all(kind).values())

    def set(self, kind: ItemKind, number: int, mark: Mark) -> None:
        """Set a mark."""
        marks = self._all(kind)
        marks[str(number)] = mark.name
        self._record.SetParameter(self._parameter(kind), json.dumps(marks))

    def _all(self, kind: ItemKind) -> dict[str, str]:
        return json.loads(self._record.GetParameter(self._parameter(kind)) or "{}")

    @staticmethod
    def _parameter(kind: ItemKind) -> str:
        return f"marks.{kind.value}"
