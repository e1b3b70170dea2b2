"""A killed import leaves nothing half-done, and the next one goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.data_set_trees import bhsd_name, load, mixed_bhsd, save
from hemorrhage.errors import ArgumentError, Interrupted, OutputExistsError, ResourceError
from hemorrhage_training.datasets import import_data_set as module
from hemorrhage_training.datasets.check_data_set import check_data_set
from hemorrhage_training.datasets.defects import DataSetError
from hemorrhage_training.datasets.import_data_set import import_data_set
from hemorrhage_training.datasets.patient_split import SplitWish


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return mixed_bhsd(tmp_path, 4)


@pytest.fixture
def read_cases(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the cases that are read from the source, as they are."""
    seen: list[str] = []
    real = module.import_case

    def counting(case, found, folder):
        seen.append(case.name)
        return real(case, found, folder)

    monkeypatch.setattr(module, "import_case", counting)
    return seen


def stop_after(count: int):
    calls = iter(range(count + 1))
    return lambda: next(calls) == count


def test_a_stopped_import_goes_on(source, tmp_path, read_cases):
    with pytest.raises(Interrupted, match="after 2 of 4"):
        import_data_set("bhsd", source, tmp_path / "out", should_stop=stop_after(2))
    assert not (tmp_path / "out").exists()
    notes: list[str] = []
    import_data_set("bhsd", source, tmp_path / "out", progress=lambda each: notes.append(each.message))
    assert read_cases == [bhsd_name(k) for k in range(4)]
    assert any("2 of 4 cases were there already" in note for note in notes)
    assert not list(tmp_path.glob(".out*"))
    assert check_data_set(tmp_path / "out")[1] == ()


def test_a_case_that_changed_meanwhile_is_read_again(source, tmp_path, read_cases):
    with pytest.raises(Interrupted):
        import_data_set("bhsd", source, tmp_path / "out", should_stop=stop_after(2))
    mask = source / "ground truths" / f"{bhsd_name(0)}.nii.gz"
    labels = load(mask) * 0
    save(mask, labels)
    import_data_set("bhsd", source, tmp_path / "out", SplitWish(test_fraction=0))
    assert read_cases.count(bhsd_name(0)) == 2
    assert read_cases.count(bhsd_name(1)) == 1
    assert not load(tmp_path / f"out/labelsTr/{bhsd_name(0)}.nii.gz").any()


def test_a_case_that_is_gone_meanwhile_leaves_no_file(source, tmp_path):
    with pytest.raises(Interrupted):
        import_data_set("bhsd", source, tmp_path / "out", should_stop=stop_after(2))
    for folder in ("images", "ground truths"):
        (source / folder / f"{bhsd_name(0)}.nii.gz").unlink()
    import_data_set("bhsd", source, tmp_path / "out")
    assert check_data_set(tmp_path / "out")[1] == ()
    assert not [path for path in (tmp_path / "out").rglob("*") if bhsd_name(0) in path.name]


@pytest.mark.parametrize("moment", ["put_in_place", "write_manifest", "rename"])
def test_killed_while_finishing(source, tmp_path, monkeypatch, read_cases, moment):
    """The exception stands for a kill: nothing after it runs."""

    class KilledError(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        if moment == "put_in_place":
            patch.setattr("hemorrhage_training.datasets.staging.shutil.rmtree", kill)  # after the test cases were moved
        elif moment == "write_manifest":
            patch.setattr(module, "write_manifest", kill)
        else:
            real = Path.rename
            patch.setattr(Path, "rename", lambda self, to: kill() if Path(to).name == "out" else real(self, to))
        with pytest.raises(KilledError):
            import_data_set("bhsd", source, tmp_path / "out", SplitWish(test_fraction=0.5))
    assert not (tmp_path / "out").exists()
    manifest = import_data_set("bhsd", source, tmp_path / "out", SplitWish(test_fraction=0.5))
    assert len(manifest.cases) == 4
    assert check_data_set(tmp_path / "out")[1] == ()
    if moment != "rename":  # only the very last step costs what was done
        assert len(read_cases) == 4


def test_sigkill_at_any_moment(source, tmp_path):
    """A real process, killed after it wrote its first case."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "hemorrhage", "data", "import", "bhsd", str(source), "-o", str(out), "--progress", "none"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    done = tmp_path / ".out.importing" / "done"
    while process.poll() is None and not (done.is_dir() and list(done.glob("*.json"))):
        time.sleep(0.005)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert check_data_set(out)[1] == ()
    assert not list(tmp_path.glob(".out*"))


def test_an_unfinished_import_of_something_else_is_not_mixed_in(source, tmp_path):
    with pytest.raises(Interrupted):
        import_data_set("bhsd", source, tmp_path / "out", should_stop=stop_after(2))
    other = mixed_bhsd(tmp_path / "other", 2)
    with pytest.raises(DataSetError, match="unfinished import of another source"):
        import_data_set("bhsd", other, tmp_path / "out")
    manifest = import_data_set("bhsd", other, tmp_path / "out", overwrite=True)
    assert len(manifest.cases) == 2
    assert check_data_set(tmp_path / "out")[1] == ()


def test_only_an_imported_data_set_is_ever_replaced(source, tmp_path):
    import_data_set("bhsd", source, tmp_path / "out")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        import_data_set("bhsd", source, tmp_path / "out")
    again = import_data_set("bhsd", source, tmp_path / "out", SplitWish(seed=1), overwrite=True)
    assert again.split.seed == 1
    assert check_data_set(tmp_path / "out")[1] == ()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="something else"):
        import_data_set("bhsd", source, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine/thesis.txt").read_text() == "keep"
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="is a file"):
        import_data_set("bhsd", source, tmp_path / "file")


def test_killed_between_old_and_new_the_old_one_comes_back(source, tmp_path):
    import_data_set("bhsd", source, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / ".out.replaced")
    with pytest.raises(OutputExistsError):
        import_data_set("bhsd", source, tmp_path / "out")
    assert check_data_set(tmp_path / "out")[1] == ()


def test_a_full_disk_is_no_defect_of_a_case(source, tmp_path, monkeypatch, read_cases):
    def full(*_: object) -> None:
        raise ResourceError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("hemorrhage.writing.volume_file.write_volume", full)
        with pytest.raises(ResourceError):
            import_data_set("bhsd", source, tmp_path / "out")
    assert len(import_data_set("bhsd", source, tmp_path / "out").cases) == 4


@pytest.mark.parametrize("wish", [SplitWish(folds=1), SplitWish(seed=-1), SplitWish(test_fraction=1.0)])
def test_impossible_wishes_are_refused_before_anything_is_made(source, tmp_path, wish):
    with pytest.raises(ArgumentError):
        import_data_set("bhsd", source, tmp_path / "out", wish)
    assert not list(tmp_path.glob("*out*"))
