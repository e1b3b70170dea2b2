"""What the label values of an imported data set mean, and how stored values become these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hemorrhage.hemorrhage_class import SIX_CLASSES

from .defects import CaseDefectError

#: Name of the one foreground class of a data set without subtypes.
HEMORRHAGE = "hemorrhage"

_SYNONYMS = {
    "EDH": ("edh", "epidural", "extradural"),
    "IPH": ("iph", "intraparenchymal", "intracerebral", "parenchymal"),
    "IVH": ("ivh", "intraventricular"),
    "SAH": ("sah", "subarachnoid"),
    "SDH": ("sdh", "subdural"),
    HEMORRHAGE: ("ich", "hemorrhage", "haemorrhage", "intracranial", "bleeding", "blood"),
}
_TRAILING = (" hemorrhage", " haemorrhage", " hematoma", " haematoma")


@dataclass(frozen=True)
class LabelScheme:
    """The classes of a data set.

    Attributes
    ----------
    names : tuple of str
        Index = label value; the first is the background.
    ignore : bool
        Whether the value after the last class marks voxels whose class is unknown (nnU-Net's ``ignore`` label).
    """

    names: tuple[str, ...]
    ignore: bool = False

    @property
    def ignore_value(self) -> int | None:
        """The value of voxels of unknown class, or None."""
        return len(self.names) if self.ignore else None

    @property
    def foreground(self) -> tuple[str, ...]:
        """The classes without the background."""
        return self.names[1:]

    def to_dataset_json(self) -> dict[str, int]:
        """Return the ``labels`` of nnU-Net's ``dataset.json``."""
        labels = {name: value for value, name in enumerate(self.names)}
        return {**labels, "ignore": len(self.names)} if self.ignore else labels


SIX = LabelScheme(SIX_CLASSES)
BINARY = LabelScheme(("background", HEMORRHAGE))


class LabelRule(Protocol):
    """How the values stored in a mask become values of a `LabelScheme`."""

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the labels; raise `CaseDefectError` if the mask holds a value that has no meaning."""


@dataclass(frozen=True)
class AboveZero:
    """Everything above zero is class 1, whatever the number is (1, 255, or 254.9 after a rescale slope)."""

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """See `LabelRule`."""
        if not np.isfinite(stored).all():
            raise CaseDefectError("the mask holds values that are not finite")
        return (stored > 0).astype(np.uint8)


@dataclass(frozen=True)
class Renumbered:
    """Each stored value has its own meaning; every other value is an error.

    Attributes
    ----------
    value_of : mapping of int to int
        From the stored to the written label value.
    """

    value_of: Mapping[int, int]

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """See `LabelRule`."""
        found = np.unique(stored)
        unknown = [value for value in found.tolist() if value not in self.value_of]
        if unknown:
            shown = ", ".join(f"{value:g}" for value in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            known = ", ".join(str(value) for value in sorted(self.value_of))
            raise CaseDefectError(f"the mask holds the value{'s' * (len(unknown) > 1)} {shown}; allowed are {known}")
        written = np.array([self.value_of[int(value)] for value in found], dtype=np.uint8)
        return written[np.searchsorted(found, stored)]


def as_they_are(scheme: LabelScheme) -> Renumbered:
    """Return the rule of a data set whose values are the scheme's own."""
    return Renumbered({value: value for value in range(len(scheme.names) + scheme.ignore)})


def canonical_name(name: str) -> str:
    """Return the field's abbreviation of a class name ("Epidural hemorrhage" is EDH); a name that is none of ours stays."""
    plain = name.strip().lower().replace("_", " ")
    for ending in _TRAILING:
        plain = plain.removesuffix(ending)
    return next((short for short, names in _SYNONYMS.items() if plain in names), name.strip())


def scheme_of(stored: Mapping[str, int]) -> tuple[LabelScheme, Renumbered]:
    """Turn the ``labels`` of a ``dataset.json`` (name to value) into a scheme in our order, and the rule that leads to it.

    Subtypes come in the order of `HemorrhageClass`, whatever their order was, and other classes after them.

    Raises
    ------
    ValueError
        There is no background with value 0, no foreground, or a class appears twice.
    """
    values = {canonical_name(name): int(value) for name, value in stored.items()}
    if len(values) != len(stored) or len(set(values.values())) != len(values):
        raise ValueError("two labels have the same name or value")
    if values.get("background") != 0:
        raise ValueError('the label "background" must be 0')
    ignore = values.pop("ignore", None)
    known = [name for name in SIX_CLASSES if name in values]
    names = (*known, *(name for name in values if name not in known))
    if len(names) < 2:
        raise ValueError("there is no class beside the background")
    value_of = {values[name]: written for written, name in enumerate(names)}
    if ignore is not None:
        value_of[ignore] = len(names)
    return LabelScheme(names, ignore is not None), Renumbered(value_of)
