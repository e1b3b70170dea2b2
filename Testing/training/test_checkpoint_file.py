"""A checkpoint is whole or not there, whatever happens while it is written."""

from pathlib import Path

import pytest
import torch

from hemorrhage.errors import ModelError, ResourceError
from hemorrhage.models.nnunet_folder import read_checkpoint
from hemorrhage_training.checkpoint_file import previous_of, remove_checkpoint, whole_checkpoint, write_checkpoint


def _write(path, value):
    content = {"network_weights": {"w": torch.full((1000,), value)}, "trainer_name": "t", "init_args": {"configuration": "c"}}
    write_checkpoint(path, lambda partial: torch.save(content, partial))


def _value(path):
    return torch.load(path, weights_only=True)["network_weights"]["w"][0].item()


def test_the_one_before_is_kept(tmp_path):
    path = tmp_path / "checkpoint_latest.pth"
    for value in (1.0, 2.0, 3.0):
        _write(path, value)
    assert _value(whole_checkpoint(path, read_checkpoint)) == 3
    assert _value(previous_of(path)) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint_latest.previous.pth", "checkpoint_latest.pth"]


def test_a_failed_write_leaves_the_present_one(tmp_path):
    path = tmp_path / "checkpoint_latest.pth"
    _write(path, 1.0)

    def full_disk(partial):
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match=r"No space.*the same command goes on"):
        write_checkpoint(path, full_disk)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert _value(whole_checkpoint(path, read_checkpoint)) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux' full device")
def test_torchs_own_failure_on_a_full_disk_is_known(tmp_path):
    """It is a RuntimeError about the place in the file, and says nothing of the disk."""
    path = tmp_path / "checkpoint_latest.pth"
    _write(path, 1.0)

    def full_disk(partial):
        partial.touch()
        torch.save({"w": torch.zeros(3_000_000)}, "/dev/full")

    with pytest.raises(ResourceError, match="free space"):
        write_checkpoint(path, full_disk)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_failures_stay_what_they_are(tmp_path):
    def broken(partial):
        partial.touch()
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        write_checkpoint(tmp_path / "checkpoint_latest.pth", broken)


def test_killed_between_the_two_renames_the_one_before_is_used(tmp_path):
    path = tmp_path / "checkpoint_latest.pth"
    _write(path, 1.0)
    path.rename(previous_of(path))
    assert _value(whole_checkpoint(path, read_checkpoint)) == 1


@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: c[:2000] + b"\x00\x01\x02" + c[2003:], lambda c: b""])
def test_damage_is_found(tmp_path, damage):
    path = tmp_path / "checkpoint_latest.pth"
    _write(path, 1.0)
    _write(path, 2.0)
    path.write_bytes(damage(path.read_bytes()))
    assert whole_checkpoint(path, read_checkpoint) == previous_of(path)
    previous_of(path).unlink()
    with pytest.raises(ModelError, match="start the training anew"):
        whole_checkpoint(path, read_checkpoint)


def test_a_checkpoint_with_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("code ran",)

    path = tmp_path / "checkpoint_latest.pth"
    write_checkpoint(path, lambda partial: torch.save({"network_weights": Evil()}, partial))
    with pytest.raises(ModelError):
        whole_checkpoint(path, read_checkpoint)


def test_removing_removes_both(tmp_path):
    path = tmp_path / "checkpoint_latest.pth"
    _write(path, 1.0)
    _write(path, 2.0)
    remove_checkpoint(path)
    assert not list(tmp_path.iterdir())
