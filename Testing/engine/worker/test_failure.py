"""From exceptions to what a client is told."""

from __future__ import annotations

import errno

import pytest

from hemorrhage import errors
from hemorrhage.worker.failure import FailureKind, as_sentence, failure_of
from hemorrhage.worker.requests import ProtocolError


class OutOfMemoryError(RuntimeError):
    """Named as torch's, which this test need not import."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.NotACTError("no head"), FailureKind.INPUT),
        (errors.GeometryError("no spacing"), FailureKind.INPUT),
        (errors.ArgumentError("no"), FailureKind.ARGUMENT),
        (errors.OutputExistsError("there"), FailureKind.ARGUMENT),
        (errors.ModelError("damaged"), FailureKind.MODEL),
        (errors.ResourceError("full"), FailureKind.RESOURCE),
        (ProtocolError("what?"), FailureKind.PROTOCOL),
        (MemoryError(), FailureKind.RESOURCE),
        (OutOfMemoryError("CUDA"), FailureKind.RESOURCE),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), FailureKind.RESOURCE),
        (RuntimeError("CUDA error: out of memory"), FailureKind.RESOURCE),
        (OSError(errno.ENOSPC, "No space left on device"), FailureKind.RESOURCE),
        (RuntimeError("a bug"), FailureKind.INTERNAL),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), FailureKind.INTERNAL),
    ],
    ids=repr,
)
def test_kinds(error, kind):
    failure = failure_of(error)
    assert failure.kind is kind
    assert failure.sentence[-1] in ".?!"
    assert bool(failure.detail) == (kind is FailureKind.INTERNAL)


def test_a_missing_package_is_named():
    assert "'torch' is missing" in failure_of(ModuleNotFoundError("No module named 'torch'", name="torch")).sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("samples must be\n 1 or more", "Samples must be 1 or more."),
        ("is it an MR image?", "Is it an MR image?"),
        ("/data/ct.raw is empty", "/data/ct.raw is empty."),
        ("'x' is unknown.", "'x' is unknown."),
        ("ct.raw is empty", "ct.raw is empty."),
    ],
)
def test_sentences(text, sentence):
    assert as_sentence(text) == sentence
