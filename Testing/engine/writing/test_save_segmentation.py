"""A result folder appears complete or not at all, and nothing of the user's is ever lost."""

import csv
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.errors import ArgumentError, OutputExistsError, ResourceError
from hemorrhage.writing import result_folder as FOLDER
from hemorrhage.writing import save_segmentation as SAVE
from hemorrhage.writing.result_folder import RESULT_FILES, check_result_folder, result_folder
from hemorrhage.writing.result_schema import ResultRecord


@pytest.fixture(scope="module")
def segmentation():
    return synthetic_segmentation(shape=(8, 32, 32))


@pytest.fixture(scope="module")
def saved(segmentation, tmp_path_factory):
    return segmentation.save(tmp_path_factory.mktemp("saved") / "deep" / "out")


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_exactly_the_promised_files(saved):
    assert set(entries(saved)) == RESULT_FILES
    assert entries(saved.parent) == ["out"]
    assert saved.stat().st_mode & 0o777 == 0o777 & ~_umask()


def test_maps_have_the_input_geometry_and_types(segmentation, saved):
    for name, kind in (("labels", sitk.sitkUInt8), ("variance", sitk.sitkFloat32), ("entropy", sitk.sitkFloat32)):
        image = sitk.ReadImage(str(saved / f"{name}.nii.gz"))
        assert image.GetPixelID() == kind
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), getattr(segmentation, name))
        ras = np.diag([-1, -1, 1]) @ np.array(image.TransformIndexToPhysicalPoint((3, 2, 1)))
        np.testing.assert_allclose(ras, (segmentation.ct.affine @ [1, 2, 3, 1])[:3], atol=1e-3)
    probabilities = sitk.GetArrayFromImage(sitk.ReadImage(str(saved / "probabilities.nii.gz")))
    assert probabilities.shape == segmentation.probabilities.shape


