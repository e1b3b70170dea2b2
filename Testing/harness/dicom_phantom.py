"""Writes DICOM series of the head phantom, as a scanner would and as it would not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from .head_phantom import head_at

LPS = np.array([-1.0, -1.0, 1.0])


@dataclass
class Series:
    """What a series of phantom slices has in common; positions are those of the first voxel, in L, P, S mm."""

    folder: Path
    pixel_mm: tuple[float, float] = (6.5, 6.0)
    size: tuple[int, int] = (30, 32)
    right: np.ndarray = field(default_factory=lambda: np.array([1.0, 0.0, 0.0]))
    down: np.ndarray = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    slope: float = 1.0
    intercept: float = -1024.0
    signed: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    uid: str = field(default_factory=generate_uid)

    def corner(self, center: np.ndarray) -> np.ndarray:
        """Position of the first voxel of a slice whose middle is at `center` (L, P, S)."""
        rows, columns = self.size
        return center - self.down * self.pixel_mm[0] * (rows - 1) / 2 - self.right * self.pixel_mm[1] * (columns - 1) / 2

    def points(self, position: np.ndarray) -> np.ndarray:
        """L, P, S of every pixel of the slice at `position`: (H, W, 3)."""
        rows, columns = (np.arange(n) for n in self.size)
        return (
            position + rows[:, None, None] * self.down * self.pixel_mm[0] + columns[None, :, None] * self.right * self.pixel_mm[1]
        )

    def write(self, name: str, position: np.ndarray, hu: np.ndarray | None = None, **attributes: Any) -> Path:
        """Write one slice; `hu` defaults to the phantom there."""
        hu = head_at(self.points(position) * LPS) if hu is None else hu
        attributes = {"RescaleSlope": self.slope, "RescaleIntercept": self.intercept, **self.attributes, **attributes}
        kind = np.int16 if self.signed else np.uint16
        stored = np.round((hu - float(attributes["RescaleIntercept"])) / float(attributes["RescaleSlope"])).astype(kind)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data = pydicom.Dataset()
        data.file_meta = meta
        data.SOPClassUID = CTImageStorage
        data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        data.SeriesInstanceUID = self.uid
        data.Modality = "CT"
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.ImagePositionPatient = [f"{v:.6f}"[:16] for v in position]
        data.ImageOrientationPatient = [f"{v:.10f}"[:16] for v in (*self.right, *self.down)]
        data.PixelSpacing = list(self.pixel_mm)
        data.Rows, data.Columns = self.size
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, int(self.signed)
        for keyword, value in attributes.items():
            setattr(data, keyword, value)
        data.PixelData = stored.tobytes()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        data.save_as(path, enforce_file_format=True)
        return path

    def write_along(self, places: np.ndarray, direction: np.ndarray | None = None, **attributes: Any) -> list[Path]:
        """Write slices whose middles lie at `places` (mm) along a direction (the slices' normal by default)."""
        direction = np.cross(self.right, self.down) if direction is None else direction
        return [
            self.write(f"{number:03d}.dcm", self.corner(place * direction), InstanceNumber=number, **attributes)
            for number, place in enumerate(places, start=1)
        ]


def tilted(folder: Path, degrees: float, **settings: Any) -> Series:
    """A series whose slices are tilted about the left-right axis; the table moves along S."""
    angle = np.radians(degrees)
    return Series(folder, down=np.array([0.0, np.cos(angle), -np.sin(angle)]), **settings)
