"""Read a head CT from whatever a user points at: a volume file, a DICOM folder, or one file of a DICOM series."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from ..errors import UnreadableInputError
from ..head_ct import HeadCT

_NIFTI = (".nii", ".nii.gz", ".hdr", ".img", ".img.gz")
_SIMPLEITK = (".nrrd", ".nhdr", ".mha", ".mhd")
_DICOM = (".dcm", ".dicom", ".ima")

#: What the error messages say can be read.
READABLE = "NIfTI (.nii, .nii.gz, .hdr/.img), NRRD (.nrrd, .nhdr), MetaImage (.mha, .mhd) or a DICOM folder"


def read_ct(path: str | PathLike[str]) -> HeadCT:
    """Read a head CT and check that it is one.

    Parameters
    ----------
    path : path
        A NIfTI, NRRD or MetaImage file, a folder with a DICOM series, or one file of a DICOM series (the whole series is read).

    Returns
    -------
    HeadCT
        (D, H, W) float32 Hounsfield units, padding replaced by air (-1024 HU), with the file's own geometry: oblique, left-handed
        and sheared (tilted gantry) matrices are kept; DICOM slices at uneven distances are resampled onto a regular grid and
        `map_to_source_slices` leads back. What the reader noticed is in `HeadCT.warnings`.

    Raises
    ------
    UnreadableInputError
        The path does not exist, is empty, truncated, corrupt, or of an unknown format.
    NotAVolumeError
        2D, 4D (more than one volume), color or complex data, or fewer than 3 slices.
    GeometryError
        Spacing, size or orientation make no sense.
    NotACTError
        The intensities are not Hounsfield units, are not finite, or there is no head in the field of view.
    DicomSeriesError
        The folder has no, or no unambiguous, CT series; slices are missing or contradict each other.
    """
    path = Path(path).expanduser()
    name = path.name.lower()
    if not path.exists():
        raise UnreadableInputError(f"{path} does not exist: check the path of the CT")
    if path.is_dir():
        from .dicom_folder import read_dicom_folder

        return read_dicom_folder(path)
    if not path.is_file():
        raise UnreadableInputError(f"{path} is neither a file nor a folder: give {READABLE}")
    if path.stat().st_size == 0:
        raise UnreadableInputError(f"{path} is empty (0 bytes): copy or export it again")
    if name.endswith(_NIFTI):
        from .nifti_file import read_nifti

        return read_nifti(path)
    if name.endswith(_SIMPLEITK):
        from .volume_file import read_volume_file

        return read_volume_file(path)
    if name.endswith(_DICOM) or _has_dicom_preamble(path):
        from .dicom_folder import read_dicom_series_of

        return read_dicom_series_of(path)
    raise UnreadableInputError(f"{path} is of an unknown format: give {READABLE}")


def _has_dicom_preamble(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be opened ({error.strerror}): check its permissions") from error
