"""What can be asked of the worker: one class per request, checked when it arrives."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, TypeAdapter, ValidationError

RequestId = int | str
Row = tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]


class VoxelType(StrEnum):
    """How a voxel is stored, little-endian."""

    INT16 = "int16"
    FLOAT32 = "float32"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Volume(_Strict):
    """A CT in a raw file: no header, C order (columns vary fastest).

    Attributes
    ----------
    file : str
    dtype : VoxelType
    shape : (D, H, W)
        Slices, rows, columns.
    affine : 4 x 4
        Index (slice, row, column, 1) to R, A, S in mm.
    name : str
        What the result calls its source.
    """

    file: str
    dtype: VoxelType
    shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    affine: tuple[Row, Row, Row, Row]
    name: str = "volume"


class Hello(_Strict):
    """Ask who is there, and what it can do."""

    request: Literal["hello"]
    id: RequestId | None = None


class Check(_Strict):
    """Ask whether a volume is a head CT."""

    request: Literal["check"]
    id: RequestId | None = None
    volume: Volume


class Segment(_Strict):
    """Segment a volume into `folder`, which must not exist yet while its parent must; the rest as in `hemorrhage.segment`."""

    request: Literal["segment"]
    id: RequestId
    volume: Volume
    folder: str
    model: str = "default"
    method: str | None = None
    samples: int | None = None
    transforms: int = 5
    seed: int = 0
    device: str = "auto"
    preset: str | None = None
    keep_samples: bool = False
    preview: bool = True


class ImportModel(_Strict):
    """Copy a model (a folder or a zip file) to the user's models."""

    request: Literal["import_model"]
    id: RequestId | None = None
    path: str


class Cancel(_Strict):
    """End another request, waiting or running."""

    request: Literal["cancel"]
    id: RequestId | None = None
    target: RequestId


class Quit(_Strict):
    """Cancel everything and end."""

    request: Literal["quit"]
    id: RequestId | None = None


#: Requests that are worked off one after the other.
Job = Hello | Check | Segment | ImportModel
Request = Job | Cancel | Quit

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="request")])


class ProtocolError(Exception):
    """A line that is no request.

    Attributes
    ----------
    request_id : int, str or None
        Its ``id``, as far as that could be read.
    """

    def __init__(self, sentence: str, request_id: RequestId | None = None) -> None:
        super().__init__(sentence)
        self.request_id = request_id


def parse_request(line: bytes) -> Request:
    """Return the request in a line of JSON.

    Raises
    ------
    ProtocolError
        Not UTF-8, not JSON, no known request, or its fields are missing, unknown or of another type.
    """
    try:
        content = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a request must be one JSON object on one line, but this line is not ({error})") from error
    if not isinstance(content, dict):
        raise ProtocolError(f"a request must be a JSON object, not {type(content).__name__}")
    request_id = content.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, int | str):
        request_id = None
    try:
        return _REQUESTS.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The union's tag comes first in the location; clients know their request's kind.
        where = ".".join(map(str, first["loc"][1:])) or "request"
        raise ProtocolError(f"the request is not understood: {where}: {first['msg']}", request_id) from error
