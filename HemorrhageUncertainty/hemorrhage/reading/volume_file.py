"""NRRD and MetaImage files, through SimpleITK."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ..errors import GeometryError, UnreadableInputError
from ..head_ct import HeadCT
from .simpleitk_bridge import from_simpleitk

_META_SPACING = re.compile(rb"^(?:ElementSpacing|ElementSize)\s*=\s*(.+?)\s*$", re.MULTILINE)


def read_volume_file(path: Path) -> HeadCT:
    """Read an NRRD (.nrrd, .nhdr) or MetaImage (.mha, .mhd) file; see `read_ct` for what is checked."""
    import SimpleITK

    nrrd = path.suffix.lower() in (".nrrd", ".nhdr")
    if not nrrd:
        _check_meta_spacing(path)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if nrrd else "MetaImageIO")
    reader.SetFileName(str(path))
    try:
        image = reader.Execute()
    except RuntimeError as error:
        if "pacing" in str(error) or "determinant" in str(error):
            raise GeometryError(f"{path} has a zero spacing or a singular orientation: export the CT again") from error
        raise UnreadableInputError(
            f"{path} cannot be read as {'NRRD' if nrrd else 'MetaImage'}: "
            "it is truncated, corrupt or of another kind, export it again"
        ) from error
    ct = from_simpleitk(image, str(path))
    warnings = ct.warnings
    if nrrd and "NRRD_space" not in image.GetMetaDataKeys():
        warnings += ("The file does not say how the patient lies in it; left, posterior, superior axes were assumed.",)
    metadata = {**ct.metadata, "format": "NRRD" if nrrd else "MetaImage"}
    return replace(ct, warnings=warnings, metadata=metadata)


def _check_meta_spacing(path: Path) -> None:
    """Refuse a spacing of zero or below: ITK would turn a negative one into a mirrored axis."""
    with path.open("rb") as file:
        found = _META_SPACING.search(file.read(65536).split(b"ElementDataFile")[0])
    if found is None:
        return
    try:
        values = [float(v) for v in found.group(1).split()]
    except ValueError as error:
        raise UnreadableInputError(f"{path} has a header that is not MetaImage: export it again") from error
    if not all(v > 0 for v in values[:3]):
        text = " x ".join(f"{v:g}" for v in values)
        raise GeometryError(f"{path} has a spacing of {text} mm: every spacing must be above zero, export the CT again")
