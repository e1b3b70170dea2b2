"""What a client is told when a request fails: a kind that it can act on, and one sentence for the user."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass
from enum import StrEnum

from ..errors import ArgumentError, HemorrhageError, ModelError, OutputExistsError, ResourceError
from .requests import ProtocolError


class FailureKind(StrEnum):
    """What went wrong."""

    INPUT = "input"
    """The CT is not usable."""
    ARGUMENT = "argument"
    """An option is out of range, or the model does not offer it."""
    MODEL = "model"
    RESOURCE = "resource"
    """Memory or disk."""
    PROTOCOL = "protocol"
    """The client's fault."""
    INTERNAL = "internal"
    """Ours: `detail` holds the traceback."""


@dataclass(frozen=True)
class Failure:
    """A failed request, in words."""

    kind: FailureKind
    sentence: str
    detail: str = ""


_OUT_OF_MEMORY = "there is not enough memory for this CT: close other programs, or choose another device or fewer kept samples"
_DISK_FULL = "the disk is full: free some space and try again"


def failure_of(error: BaseException) -> Failure:
    """Return what to tell about an exception."""
    text = " ".join(str(error).split())
    match error:
        case ProtocolError():
            return Failure(FailureKind.PROTOCOL, as_sentence(text))
        case ArgumentError() | OutputExistsError():
            return Failure(FailureKind.ARGUMENT, as_sentence(text))
        case ModelError():
            return Failure(FailureKind.MODEL, as_sentence(text))
        case ResourceError():
            return Failure(FailureKind.RESOURCE, as_sentence(text))
        case HemorrhageError():
            return Failure(FailureKind.INPUT, as_sentence(text))
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Failure(FailureKind.RESOURCE, as_sentence(_DISK_FULL))
        case MemoryError() | RuntimeError() if _is_out_of_memory(error):
            return Failure(FailureKind.RESOURCE, as_sentence(_OUT_OF_MEMORY))
        case ModuleNotFoundError():
            sentence = f"the Python package {error.name!r} is missing: install the engine's packages again, then retry"
        case _:
            sentence = f"unexpected failure, please report it with the details ({type(error).__name__}: {text})"
    return Failure(FailureKind.INTERNAL, as_sentence(sentence), "".join(traceback.format_exception(error)))


def as_sentence(text: str) -> str:
    """Return one line that ends with a full stop and, unless it begins with a path or a quotation, has a capital first."""
    line = " ".join(text.split())
    first = line.split(" ", 1)[0]
    if first.isalpha():
        line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, torch or a GPU has no memory left; torch's CPU allocator raises a plain RuntimeError."""
    text = str(error).lower()
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
