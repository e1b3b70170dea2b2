"""How a result came about: which model, by which method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from .methods import methodDetails


@dataclass(frozen=True)
class Procedure:
    """Model and method of a result.

    Two results of one CT by the same procedure are a repetition, of which the later one counts; by different ones, they are two
    opinions that a reader may want to keep beside each other.

    Attributes
    ----------
    model : str
        Short name of the model; empty if the result does not say.
    sha256 : str
        Hash of the model; empty if the result does not say.
    method : str
        Name of the method, e.g. ``tta``; empty if the result does not say.
    inWords : str
        The method with its settings, as the engine words it; empty if the result does not say.
    """

    model: str
    sha256: str
    method: str
    inWords: str = ""

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Procedure:
        """Return the procedure of a parsed ``result.json``."""
        provenance = summary.get("provenance") or {}
        model = provenance.get("model") or {}
        return cls(
            model=str(model.get("name") or ""),
            sha256=str(model.get("sha256") or ""),
            method=str(provenance.get("method") or ""),
            inWords=str(provenance.get("method_in_words") or ""),
        )

    @property
    def label(self) -> str:
        """Method and model in words, for titles."""
        return _joined(methodDetails(self.method).title if self.method else "", self.model)

    @property
    def description(self) -> str:
        """Method with its settings, and model, for tool tips."""
        return _joined(self.inWords, self.model) if self.inWords else self.label

    @property
    def shortLabel(self) -> str:
        """Method and model by their short names, for the names of nodes, of which a selector shows the beginning only."""
        return _joined(self.method, self.model)

    def isRepeatedBy(self, other: Procedure) -> bool:
        """Whether `other` is the same model and method; a model that was trained anew is another one."""
        return (self.sha256 or self.model, self.method) == (other.sha256 or other.model, other.method)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part) or _("unknown method")
