"""``hemorrhage segment`` as a process: files, exit codes, progress."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from hemorrhage.commands import main

FILES = {
    "labels.nii.gz",
    "probabilities.nii.gz",
    "variance.nii.gz",
    "entropy.nii.gz",
    "mutual_information.nii.gz",
    "volumes.csv",
    "lesions.csv",
    "result.json",
    "overview.png",
    "report.html",
}


def hemorrhage(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as the user does, in a process of its own."""
    command = [sys.executable, "-m", "hemorrhage", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"})


def here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process: spares the seconds that imports take, and must not change how this process works."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch("hemorrhage.page_reuse.reuse_freed_memory"),
        mock.patch("sys.argv", ["hemorrhage", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return subprocess.CompletedProcess([], int(ended.value.code or 0), out.getvalue(), err.getvalue())


def refuses(result: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert result.returncode == code, result.stderr
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.fixture(scope="module")
def run(phantom_file: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("run") / "new" / "out"
    arguments = (
        "segment",
        phantom_file,
        "-o",
        out,
        "--model",
        tiny_model,
        "--samples",
        2,
        "--device",
        "cpu",
        "--progress",
        "json",
    )
    return out, hemorrhage(*arguments)


def test_writes_every_file_on_the_grid_of_the_input(run, phantom_file):
    import SimpleITK

    out, result = run
    assert result.returncode == 0, result.stderr
    assert {path.name for path in out.iterdir()} == FILES
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    ct = SimpleITK.ReadImage(str(phantom_file))
    for name in ("labels", "variance", "entropy", "mutual_information"):
        written = SimpleITK.ReadImage(str(out / f"{name}.nii.gz"))
        assert written.GetSize() == ct.GetSize()
        for get in ("GetSpacing", "GetOrigin", "GetDirection"):
            np.testing.assert_allclose(getattr(written, get)(), getattr(ct, get)(), atol=1e-4)
    assert SimpleITK.ReadImage(str(out / "labels.nii.gz")).GetPixelIDTypeAsString() == "8-bit unsigned integer"


def test_volumes_agree_with_the_label_map(run, phantom_file):
    import SimpleITK

    out, _ = run
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(out / "labels.nii.gz")))
    voxel_ml = np.prod(SimpleITK.ReadImage(str(phantom_file)).GetSpacing()) / 1000
    with (out / "volumes.csv").open() as file:
        rows = {row["class"]: row for row in csv.DictReader(file)}
    for value, name in enumerate(("IPH", "SDH"), start=1):
        assert float(rows[name]["volume_ml"]) == pytest.approx(np.count_nonzero(labels == value) * voxel_ml, rel=1e-4, abs=1e-3)


def test_every_line_of_json_progress_can_be_read(run):
    out, result = run
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {line["event"] for line in lines[:-1]} == {"progress"}
    samples = [(line["done"], line["total"]) for line in lines[:-1] if line["stage"] == "sampling"]
    assert samples == [(0, 2), (1, 2), (2, 2)]
    assert lines[-1]["event"] == "result"
    assert lines[-1]["output"] == str(out)
    assert set(lines[-1]["volumes"]) == {"IPH", "SDH", "total"}


def test_result_is_not_overwritten_unless_asked(run, phantom_file, tiny_model):
    out, _ = run
    before = (out / "result.json").read_bytes()
    again = ("segment", phantom_file, "-o", out, "-m", tiny_model, "--samples", 1, "--device", "cpu")
    refuses(here(*again), 2, "--overwrite")
    assert (out / "result.json").read_bytes() == before
    result = hemorrhage(*again, "--overwrite")
    assert result.returncode == 0, result.stderr
    assert "Report:" in result.stdout
    assert "Research use only" in result.stdout
    assert result.stderr == ""
    assert json.loads((out / "result.json").read_text())["provenance"]["samples"] == 1


def test_foreign_folder_is_never_replaced(phantom_file, tiny_model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    refuses(here("segment", phantom_file, "-o", tmp_path, "-m", tiny_model, "--overwrite"), 2, "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_output_below_a_file_is_refused_before_reading(tmp_path):
    (tmp_path / "file").write_text("")
    refuses(here("segment", "missing.nii.gz", "-o", tmp_path / "file" / "out"), 2, "is a file")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user for whom permissions count")
def test_output_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    refuses(here("segment", "missing.nii.gz", "-o", tmp_path / "out"), 2, "cannot be written")


def test_unusable_input_is_exit_2(tmp_path, tiny_model):
    refuses(here("segment", tmp_path / "missing.nii.gz", "-o", tmp_path / "out"), 2, "does not exist")
    junk = tmp_path / "ct.nii.gz"
    junk.write_bytes(b"not a volume")
    refuses(here("segment", junk, "-o", tmp_path / "out", "-m", tiny_model), 2, "ct.nii.gz")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--samples", "0"], "samples"),
        (["--transforms", "-1"], "transforms"),
        (["--seed", "x"], "seed"),
        (["--method", "magic"], "does not offer the method"),
        (["--preset", "wild"], "paper, anisotropic"),
        (["--device", "tpu"], "device 'tpu' is unknown"),
        (["--nonsense"], "nonsense"),
    ],
)
def test_bad_arguments_are_exit_2(phantom_file, tiny_model, tmp_path, arguments, says):
    refuses(here("segment", phantom_file, "-o", tmp_path / "out", "-m", tiny_model, *arguments), 2, says)
    assert not (tmp_path / "out").exists()


def test_model_problems_are_exit_3(phantom_file, tiny_model, tmp_path):
    import shutil

    refuses(here("segment", phantom_file, "-o", tmp_path / "out", "-m", "no-such-model"), 3, "no-such-model")
    altered = Path(shutil.copytree(tiny_model, tmp_path / "altered"))
    with (altered / "weights.safetensors").open("ab") as file:
        file.write(b"x")
    refuses(here("segment", phantom_file, "-o", tmp_path / "out", "-m", altered), 3, "altered")


def test_error_is_a_json_line_too(tmp_path):
    result = here("segment", tmp_path / "missing.nii.gz", "-o", tmp_path / "out", "--progress", "json")
    refuses(result, 2, "does not exist")
    last = json.loads(result.stdout.splitlines()[-1])
    assert (last["event"], last["exit_code"]) == ("error", 2)
    assert "does not exist" in last["message"]
