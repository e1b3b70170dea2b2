"""Cases are prepared in several processes, unusable ones are named, and loading in other processes changes nothing."""

import json
import shutil

import pytest
import torch

from hemorrhage.errors import ArgumentError, Interrupted
from hemorrhage.slices import SliceSettings
from hemorrhage_training.datasets.raw_cases import open_raw_cases
from hemorrhage_training.slices.data_module import SliceDataModule
from hemorrhage_training.slices.settings import MachineSettings, SamplingSettings
from hemorrhage_training.slices.slice_store import SliceStore

SETTINGS = SliceSettings(classes=["background", "IPH", "SDH"], channels=[4, 8], image_size=32)


@pytest.fixture
def with_broken(heads, tmp_path):
    """The two heads, and a third whose CT is cut off."""
    folder = shutil.copytree(heads, tmp_path / "data")
    whole = (folder / "imagesTr" / "case_0_0000.nii.gz").read_bytes()
    (folder / "imagesTr" / "case_2_0000.nii.gz").write_bytes(whole[: len(whole) // 2])
    shutil.copy(folder / "labelsTr" / "case_0.nii.gz", folder / "labelsTr" / "case_2.nii.gz")
    return open_raw_cases(folder)


def _module(raw, store, split, progress=lambda _: None, should_stop=lambda: False, **machine):
    machine = MachineSettings(**{"accelerator": "cpu", "workers": 0, "processes": 1} | machine)
    return SliceDataModule(
        raw, split, store, SamplingSettings(), machine, seed=0, reach=1, progress=progress, should_stop=should_stop
    )


def test_several_processes_prepare_and_load_what_one_does(with_broken, store, tmp_path):
    told, split = [], (["case_0", "case_2"], ["case_1"])
    other = SliceStore(tmp_path / "store", SETTINGS, None)
    module = _module(with_broken, other, split, told.append, workers=1, processes=2)
    module.prepare_data()
    module.setup("fit")
    assert [(each.done, each.total) for each in told] == [(k, 3) for k in range(4)]
    assert [each.message for each in told if "case_2 is left out" in each.message]
    assert [each.name for each in module.left_out] == ["case_2"]
    assert (module.training_count, module.validation_names) == (1, ["case_1"])
    alone = _module(with_broken, SliceStore(tmp_path / "store", SETTINGS, None), split)
    alone.setup("fit")
    for (images, labels), (expected, wanted) in zip(module.train_dataloader(), alone.train_dataloader(), strict=True):
        assert torch.equal(images, expected)
        assert torch.equal(labels, wanted)


def test_preparing_stops_when_asked_and_keeps_what_it_has(with_broken, tmp_path):
    store = SliceStore(tmp_path / "store", SETTINGS, None)
    asked = iter([False, True])
    with pytest.raises(Interrupted, match="the same command"):
        _module(with_broken, store, (["case_0", "case_1"], ["case_1"]), should_stop=lambda: next(asked)).prepare_data()
    assert [store.case(case) is not None for case in with_broken.cases] == [True, False, False]


def test_no_usable_case_is_said_with_the_reason(with_broken, tmp_path):
    module = _module(with_broken, SliceStore(tmp_path / "store", SETTINGS, None), (["case_2"], ["case_0"]))
    module.prepare_data()
    with pytest.raises(ArgumentError, match=r"no case can be used to train with .*corrupt"):
        module.setup("fit")


def test_validation_without_hemorrhage_is_refused(heads, prepared, store, tmp_path):
    raw = open_raw_cases(heads)
    own = SliceStore(tmp_path, SETTINGS, None)
    shutil.copytree(store.folder, own.folder)
    record = own.folder / "case_1.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "present": [[], []]}))
    with pytest.raises(ArgumentError, match="choose another fold"):
        _module(raw, own, (["case_0"], ["case_1"])).setup("fit")
