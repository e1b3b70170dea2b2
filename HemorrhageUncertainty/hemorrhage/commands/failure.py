"""How a command ends when it did not succeed: one sentence on standard error, and an exit code."""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
import traceback

from ..errors import ExitCode, HemorrhageError
from .stopping import StopSignal

#: Set to 1 to see the traceback of every failure.
DEBUG_VARIABLE = "HEMORRHAGE_DEBUG"

_INTERRUPTED = "interrupted; nothing was written"
_OUT_OF_MEMORY = "there is not enough memory for this CT: close other programs, or use a machine with more memory"
_DISK_FULL = "the disk is full: free some space, or write to another place"

#: Exit code of a failure that nobody foresaw.
UNEXPECTED = 1


def exit_code_of(error: BaseException) -> int:
    """Say on standard error what went wrong, and return the exit code for it.

    A progress reader on standard output gets the same as a JSON line, if the command was run with ``--progress json``.
    """
    if isinstance(error, SystemExit):
        return _code_of_system_exit(error)
    code, sentence = _code_and_sentence(error)
    if code == UNEXPECTED and isinstance(error, BrokenPipeError):
        # Whoever read our output has gone (``hemorrhage ... | head``): not worth a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    if wants_json(sys.argv):
        print(json.dumps({"event": "error", "exit_code": int(code), "message": sentence}), flush=True)
    print(f"hemorrhage: {sentence}", file=sys.stderr, flush=True)
    return code


def wants_json(arguments: list[str]) -> bool:
    """Whether ``--progress json`` is among the arguments (an error may come before they are parsed)."""
    pairs = itertools.pairwise(arguments)
    return "--progress=json" in arguments or ("--progress", "json") in pairs


def _code_and_sentence(error: BaseException) -> tuple[int, str]:
    sentence = " ".join(str(error).split())
    match error:
        case StopSignal() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED, _INTERRUPTED
        case HemorrhageError():
            return error.exit_code, sentence
        case MemoryError():
            return ExitCode.NOT_ENOUGH_RESOURCES, _OUT_OF_MEMORY
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return ExitCode.NOT_ENOUGH_RESOURCES, _DISK_FULL
        case OSError() if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return (
                ExitCode.UNUSABLE_INPUT,
                f"{error.filename or 'a file'} cannot be used ({error.strerror}): check its permissions",
            )
        case OSError() if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            return (
                ExitCode.UNUSABLE_INPUT,
                f"{error.filename or 'a file'} cannot be used ({error.strerror}): name another file or folder",
            )
        case RuntimeError() if "DefaultCPUAllocator" in sentence or type(error).__name__ == "OutOfMemoryError":
            return ExitCode.NOT_ENOUGH_RESOURCES, _OUT_OF_MEMORY
        case _:
            what = f"{type(error).__name__}: {sentence}" if sentence else type(error).__name__
            return UNEXPECTED, f"unexpected failure, please report it ({what}); {DEBUG_VARIABLE}=1 shows the details"


def _code_of_system_exit(error: SystemExit) -> int:
    if error.code is None:
        return ExitCode.DONE
    if isinstance(error.code, int):
        return error.code
    print(f"hemorrhage: {error.code}", file=sys.stderr, flush=True)
    return UNEXPECTED
