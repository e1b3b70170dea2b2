"""What must be known of a MetaImage file before ITK opens it: ITK mirrors negative spacings and prints on truncation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import GeometryError, UnreadableInputError

#: Headers are text; none is longer.
_MAX_HEADER = 65536
_BYTES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}


def check_meta_header(path: Path) -> None:
    """Check the header of a MetaImage file (.mha, .mhd).

    Raises
    ------
    GeometryError
        A spacing is zero or below.
    UnreadableInputError
        It is no MetaImage, its data file is missing, or it holds fewer bytes than the header promises.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_HEADER)
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be opened ({error.strerror}): check its permissions") from error
    fields: dict[str, str] = {}
    end = 0
    for line in content.splitlines(keepends=True):
        key, equals, value = line.partition(b"=")
        end += len(line)
        if not equals:
            break
        fields[key.decode("latin-1").strip()] = value.decode("latin-1").strip()
        if key.strip() == b"ElementDataFile":
            break
    data_file = fields.get("ElementDataFile")
    if not data_file or "DimSize" not in fields:
        raise UnreadableInputError(
            f"{path} cannot be read as MetaImage: it is truncated, corrupt or of another kind, export it again"
        )
    try:
        spacing = [float(v) for v in fields.get("ElementSpacing", fields.get("ElementSize", "1")).split()]
        expected = _expected_bytes(fields)
    except (ValueError, KeyError) as error:
        raise UnreadableInputError(f"{path} has a damaged MetaImage header: export it again") from error
    if not all(v > 0 for v in spacing[:3]):
        text = " x ".join(f"{v:g}" for v in spacing)
        raise GeometryError(f"{path} has a spacing of {text} mm: every spacing must be above zero, export the CT again")
    if data_file.upper() == "LOCAL":
        available = path.stat().st_size - end
    elif "%" in data_file or data_file.upper().startswith("LIST"):
        return
    else:
        other = path.parent / data_file
        if not other.is_file():
            raise UnreadableInputError(f"{path} needs its data file {data_file}, which is not beside it: copy both")
        available = other.stat().st_size
    if available < expected:
        raise UnreadableInputError(f"{path} is truncated ({available} of {expected} bytes): copy or export it again")


def _expected_bytes(fields: dict[str, str]) -> int:
    """Bytes of voxels that the header promises; 0 where it does not say."""
    if fields.get("CompressedData", "False").lower() in ("true", "1"):
        return int(fields.get("CompressedDataSize", 0))
    kind = fields["ElementType"].removeprefix("MET_").removesuffix("_ARRAY")
    size = _BYTES[kind.removeprefix("U") if kind != "UCHAR" else "CHAR"]
    return (
        int(np.prod([int(n) for n in fields["DimSize"].split()], dtype=np.int64))
        * int(fields.get("ElementNumberOfChannels", 1))
        * size
    )
