"""The folder that the engine process fills: arrays on disk, read only as far as they are used."""

from __future__ import annotations

import json
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import UnreadableInputError

RESULT_FORMAT = "hemorrhage-segmentation"
_NEWEST_SCHEMA = 1


@dataclass(frozen=True, eq=False)
class ResultFiles:
    """A finished result; the arrays are memory-mapped, in the voxel order of the CT that was handed to the engine.

    Attributes
    ----------
    folder : Path
    summary : dict
        The parsed ``result.json``.
    labels : (D, H, W) uint8
    probabilities : (C, D, H, W) float32
    variance, entropy, mutual_information : (D, H, W) float32
    variance_expansion, variance_transforms : (D, H, W) float32, or None
        Parts of the variance, where the method tells them apart.
    samples : (M, D, H, W) uint8, or None
        Label map of each sample, where they were kept.
    report : str
        The report as HTML; empty where the engine wrote none.
    """

    folder: Path
    summary: dict[str, Any]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    variance: NDArray[np.float32]
    entropy: NDArray[np.float32]
    mutual_information: NDArray[np.float32]
    variance_expansion: NDArray[np.float32] | None
    variance_transforms: NDArray[np.float32] | None
    samples: NDArray[np.uint8] | None
    report: str

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, index = label value; the first is the background."""
        return tuple(self.summary["classes"])

    @classmethod
    def read(cls, folder: str | Path) -> ResultFiles:
        """Open a result folder.

        Raises
        ------
        UnreadableInputError
            Something is missing, damaged, or does not fit together.
        """
        folder = Path(folder)
        summary = _read_json(folder / "result.json")
        if summary.get("format") != RESULT_FORMAT or int(summary.get("schema_version", 0)) > _NEWEST_SCHEMA:
            raise UnreadableInputError(
                _("{folder} holds no result that this version can read: update the extension and segment again.").format(
                    folder=folder
                )
            )
        labels = _open(folder / "labels.npy", np.uint8)
        shape = labels.shape
        classes = len(summary["classes"])
        report = folder / "report.html"
        kept = folder / "samples.npy"
        expansion, transforms = folder / "variance_expansion.npy", folder / "variance_transforms.npy"
        return cls(
            folder=folder,
            summary=summary,
            labels=labels,
            probabilities=_open(folder / "probabilities.npy", np.float32, (classes, *shape)),
            variance=_open(folder / "variance.npy", np.float32, shape),
            entropy=_open(folder / "entropy.npy", np.float32, shape),
            mutual_information=_open(folder / "mutual_information.npy", np.float32, shape),
            variance_expansion=_open(expansion, np.float32, shape) if expansion.exists() else None,
            variance_transforms=_open(transforms, np.float32, shape) if transforms.exists() else None,
            samples=_open(kept, np.uint8, (None, *shape)) if kept.exists() else None,
            report=report.read_text(encoding="utf-8") if report.exists() else "",
        )


@dataclass(frozen=True, eq=False)
class PreviewFiles:
    """What is known after some of the samples.

    Attributes
    ----------
    samples : int
        How many.
    classes : tuple of str
        Class names, index = label value; the first is the background.
    labels : (D, H, W) uint8
    entropy : (D, H, W) float32
    """

    samples: int
    classes: tuple[str, ...]
    labels: NDArray[np.uint8]
    entropy: NDArray[np.float32]

    @classmethod
    def read(cls, folder: str | Path) -> PreviewFiles:
        """Open a preview folder; raises `UnreadableInputError` like `ResultFiles.read`."""
        folder = Path(folder)
        record = _read_json(folder / "preview.json")
        labels = _open(folder / "labels.npy", np.uint8)
        names = [volume["name"] for volume in record["volumes"] if volume["name"] != "total"]
        entropy = _open(folder / "entropy.npy", np.float32, labels.shape)
        return cls(int(record["samples"]), ("background", *names), labels, entropy)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(record, dict):
        raise _damaged(path)
    return record


def _open(path: Path, dtype: type, shape: tuple[int | None, ...] = (None, None, None)) -> NDArray[Any]:
    """Memory-map an array; None in the shape stands for any length."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, tokenize.TokenError) as error:  # NumPy parses the header as Python
        raise _damaged(path) from error
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, found) for wanted, found in zip(shape, array.shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        raise _damaged(path)
    return array


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        _("The result is incomplete ({file} is missing or damaged): segment the CT again.").format(file=path.name)
    )
