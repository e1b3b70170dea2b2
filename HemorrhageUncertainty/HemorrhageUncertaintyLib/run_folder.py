"""The private temporary folder of one run: the CT on its way to the engine, previews and the result on their way back."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import ResourceError

from .requests import VolumeFile
from .step_runner import allSteps

_PREFIX = "HemorrhageUncertainty-"
_CHUNK_BYTES = 4_000_000
#: A folder that is older was left behind by an application that was killed.
_STALE_S = 7 * 24 * 3600
_MARGIN_BYTES = 50_000_000


class RunFolder:
    """A new folder inside `parent`; `remove` it in all cases.

    Raises
    ------
    ResourceError
        It cannot be made.
    """

    def __init__(self, parent: Path) -> None:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError as error:
            sentence = _("{folder} cannot be written ({reason}): choose another temporary folder in the application settings.")
            raise ResourceError(sentence.format(folder=parent, reason=error.strerror or error)) from error

    @property
    def result(self) -> Path:
        """Where the engine puts the result; it does not exist before."""
        return self.path / "result"

    def write_volume(
        self, values: NDArray[Any], affine: NDArray[np.floating], name: str, *, result_bytes: int
    ) -> Generator[None, None, VolumeFile]:
        """Write a CT in small steps, and return its description.

        Parameters
        ----------
        values : (D, H, W) array
            Hounsfield units. int16 stays; narrower integers become int16, everything else float32.
        affine : (4, 4)
            Index (slice, row, column) to R, A, S in mm.
        name : str
        result_bytes : int
            What the result will take, so that a full disk is noticed before the computation and not after it.

        Raises
        ------
        ResourceError
            The disk has not enough space, or cannot be written.
        """
        kind = np.dtype("<i2" if values.dtype in (np.int16, np.int8, np.uint8) else "<f4")
        self._require(values.size * kind.itemsize + result_bytes)
        file = self.path / "ct.raw"
        plane = max(1, int(values.shape[1] * values.shape[2]) * kind.itemsize)
        step = max(1, _CHUNK_BYTES // plane)
        try:
            with file.open("wb", buffering=0) as stream:
                for first in range(0, len(values), step):
                    stream.write(np.ascontiguousarray(values[first : first + step], dtype=kind))
                    yield
        except OSError as error:
            raise self._full(error) from error
        return VolumeFile(file, kind.newbyteorder("=").name, _triple(values.shape), tuple(map(tuple, affine.tolist())), name)

    def remove_volume(self) -> None:
        """Delete the CT, which the engine has read when the result is there."""
        (self.path / "ct.raw").unlink(missing_ok=True)

    def remove(self) -> bool:
        """Delete everything; True if nothing is left. Nothing that happens here is an error."""
        return allSteps(removeSteps(self.path))

    def _require(self, needed: int) -> None:
        free = shutil.disk_usage(self.path).free
        if free < needed + _MARGIN_BYTES:
            sentence = _(
                "The disk of {folder} has {free:.1f} GB free and {needed:.1f} GB are needed: make room, or choose another "
                "temporary folder in the application settings."
            )
            needed_gb = (needed + _MARGIN_BYTES) / 1e9
            raise ResourceError(sentence.format(folder=self.path.parent, free=free / 1e9, needed=needed_gb))

    def _full(self, error: OSError) -> ResourceError:
        sentence = _("The CT cannot be written to {folder} ({reason}): make room on the disk.")
        return ResourceError(sentence.format(folder=self.path.parent, reason=error.strerror or error))


def removeSteps(folder: Path) -> Generator[None, None, bool]:
    """Delete a folder, one file a step, since large files take a moment; return whether nothing is left."""
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # a folder, or in use
            path.unlink()
        yield
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def result_bytes(shape: Sequence[int], classes: int, kept_samples: int) -> int:
    """Return about how much disk a result takes: labels, a map per class, at most five others, kept samples, two previews."""
    voxels = int(np.prod(shape, dtype=np.int64))
    return voxels * (1 + 4 * (classes + 5) + kept_samples + 2 * 9)


def remove_stale(parent: Path) -> None:
    """Delete folders that an application left behind when it was killed, days ago."""
    for folder in parent.glob(_PREFIX + "*"):
        try:
            is_stale = folder.is_dir() and time.time() - folder.stat().st_mtime > _STALE_S
        except OSError:
            continue
        if is_stale:
            shutil.rmtree(folder, ignore_errors=True)


def _triple(shape: tuple[int, ...]) -> tuple[int, int, int]:
    slices, rows, columns = shape
    return int(slices), int(rows), int(columns)
