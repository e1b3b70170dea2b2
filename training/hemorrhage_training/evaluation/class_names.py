"""What the labels mean: the same for all predictions and references, or nothing is compared."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hemorrhage.errors import ArgumentError, UnreadableInputError
from hemorrhage.hemorrhage_class import SIX_CLASSES

#: The one foreground class when subtypes are not told apart.
BINARY_CLASSES = ("background", "hemorrhage")

Classes = tuple[str, ...]


def class_names(results: Iterable[Path], predictions: Path, references: Path) -> tuple[Classes, Classes]:
    """Return the class names of predictions and of references, index = label value.

    Names come from each result's ``result.json`` or the predictions' ``dataset.json`` (nnU-Net writes one), and from the
    ``dataset.json`` in or beside the references; where one side says nothing it is taken to mean what the other says, and
    the six classes if neither does.

    Raises
    ------
    ArgumentError
        Two results disagree, or a ``dataset.json`` cannot be understood.
    UnreadableInputError
        A ``result.json`` is damaged.
    """
    of_results: Classes | None = None
    for folder in results:
        names = _of_result(folder / "result.json")
        if of_results is not None and names != of_results:
            raise ArgumentError(
                f"{folder} has the classes {', '.join(names)}, others have {', '.join(of_results)}: evaluate each model by itself"
            )
        of_results = names
    predicted = of_results or _of_dataset(predictions / "dataset.json")
    reference = _of_dataset(references / "dataset.json") or _of_dataset(references.parent / "dataset.json")
    return predicted or reference or SIX_CLASSES, reference or predicted or SIX_CLASSES


def ignore_label(references: Path) -> int | None:
    """Return the value of nnU-Net's ignore label in the references; None if they have none."""
    for path in (references / "dataset.json", references.parent / "dataset.json"):
        if path.is_file() and _of_dataset(path) is not None:
            value = json.loads(path.read_text(encoding="utf-8"))["labels"].get("ignore")
            return None if value is None else int(value)
    return None


def _of_result(path: Path) -> Classes:
    try:
        return tuple(str(name) for name in json.loads(path.read_text(encoding="utf-8"))["classes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableInputError(f"{path} is damaged or of something else: segment {path.parent.name} again") from error


def _of_dataset(path: Path) -> Classes | None:
    """Read the class names of an nnU-Net ``dataset.json``; None if there is none."""
    if not path.is_file():
        return None
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))["labels"]
        pairs = sorted((int(value), str(name)) for name, value in labels.items() if name != "ignore")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(f"{path} does not name one whole number per class under 'labels': correct it") from error
    if [value for value, _ in pairs] != list(range(len(pairs))):
        raise ArgumentError(f"{path} has labels that are not 0, 1, 2, ...: correct it")
    return tuple(name for _, name in pairs)
