"""Options that show more of a run and change nothing in its result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

import hemorrhage
from hemorrhage.head_ct import HeadCT
from hemorrhage.preview import Preview, is_previewed
from hemorrhage.segmentation import Segmentation

SAMPLES = 5
MAPS = ("labels", "probabilities", "variance", "class_variance", "entropy", "expected_entropy", "mutual_information", "votes")


@pytest.fixture(scope="module")
def plain(phantom_ct: HeadCT, tiny_model: Path) -> Segmentation:
    return hemorrhage.segment(phantom_ct, tiny_model, samples=SAMPLES, device="cpu")


@pytest.fixture(scope="module")
def shown(phantom_ct: HeadCT, tiny_model: Path) -> tuple[Segmentation, list[Preview]]:
    previews: list[Preview] = []
    result = hemorrhage.segment(phantom_ct, tiny_model, samples=SAMPLES, device="cpu", keep_samples=True, preview=previews.append)
    return result, previews


def test_the_result_is_the_same_to_the_bit(plain, shown):
    for name in MAPS:
        np.testing.assert_array_equal(getattr(shown[0], name), getattr(plain, name), err_msg=name)
    assert shown[0].volumes == plain.volumes
    assert plain.samples is None


def test_previews_after_1_2_4_samples(shown):
    assert [preview.samples for preview in shown[1]] == [1, 2, 4]
    assert [k for k in range(70) if is_previewed(k)] == [1, 2, 4, 8, 16, 32, 64]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_preview_is_the_result_of_a_run_with_so_many_samples(shown, phantom_ct, tiny_model, index):
    preview = shown[1][index]
    result = hemorrhage.segment(phantom_ct, tiny_model, samples=preview.samples, device="cpu")
    np.testing.assert_array_equal(preview.labels, result.labels)
    np.testing.assert_array_equal(preview.entropy, result.entropy)
    np.testing.assert_allclose(preview.variance, result.variance, atol=1e-6)
    assert preview.volumes_ml == pytest.approx({each.name: each.volume_ml for each in result.volumes})


def test_one_label_map_per_sample(shown):
    result = shown[0]
    assert result.samples is not None
    assert (result.samples.shape, result.samples.dtype) == ((SAMPLES, *result.ct.shape), np.uint8)
    for k, labels in enumerate(result.samples):
        counted = np.count_nonzero(labels) * result.ct.voxel_volume_ml
        assert counted == pytest.approx(result.volumes[-1].samples_ml[k], rel=0.1)
    assert len({labels.tobytes() for labels in result.samples}) == SAMPLES


def test_kept_samples_are_written(shown, tmp_path):
    result = shown[0]
    folder = result.save(tmp_path / "out")
    image = SimpleITK.ReadImage(str(folder / "samples.nii.gz"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), result.samples)
    result.save(folder, overwrite=True)  # it belongs to the result


def test_samples_are_not_written_unless_kept(plain, tmp_path):
    assert not (plain.save(tmp_path / "out") / "samples.nii.gz").exists()


def test_a_network_used_again_starts_afresh(tiny_model, monkeypatch):
    """What one run's lack of memory changed does not show in the next."""
    import torch

    from hemorrhage.nnunet.sliding_window import SlidingWindow

    network = hemorrhage.load_model(tiny_model).network("cpu")
    first, data = network.compute_plan, torch.zeros(1, 1, 8, 32, 32)
    run, failures = SlidingWindow.__call__, iter([True, False])

    def short_of_memory(self, *arguments):
        if next(failures):
            raise RuntimeError("DefaultCPUAllocator: not enough memory")
        return run(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(SlidingWindow, "__call__", short_of_memory)
        network.logits(data)
    assert network.compute_plan != first
    assert len(network.messages) == 1
    network.start_run()
    assert (network.messages, network.compute_plan) == ([], first)


def test_stops_within_a_pass_of_the_network(tiny_model):
    """A forward pass over a whole head takes many seconds: it is left between two layers."""
    import torch

    from hemorrhage.errors import Interrupted

    asked = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > 5

    network = hemorrhage.load_model(tiny_model).network("cpu", should_stop=should_stop)
    with pytest.raises(Interrupted):
        network.logits(torch.zeros(1, 1, 8, 32, 32))
    assert len(asked) == 6
