"""The part of a DICOM file's header that says what a slice is and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError, UnreadableInputError

_CT = "1.2.840.10008.5.1.4.1.1.2"
_ENHANCED = "1.2.840.10008.5.1.4.1.1.2.1"
_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, eq=False)
class DicomHeader:
    """One file of a series.

    Attributes
    ----------
    path : Path
    dataset : pydicom.Dataset
        Everything but the pixels.
    """

    path: Path
    dataset: Any

    def text(self, keyword: str) -> str:
        """Return an attribute as text; empty where it is absent or damaged."""
        try:
            value = self.dataset.get(keyword)
        except Exception:  # pydicom parses lazily, and a damaged value makes it raise almost anything
            return ""
        if value is None:
            return ""
        return (
            "\\".join(str(v) for v in value)
            if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"
            else str(value)
        )

    def number(self, keyword: str) -> float | None:
        """Return an attribute as a finite number, or None where it is absent or not a number."""
        try:
            value = float(self.dataset.get(keyword))
        except Exception:  # absent, several values, or damaged: see `text`
            return None
        return value if np.isfinite(value) else None

    @property
    def image_type(self) -> tuple[str, ...]:
        """Return the values of Image Type in capitals, e.g. ("ORIGINAL", "PRIMARY", "AXIAL")."""
        return tuple(part.strip().upper() for part in self.text("ImageType").split("\\"))

    @property
    def is_localizer(self) -> bool:
        """Whether this is a scout view."""
        words = f"{self.text('ImageType')} {self.text('SeriesDescription')}".upper()
        return any(word in words for word in ("LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM"))

    @property
    def is_multi_frame(self) -> bool:
        """Whether the file holds several slices (enhanced CT)."""
        return self.text("SOPClassUID") == _ENHANCED or (self.number("NumberOfFrames") or 1) > 1

    @property
    def is_slice(self) -> bool:
        """Whether the file is a picture with a place in the patient (not a report, dose screen or directory)."""
        return all(keyword in self.dataset for keyword in ("Rows", "Columns", "ImagePositionPatient", "ImageOrientationPatient"))

    @property
    def position(self) -> NDArray[np.float64]:
        """Center of the first voxel in L, P, S, mm."""
        return self._vector("ImagePositionPatient", 3)

    @property
    def orientation(self) -> NDArray[np.float64]:
        """(2, 3): direction of growing column index, and of growing row index, in L, P, S."""
        directions = self._vector("ImageOrientationPatient", 6).reshape(2, 3)
        lengths = np.linalg.norm(directions, axis=1)
        if np.abs(lengths - 1).max() > 0.01 or abs(directions[0] @ directions[1]) > 0.01:
            raise GeometryError(
                f"{self.path} has an orientation that is not two perpendicular directions: export the series again"
            )
        return directions / lengths[:, None]

    @property
    def pixel_spacing(self) -> tuple[float, float]:
        """Distance between rows and between columns in mm."""
        rows, columns = self._vector("PixelSpacing", 2)
        if min(rows, columns) <= 0:
            raise GeometryError(
                f"{self.path} has a pixel spacing of {rows:g} x {columns:g} mm: it must be above zero, export it again"
            )
        return float(rows), float(columns)

    def _vector(self, keyword: str, length: int) -> NDArray[np.float64]:
        try:
            values = np.array([float(v) for v in self.dataset[keyword].value], dtype=np.float64)
        except Exception:  # absent or damaged: see `text`
            values = np.empty(0)
        if values.size != length or not np.isfinite(values).all():
            raise GeometryError(
                f"{self.path} has no usable {keyword}, so its place in the patient is unknown: export the series again"
            )
        return values


def read_header(path: Path) -> DicomHeader | None:
    """Read a file's header; None where it is no DICOM file (or a DICOM directory).

    Raises
    ------
    UnreadableInputError
        The file is named or begins like DICOM, but is damaged.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    looks_like_dicom = path.suffix.lower() in (".dcm", ".dicom", ".ima")
    try:
        with path.open("rb") as file:
            has_preamble = file.read(132)[128:] == b"DICM"
        if not (looks_like_dicom or has_preamble):
            return None
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=False)
    except InvalidDicomError as error:
        raise UnreadableInputError(
            f"{path} is named like a DICOM file but is none, or is corrupt: remove it or export it again"
        ) from error
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read ({error.strerror or 'truncated'}): copy or export it again") from error
    except Exception as error:  # damaged values make pydicom raise almost anything
        raise UnreadableInputError(f"{path} has a damaged DICOM header: copy or export it again") from error
    if "DICOMDIR" in path.name.upper() or str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == _DIRECTORY:
        return None
    kind = str(dataset.get("SOPClassUID", ""))
    if not kind or (kind == _CT and "Rows" not in dataset):
        raise UnreadableInputError(f"{path} has a truncated DICOM header: copy or export it again")
    return DicomHeader(path, dataset)
