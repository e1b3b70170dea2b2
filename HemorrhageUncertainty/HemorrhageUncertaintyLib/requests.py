"""What is said to the engine process and what it says back, as data: one JSON object a line, nothing of Slicer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

#: Version of the protocol that this module speaks; the engine says its own in `HelloEvent`.
PROTOCOL = 1


class ErrorKind(StrEnum):
    """What went wrong; the first six are the engine's own, the others are found out by the process that started it."""

    INPUT = "input"
    ARGUMENT = "argument"
    MODEL = "model"
    RESOURCE = "resource"
    INTERNAL = "internal"
    PROTOCOL = "protocol"
    #: A Python package of the engine is not installed.
    MISSING = "missing"
    #: The engine could not be started, or did not come up in time.
    START = "start"
    #: The engine ended in the middle of a request.
    CRASH = "crash"


class ProtocolError(ValueError):
    """A line that is not an event of this protocol."""


@dataclass(frozen=True)
class VolumeFile:
    """A CT handed over as a raw file: little-endian, C order, no header.

    Attributes
    ----------
    file : Path
    dtype : str
        ``int16`` or ``float32`` (Hounsfield units).
    shape : (3,) tuple of int
        Slices, rows, columns.
    affine : 4 x 4 nested tuple of float
        Index (slice, row, column) to R, A, S in mm.
    name : str
        What the result calls the CT.
    """

    file: Path
    dtype: str
    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    name: str

    def message(self) -> dict[str, Any]:
        """Return the JSON object of the protocol."""
        return {
            "file": str(self.file),
            "dtype": self.dtype,
            "shape": list(self.shape),
            "affine": [list(row) for row in self.affine],
            "name": self.name,
        }


class Request:
    """Base of everything that can be asked; `message` gives its JSON object without the ``id``."""

    kind: ClassVar[str]

    def message(self) -> dict[str, Any]:
        """Return the JSON object of the protocol, without ``id``."""
        return {"request": self.kind}


@dataclass(frozen=True)
class HelloRequest(Request):
    """Asks which versions, devices and models there are."""

    kind = "hello"


@dataclass(frozen=True)
class CheckRequest(Request):
    """Asks whether a CT can be segmented."""

    kind = "check"
    volume: VolumeFile

    def message(self) -> dict[str, Any]:
        """Return the JSON object of the protocol, without ``id``."""
        return {"request": self.kind, "volume": self.volume.message()}


@dataclass(frozen=True)
class SegmentOptions:
    """How a CT is segmented.

    Attributes
    ----------
    model : str
        Name of a model, ``default``, or a model folder.
    method : str or None
        Way to draw samples; None is the model's own default.
    samples, transforms, seed : int
        Number of samples, random transforms per sample, and seed.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
    preset : str or None
        Ranges of the random transforms; None chooses by spacing.
    keep_samples : bool
        Also return the label map of every sample.
    preview : bool
        Send intermediate results after the samples 1, 2, 4, 8, ...
    """

    model: str = "default"
    method: str | None = None
    samples: int = 20
    transforms: int = 5
    seed: int = 0
    device: str = "auto"
    preset: str | None = None
    keep_samples: bool = False
    preview: bool = True


@dataclass(frozen=True)
class SegmentRequest(Request):
    """Segment a CT into `folder`, which appears when the result is complete."""

    kind = "segment"
    volume: VolumeFile
    folder: Path
    options: SegmentOptions = field(default_factory=SegmentOptions)

    def message(self) -> dict[str, Any]:
        """Return the JSON object of the protocol, without ``id``."""
        head = {"request": self.kind, "volume": self.volume.message(), "folder": str(self.folder)}
        return head | vars(self.options)


@dataclass(frozen=True)
class ImportModelRequest(Request):
    """Check a model folder or archive and copy it to the user's models."""

    kind = "import_model"
    path: Path

    def message(self) -> dict[str, Any]:
        """Return the JSON object of the protocol, without ``id``."""
        return {"request": self.kind, "path": str(self.path)}


class Event:
    """Base of everything that the engine can say about a request."""

    #: Whether the request is over with this event.
    is_last: ClassVar[bool] = True


@dataclass(frozen=True)
class HelloEvent(Event):
    """What the engine is and has."""

    protocol: int
    program: str
    versions: dict[str, str]
    devices: list[str]
    models: list[dict[str, Any]]


@dataclass(frozen=True)
class CheckedEvent(Event):
    """Verdict on a CT: ``ok``, ``warning`` or ``unusable``, and why."""

    verdict: str
    sentences: list[str]


@dataclass(frozen=True)
class ProgressEvent(Event):
    """Where a run is; `remaining_s` is None while there is nothing to estimate it from."""

    is_last = False
    stage: str
    done: int
    total: int
    remaining_s: float | None = None
    message: str = ""


@dataclass(frozen=True)
class PreviewEvent(Event):
    """An intermediate result lies in `folder`, made of the first `samples` samples."""

    is_last = False
    folder: Path
    samples: int


@dataclass(frozen=True)
class SilenceEvent(Event):
    """Nothing was heard for `seconds`; made by the process that waits."""

    is_last = False
    seconds: float


@dataclass(frozen=True)
class ResultEvent(Event):
    """The result is complete in `folder`."""

    folder: Path


@dataclass(frozen=True)
class ImportedEvent(Event):
    """A model was imported under this name."""

    name: str


@dataclass(frozen=True)
class CancelledEvent(Event):
    """The request was given up as asked."""


@dataclass(frozen=True)
class ErrorEvent(Event):
    """The request failed: one sentence for the user, and details for a log (may be empty)."""

    kind: ErrorKind
    sentence: str
    detail: str = ""


def parse_event(line: str) -> tuple[str | None, Event]:
    """Return the request's id (None if the event belongs to none) and the event of one line.

    Raises
    ------
    ProtocolError
        Not a JSON object, an unknown event, or fields missing or of the wrong type.
    """
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
    if not isinstance(content, dict):
        raise ProtocolError("not a JSON object")
    make = _MAKERS.get(str(content.get("event")))
    if make is None:
        raise ProtocolError(f"unknown event {content.get('event')!r}")
    identifier = content.get("id")
    try:
        return (None if identifier is None else str(identifier)), make(content)
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"event {content['event']!r} is damaged: {error!r}") from error


def _hello(content: dict[str, Any]) -> HelloEvent:
    return HelloEvent(
        protocol=int(content["protocol"]),
        program=str(content["program"]),
        versions=dict(content["versions"]),
        devices=[str(device) for device in content["devices"]],
        models=[dict(model) for model in content["models"]],
    )


def _progress(content: dict[str, Any]) -> ProgressEvent:
    remaining = content.get("remaining_s")
    return ProgressEvent(
        stage=str(content["stage"]),
        done=int(content["done"]),
        total=int(content["total"]),
        remaining_s=None if remaining is None else float(remaining),
        message=str(content.get("message") or ""),
    )


def _error(content: dict[str, Any]) -> ErrorEvent:
    return ErrorEvent(ErrorKind(content["kind"]), str(content["sentence"]), str(content.get("detail") or ""))


_MAKERS = {
    "hello": _hello,
    "checked": lambda c: CheckedEvent(str(c["verdict"]), [str(sentence) for sentence in c["sentences"]]),
    "progress": _progress,
    "preview": lambda c: PreviewEvent(Path(c["folder"]), int(c["samples"])),
    "result": lambda c: ResultEvent(Path(c["folder"])),
    "imported": lambda c: ImportedEvent(str(c["name"])),
    "cancelled": lambda c: CancelledEvent(),
    "error": _error,
}
