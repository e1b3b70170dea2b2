"""Slices as the network will see them, prepared once by the engine's own preprocessing, on disk and mapped into memory."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hemorrhage.errors import HemorrhageError
from hemorrhage.sampling.working_grid import WorkingGrid
from hemorrhage.slices import SliceSettings
from hemorrhage.slices.preprocessing import prepare

from ..calibration.calibration_cases import FileCase

#: Label of pixels whose class is unknown.
IGNORED = 255
#: Settings that the preparation does not depend on.
_OF_THE_NETWORK = {"channels"}
#: Changes when stored slices would come out otherwise.
_VERSION = 1


@dataclass(frozen=True)
class SliceCase:
    """One prepared case.

    Attributes
    ----------
    name : str
    folder : Path
    slices : int
    present : tuple of tuple of int
        For each foreground class, the slices that show it.
    """

    name: str
    folder: Path
    slices: int
    present: tuple[tuple[int, ...], ...]

    def images(self) -> NDArray[np.float16]:
        """Map the windowed slices (D, h, w), in [0, 1]."""
        return np.load(self.folder / f"{self.name}.ct.npy", mmap_mode="r")

    def labels(self) -> NDArray[np.uint8]:
        """Map the labels (D, h, w); `IGNORED` where they are unknown."""
        return np.load(self.folder / f"{self.name}.labels.npy", mmap_mode="r")


@dataclass(frozen=True)
class LeftOut:
    """A case that cannot be used, and why."""

    name: str
    reason: str


class SliceStore:
    """A folder of prepared cases; other settings of the preparation have another folder.

    Parameters
    ----------
    root : Path
        Folder of all stores of a data set.
    settings : SliceSettings
        Of these, what the preparation depends on is the store's key.
    ignore : int or None
        Label value in the source of pixels whose class is unknown.
    """

    def __init__(self, root: Path, settings: SliceSettings, ignore: int | None) -> None:
        self.settings, self.ignore = settings, ignore
        preparation = settings.model_dump(mode="json", include=set(SliceSettings.model_fields) - _OF_THE_NETWORK)
        text = json.dumps([_VERSION, ignore, preparation], sort_keys=True)
        self.folder = root / hashlib.sha256(text.encode()).hexdigest()[:12]

    def case(self, source: FileCase) -> SliceCase | LeftOut | None:
        """Return a case that was prepared from the source as it is now, or why it is left out; None if neither is known."""
        try:
            record = json.loads((self.folder / f"{source.name}.json").read_text(encoding="utf-8"))
            if record["state"] != source.state:
                return None
            if "reason" in record:
                return LeftOut(source.name, record["reason"])
            return SliceCase(source.name, self.folder, record["slices"], tuple(tuple(each) for each in record["present"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def add(self, source: FileCase) -> SliceCase | LeftOut:
        """Prepare a case, or note why it cannot be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        result: SliceCase | LeftOut
        try:
            ct, labels = source.load()
            prepared = prepare(ct, self.settings)
        except HemorrhageError as error:
            result = LeftOut(source.name, str(error))
            self._record(source, {"reason": result.reason})
            return result
        on_grid = labels_on_grid(labels, prepared.grid, self.ignore)
        self._write(f"{source.name}.ct.npy", prepared.data[0].numpy().astype(np.float16))
        self._write(f"{source.name}.labels.npy", on_grid)
        shown = [np.flatnonzero((on_grid == c).any((1, 2))).tolist() for c in range(1, len(self.settings.classes))]
        result = SliceCase(source.name, self.folder, len(on_grid), tuple(tuple(each) for each in shown))
        facts = asdict(result)
        self._record(source, {key: facts[key] for key in ("slices", "present")})
        return result

    def _record(self, source: FileCase, content: Mapping[str, Any]) -> None:
        """Note what became of a case; written last, so that a case with a record is whole."""
        text = json.dumps({"state": source.state, **content})
        self._put(f"{source.name}.json", lambda path: path.write_text(text, encoding="utf-8"))

    def _write(self, name: str, array: NDArray[Any]) -> None:
        def save(path: Path) -> None:
            with path.open("wb") as file:
                np.save(file, array)

        self._put(name, save)

    def _put(self, name: str, write: Any) -> None:
        partial = self.folder / f".{name}.partial-{os.getpid()}"
        try:
            write(partial)
            partial.replace(self.folder / name)
        finally:
            partial.unlink(missing_ok=True)


def labels_on_grid(labels: NDArray[np.uint8], grid: WorkingGrid, ignore: int | None) -> NDArray[np.uint8]:
    """Resample labels within slices by the filter that shrinks the CT: the value with the largest share of a pixel wins.

    Parameters
    ----------
    labels : (D, H, W) uint8
        On the CT's own grid.
    grid : WorkingGrid
        Of `hemorrhage.slices.preprocessing.prepare`.
    ignore : int or None
        Value that becomes `IGNORED`.

    Returns
    -------
    (d, h, w) uint8
        Of ``grid.shape``.
    """
    boxed = grid.cut(labels)
    values: Sequence[int] = np.unique(boxed).tolist()
    best = torch.full(grid.shape, -1.0)
    result = torch.zeros(grid.shape, dtype=torch.uint8)
    for value in values:
        mask = torch.from_numpy((boxed == value).astype(np.float32))[:, None]
        share = torch.nn.functional.interpolate(mask, size=grid.shape[1:], mode="bilinear", align_corners=False, antialias=True)
        wins = share[:, 0] > best
        result[wins] = IGNORED if value == ignore else value
        best = torch.maximum(best, share[:, 0])
    return result.numpy()