def test_written_volumes_equal_an_independent_count(segmentation, saved):
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(sitk.ReadImage(str(saved / "labels.nii.gz")))
    with (saved / "volumes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:6] == ["class", "volume_ml", "low_ml", "high_ml", "mean_uncertainty", "lesions"]
    assert [row["class"] for row in rows] == [*segmentation.classes[1:], "total"]
    for label, row in enumerate(rows[:-1], start=1):
        expected = statistics.GetPhysicalSize(label) / 1000 if statistics.HasLabel(label) else 0
        assert float(row["volume_ml"]) == pytest.approx(expected, rel=1e-5)
    with (saved / "lesions.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(segmentation.lesions)


def test_the_record_reads_back_with_numpy_and_missing_numbers(segmentation, tmp_path):
    odd = {
        "array": np.arange(3),
        "number": np.float32(1.5),
        "nothing": float("nan"),
        "path": Path("/a b"),
        "flag": np.bool_(True),
    }
    folder = replace(segmentation, provenance=odd).save(tmp_path / "out")
    record = ResultRecord.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
    assert record.schema_version == 1
    assert record.provenance == {"array": [0, 1, 2], "number": 1.5, "nothing": None, "path": "/a b", "flag": True}
    assert record.volumes[-1].volume_ml == segmentation.total_ml
    assert record.input.shape == segmentation.ct.shape
    assert [lesion.name for lesion in record.lesions] == [lesion.name for lesion in segmentation.lesions]
    json.loads((folder / "result.json").read_text(), parse_constant=lambda name: pytest.fail(name))


def test_two_runs_write_the_same_bytes(segmentation, saved, tmp_path):
    again = segmentation.save(tmp_path / "out")
    for name in RESULT_FILES:
        assert (again / name).read_bytes() == (saved / name).read_bytes(), name


def test_an_existing_result_is_kept_unless_asked(segmentation, tmp_path, fast):
    folder = segmentation.save(tmp_path / "out")
    before = (folder / "result.json").stat().st_mtime_ns
    with pytest.raises(OutputExistsError, match="already holds a result"):
        segmentation.save(folder)
    assert (folder / "result.json").stat().st_mtime_ns == before
    replace(segmentation, warnings=("second run",)).save(folder, overwrite=True)
    assert "second run" in (folder / "result.json").read_text()
    assert entries(tmp_path) == ["out"]


@pytest.mark.parametrize("names", [("notes.txt",), ("result.json", "notes.txt"), ("labels.nii.gz",), ("result.json",)])
def test_foreign_files_are_never_deleted(segmentation, tmp_path, names):
    folder = tmp_path / "out"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("{}")
    with pytest.raises(OutputExistsError, match="name another folder"):
        segmentation.save(folder, overwrite=True)
    assert entries(folder) == sorted(names)
    assert entries(tmp_path) == ["out"]


def test_an_empty_folder_is_as_good_as_none_and_a_file_is_refused(segmentation, tmp_path, fast):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_text("")
    segmentation.save(tmp_path / "empty")
    assert set(entries(tmp_path / "empty")) == RESULT_FILES
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ArgumentError, match="is a file"):
        segmentation.save(tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_error_leaves_the_earlier_result_and_no_partial_one(segmentation, tmp_path, fast, monkeypatch, code):
    folder = segmentation.save(tmp_path / "out")
    before = (folder / "result.json").read_bytes()

    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(SAVE, "write_lesions", fail)
    with pytest.raises(ResourceError, match="disk is full" if code == errno.ENOSPC else "cannot be written"):
        segmentation.save(folder, overwrite=True)
    assert (folder / "result.json").read_bytes() == before
    assert entries(tmp_path) == ["out"]


def test_ctrl_c_leaves_nothing(segmentation, tmp_path, fast, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(SAVE, "write_lesions", interrupt)
    with pytest.raises(KeyboardInterrupt):
        segmentation.save(tmp_path / "out")
    assert entries(tmp_path) == []


def test_a_failed_swap_puts_the_earlier_result_back(segmentation, tmp_path, fast, monkeypatch):
    folder = segmentation.save(tmp_path / "out")
    rename = Path.rename

    def refuse_the_new_one(self, target):
        if ".partial-" in self.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(ResourceError, match="Permission denied"):
        segmentation.save(folder, overwrite=True)
    assert set(entries(folder)) == RESULT_FILES
    assert entries(tmp_path) == ["out"]


def test_too_little_free_space_is_said_before_anything_is_written(segmentation, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(FOLDER.shutil, "disk_usage", lambda _path: usage(10**12, 10**12 - 1000, 1000))
    with pytest.raises(ResourceError, match="free space or choose"):
        segmentation.save(tmp_path / "out")
    assert entries(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error_in_words(segmentation, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    with pytest.raises(ResourceError, match="cannot be written"):
        segmentation.save(locked / "out")


KILLED = """
import sys, time
from pathlib import Path
from hemorrhage.writing.result_folder import result_folder
with result_folder(Path(sys.argv[1]), overwrite=True, needed_bytes=0) as partial:
    (partial / "labels.nii.gz").write_bytes(b"half")
    print(partial, flush=True)
    time.sleep(60)
"""


def test_a_killed_run_leaves_no_result_and_the_next_run_cleans_up(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True, env=_environment()
    )
    assert process.stdout is not None
    partial = Path(process.stdout.readline().strip())
    with result_folder(tmp_path / "out", overwrite=False, needed_bytes=0) as mine:
        assert partial.exists()  # a run that is alive is left alone
        (mine / "result.json").write_text("{}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert partial.exists()
    with result_folder(tmp_path / "other", overwrite=False, needed_bytes=0):
        assert partial.exists()  # another place's leftovers are not ours
    (tmp_path / "out" / "result.json").unlink()
    with result_folder(tmp_path / "out", overwrite=False, needed_bytes=0):
        assert not partial.exists()


def test_a_result_lost_between_two_renames_is_put_back(segmentation, tmp_path, fast):
    folder = segmentation.save(tmp_path / "out")
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    folder.rename(tmp_path / f".out.replaced-{socket.gethostname()}-{process.pid}-00000000")
    with pytest.raises(OutputExistsError), result_folder(folder, overwrite=False, needed_bytes=0):
        pytest.fail("the earlier result must be found first")
    assert set(entries(folder)) == RESULT_FILES
    assert entries(tmp_path) == ["out"]


def test_leftovers_of_another_host_go_after_a_day(tmp_path):
    left = tmp_path / ".out.partial-elsewhere-1-00000000"
    left.mkdir()
    with result_folder(tmp_path / "out", overwrite=False, needed_bytes=0):
        assert left.exists()
    yesterday = time.time() - 2 * 86400
    os.utime(left, (yesterday, yesterday))
    with result_folder(tmp_path / "out", overwrite=False, needed_bytes=0):
        assert not left.exists()


def test_a_mounted_folder_is_filled_in_place(segmentation, tmp_path, fast, monkeypatch):
    (tmp_path / "out").mkdir()
    inode = (tmp_path / "out").stat().st_ino
    monkeypatch.setattr(FOLDER.os.path, "ismount", lambda path: Path(path).name == "out")
    segmentation.save(tmp_path / "out")
    segmentation.save(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out").stat().st_ino == inode
    assert set(entries(tmp_path / "out")) == RESULT_FILES


def test_checking_changes_nothing(tmp_path):
    check_result_folder(tmp_path / "missing", overwrite=False)
    assert entries(tmp_path) == []


@pytest.fixture
def fast(monkeypatch):
    """Leave out what takes time and is tested elsewhere: pictures."""

    def overview(_segmentation, path):
        path.write_bytes(b"png")
        return path

    monkeypatch.setattr(SAVE, "write_overview", overview)
    monkeypatch.setattr(SAVE, "write_report", lambda _segmentation, path, **_: path.write_text("html"))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
