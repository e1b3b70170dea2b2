"""Stands in for the engine process and behaves as badly as a test wants; standard library only, so it starts at once.

Run as `python engine_double.py BEHAVIOR [RESULT PREVIEW]`: the folders hold a finished result and a preview, which are copied
to where the client asks for them, under the name of the method that it asks for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BEHAVIORS = (
    "good",  # samples with previews, then the result
    "endless",  # draws samples for ever
    "crash",  # dies of a signal in the middle of a run
    "exit",  # exits with a code in the middle of a run
    "garbage",  # libraries print to the same pipe, lines come in pieces, letters are damaged
    "silent",  # says nothing after hello
    "mute",  # does not even say hello
    "missing",  # a package is not installed
    "old",  # speaks another version of the protocol
    "error",  # refuses the CT
    "nonsense",  # the result folder holds no result
    "launcher",  # starts itself as an endless engine, and waits, like PythonSlicer
)


def say(event: str, identifier: str | None, **fields: object) -> None:
    """Write one event."""
    sys.stdout.write(json.dumps({"id": identifier, "event": event, **fields}) + "\n")
    sys.stdout.flush()


def hello(identifier: str, protocol: int = 1) -> None:
    """Answer a hello."""
    say("hello", identifier, protocol=protocol, program="0", versions={}, devices=["cpu"], models=[])


def progress(identifier: str, done: int, total: int = 4) -> None:
    """Report a sample."""
    say("progress", identifier, stage="sampling", done=done, total=total, remaining_s=0.1 * (total - done), message="")


def segment(behavior: str, request: dict, result: Path = Path(), preview: Path = Path()) -> None:
    """Do what is called a run here."""
    identifier, folder = request["id"], Path(request["folder"])
    volume = request["volume"]
    count = volume["shape"][0] * volume["shape"][1] * volume["shape"][2]
    assert Path(volume["file"]).stat().st_size == count * {"int16": 2, "float32": 4}[volume["dtype"]]
    progress(identifier, 0)
    if behavior == "silent":
        return
    if behavior == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if behavior == "exit":
        print("something broke", file=sys.stderr, flush=True)
        sys.exit(7)
    if behavior == "error":
        say("error", identifier, kind="input", sentence="This is no head CT: select another volume.", detail="")
        return
    if behavior == "garbage":
        sys.stdout.write("Using device cpu\n{broken json\n[1, 2]\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(b"caf\xe9 \xff\xfe\n" + json.dumps({"id": identifier, "event": "unheard of"}).encode() + b"\n")
        line = json.dumps({"id": identifier, "event": "progress", "stage": "sampling", "done": 1, "total": 2}).encode() + b"\n"
        for part in (line[:7], line[7:40], line[40:]):
            sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
            time.sleep(0.02)
    done = 1
    while done < 4 or behavior in ("endless", "launcher"):
        progress(identifier, done, max(4, done))
        if done in (1, 2) and request["preview"]:
            target = folder.parent / f"preview-{done}"
            shutil.copytree(preview, target)
            say("preview", identifier, folder=str(target), samples=done)
        time.sleep(0.02)
        done += 1
    if behavior == "nonsense":
        folder.mkdir()
    else:
        shutil.copytree(result, folder)
        if request["method"]:
            record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
            record["provenance"]["method"] = request["method"]
            (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
    say("result", identifier, folder=str(folder))


def main() -> None:
    """Serve until standard input ends."""
    behavior, *folders = sys.argv[1:]
    if behavior == "launcher":
        sys.exit(subprocess.call([sys.executable, __file__, "endless", *folders]))
    if behavior == "missing":
        import a_package_that_nobody_has  # noqa: F401
    for line in sys.stdin:
        request = json.loads(line)
        if behavior == "mute":
            continue
        if request["request"] == "hello":
            hello(request["id"], protocol=99 if behavior == "old" else 1)
        elif request["request"] == "import_model":
            say("imported", request["id"], name=Path(request["path"]).stem)
        elif request["request"] == "segment":
            segment(behavior, request, *map(Path, folders))


if __name__ == "__main__":
    main()
