"""From one DICOM file's pixels to Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import NotAVolumeError, UnreadableInputError
from .dicom_header import DicomHeader
from .padding import replace_padding


def read_hounsfield(header: DicomHeader) -> tuple[NDArray[np.float32], int]:
    """Decode a slice, rescale it with its own slope and intercept, and replace its declared padding by air.

    Returns
    -------
    hu : (H, W) float32
    padding : int
        Number of padding voxels that were replaced.

    Raises
    ------
    UnreadableInputError
        The pixels are missing, truncated, or compressed in a way that cannot be decoded here.
    """
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    hu = _decode_rescaled(header, slope, intercept)
    if hu.ndim != 2:
        raise NotAVolumeError(f"{header.path} is not one scalar slice (shape {hu.shape}): give the CT's original slices")
    first = _stored_padding(header, "PixelPaddingValue")
    if first is None:
        return hu, 0
    last = _stored_padding(header, "PixelPaddingRangeLimit")
    low, high = sorted(((first if last is None else last) * slope + intercept, first * slope + intercept))
    return hu, replace_padding(hu, low, high)


def _decode_rescaled(header: DicomHeader, slope: float, intercept: float) -> NDArray[np.float32]:
    """Decode with pydicom, or with SimpleITK (GDCM) where pydicom lacks the plug-in for the compression."""
    import pydicom

    try:
        stored = pydicom.dcmread(header.path).pixel_array
    except (RuntimeError, NotImplementedError) as error:
        return _decode_with_simpleitk(header, error)
    except Exception as error:  # truncated pixels make pydicom and its decoders raise many types
        raise UnreadableInputError(f"{header.path} has missing or truncated pixels: copy or export it again") from error
    return (stored.astype(np.float64) * slope + intercept).astype(np.float32)


def _decode_with_simpleitk(header: DicomHeader, reason: Exception) -> NDArray[np.float32]:
    """SimpleITK rescales by itself and returns a volume of one slice."""
    import SimpleITK

    try:
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(header.path))
        hu = SimpleITK.GetArrayFromImage(reader.Execute()).astype(np.float32)
    except RuntimeError:
        uid = getattr(getattr(header.dataset, "file_meta", None), "TransferSyntaxUID", None)
        syntax = uid.name if uid is not None else "unknown transfer syntax"
        raise UnreadableInputError(
            f"{header.path} cannot be decoded ({syntax}): "
            "it is corrupt, or needs pylibjpeg with its plug-ins; else export it uncompressed"
        ) from reason
    return hu[0] if hu.ndim == 3 and len(hu) == 1 else hu


def _stored_padding(header: DicomHeader, keyword: str) -> float | None:
    """Return the padding as stored: some writers give a negative value as an unsigned 16-bit number, or the other way round."""
    value = header.number(keyword)
    if value is None:
        return None
    bits = int(header.number("BitsAllocated") or 16)
    signed = header.number("PixelRepresentation") == 1
    if signed and value >= 2 ** (bits - 1):
        value -= 2**bits
    elif not signed and value < 0:
        value += 2**bits
    return value
