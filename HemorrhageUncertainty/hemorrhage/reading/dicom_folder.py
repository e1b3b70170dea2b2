"""A DICOM folder, or one file of a DICOM series, to a `HeadCT`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DicomSeriesError, UnreadableInputError
from ..head_ct import HeadCT
from .affine_checks import SHEAR_TOLERANCE_DEG, geometry_metadata, geometry_warnings
from .ct_checks import check_is_ct, check_spacing
from .dicom_geometry import RegularGrid, to_regular_grid
from .dicom_header import DicomHeader, read_header
from .dicom_series import DicomSeries, choose_series, split_into_series
from .dicom_stack import SliceStack, stack_slices
from .padding import clip_to_air

#: Difference between the tilt in the header and in the slices' places that is worth a warning, in degrees.
_TILT_AGREES_DEG = 1.0


def read_dicom_folder(folder: Path) -> HeadCT:
    """Read the head CT in a folder (and its subfolders); see `read_ct` for what is checked."""
    headers = _headers_in(folder, recursive=True)
    if not headers:
        raise UnreadableInputError(
            f"{folder} holds no DICOM file: give the folder of a CT series, or a NIfTI, NRRD or MetaImage file"
        )
    series, warnings = choose_series(split_into_series(headers, str(folder)), str(folder))
    return _head_ct(series, folder, warnings)


def read_dicom_series_of(path: Path) -> HeadCT:
    """Read the series that one DICOM file belongs to, from the same folder."""
    chosen = read_header(path)
    if chosen is None:
        raise UnreadableInputError(f"{path} is not a DICOM slice: give the folder of a CT series")
    uid = chosen.text("SeriesInstanceUID")
    siblings = [h for h in _headers_in(path.parent, recursive=False) if h.text("SeriesInstanceUID") == uid]
    split_into_series([chosen], str(path))
    own = [s for s in split_into_series(siblings, str(path)) if s.holds(chosen)]
    if not own:
        raise DicomSeriesError(f"{path} is not a CT slice: give one of the CT's slices, or its folder")
    series, warnings = choose_series(own, str(path))
    return _head_ct(series, path.parent, warnings)


def _headers_in(folder: Path, recursive: bool) -> list[DicomHeader]:
    try:
        paths = sorted(
            p for p in (folder.rglob("*") if recursive else folder.iterdir()) if p.is_file() and not p.name.startswith(".")
        )
    except OSError as error:
        raise UnreadableInputError(f"{folder} cannot be opened ({error.strerror}): check its permissions") from error
    return [header for path in paths if (header := read_header(path)) is not None]


def _head_ct(series: DicomSeries, folder: Path, warnings: tuple[str, ...]) -> HeadCT:
    where = f"{folder} ({series.description})"
    stack = stack_slices(series, where)
    names = tuple(h.path.relative_to(folder).as_posix() for h in stack.headers)
    grid = to_regular_grid(stack, names)
    padding = stack.padding + clip_to_air(grid.hu)
    d, h, w = (float(s) for s in np.linalg.norm(grid.affine[:3, :3], axis=0))
    check_spacing((d, h, w), grid.hu.shape, where)
    warnings += stack.warnings + _resampling_warnings(stack, grid) + _tilt_warnings(stack, grid)
    warnings += check_is_ct(grid.hu, (d, h, w), where)
    metadata = {
        "format": "DICOM",
        "padding_voxels": padding,
        **_description(series),
        **geometry_metadata(grid.affine),
        "resampled": grid.resampled,
        "source_slices": [s.to_metadata() for s in grid.sources],
    }
    return HeadCT(grid.hu, grid.affine, source=str(folder), warnings=warnings, metadata=metadata)


def _description(series: DicomSeries) -> dict[str, str]:
    first = series.first
    return {
        "series_description": first.text("SeriesDescription"),
        "series_number": first.text("SeriesNumber"),
        "series_instance_uid": first.text("SeriesInstanceUID"),
        "image_type": "/".join(first.image_type),
        "manufacturer": first.text("Manufacturer"),
        "scanner": first.text("ManufacturerModelName"),
        "kernel": first.text("ConvolutionKernel"),
        "slice_thickness_mm": first.text("SliceThickness"),
        "contrast_agent": first.text("ContrastBolusAgent"),
    }


def _resampling_warnings(stack: SliceStack, grid: RegularGrid) -> tuple[str, ...]:
    if not grid.resampled:
        return ()
    steps = np.linalg.norm(np.diff(stack.positions, axis=0), axis=1)
    return (
        f"The slices lie at uneven distances ({steps.min():.2f} to {steps.max():.2f} mm): they were resampled linearly to "
        f"{len(grid.hu)} slices at {np.linalg.norm(grid.affine[:3, 0]):.2f} mm.",
    )


def _tilt_warnings(stack: SliceStack, grid: RegularGrid) -> tuple[str, ...]:
    """Sentences on the tilt, and on a header that says something else than the slices' places."""
    warnings = geometry_warnings(grid.affine)
    stated = stack.headers[0].number("GantryDetectorTilt")
    found = float(geometry_metadata(grid.affine)["gantry_tilt_degrees"])
    if stated is not None and abs(abs(stated) - found) > _TILT_AGREES_DEG and max(abs(stated), found) > SHEAR_TOLERANCE_DEG:
        warnings += (
            f"The header states a gantry tilt of {abs(stated):.1f} degrees, the slices' places one of {found:.1f}: "
            "the places are used.",
        )
    return warnings
