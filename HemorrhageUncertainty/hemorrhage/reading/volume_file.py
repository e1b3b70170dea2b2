"""NRRD and MetaImage files, through SimpleITK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import GeometryError, UnreadableInputError
from ..head_ct import HeadCT
from .meta_header import check_meta_header
from .simpleitk_bridge import from_simpleitk


def read_volume_file(path: Path) -> HeadCT:
    """Read an NRRD (.nrrd, .nhdr) or MetaImage (.mha, .mhd) file; see `read_ct` for what is checked."""
    import SimpleITK

    nrrd = path.suffix.lower() in (".nrrd", ".nhdr")
    if not nrrd:
        check_meta_header(path)
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
