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
    import pydicom

    try:
        dataset = pydicom.dcmread(header.path)
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        uid = getattr(getattr(header.dataset, "file_meta", None), "TransferSyntaxUID", None)
        syntax = uid.name if uid is not None else "unknown"
        raise UnreadableInputError(
            f"{header.path} is compressed ({syntax}) and cannot be decoded: "
            "install pylibjpeg with its plug-ins, or export it uncompressed"
        ) from error
    except Exception as error:  # truncated pixels make pydicom and its decoders raise many types
        raise UnreadableInputError(f"{header.path} has missing or truncated pixels: copy or export it again") from error
    if stored.ndim != 2:
        raise NotAVolumeError(f"{header.path} is not one scalar slice (shape {stored.shape}): give the CT's original slices")
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    hu = (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    first = _stored_padding(header, "PixelPaddingValue")
    if first is None:
        return hu, 0
    last = _stored_padding(header, "PixelPaddingRangeLimit")
    low, high = sorted(((first if last is None else last) * slope + intercept, first * slope + intercept))
    return hu, replace_padding(hu, low, high)


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
