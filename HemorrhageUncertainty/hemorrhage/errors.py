"""Everything that can go wrong and that a caller can handle: one type each, one exit code each."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    UNUSABLE_INPUT = 2
    MODEL_PROBLEM = 3
    NOT_ENOUGH_RESOURCES = 4
    #: Done, but part of the input was unusable and left out; it was named.
    PARTLY_DONE = 5
    INTERRUPTED = 130


class HemorrhageError(Exception):
    """Base of all errors that are reported to the user as one sentence, without a traceback."""

    exit_code = ExitCode.UNUSABLE_INPUT


class UnreadableInputError(HemorrhageError):
    """The input is missing, truncated, corrupt or not a format that we read."""


class NotAVolumeError(HemorrhageError):
    """The input is not a scalar 3D volume (2D, 4D, RGB, complex)."""


class NotACTError(HemorrhageError):
    """The intensities are not Hounsfield units of a head CT, or no head is in the field of view."""


class GeometryError(HemorrhageError):
    """Spacing, orientation or slice positions make no sense."""


class DicomSeriesError(HemorrhageError):
    """A DICOM folder does not hold one usable CT series."""


class OutputExistsError(HemorrhageError):
    """The output exists and must not be overwritten without being asked to."""


class ArgumentError(HemorrhageError):
    """An argument is outside its range, or two arguments contradict each other."""


class ModelError(HemorrhageError):
    """The model folder is missing, damaged, altered, of an unsupported kind or newer than this program."""

    exit_code = ExitCode.MODEL_PROBLEM


class ResourceError(HemorrhageError):
    """Not enough memory (of the device or the machine) or disk space."""

    exit_code = ExitCode.NOT_ENOUGH_RESOURCES


class Interrupted(HemorrhageError):
    """The user asked to stop; nothing was written."""

    exit_code = ExitCode.INTERRUPTED
