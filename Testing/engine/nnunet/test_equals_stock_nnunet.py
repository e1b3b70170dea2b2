"""Without random transforms the engine says what stock nnU-Net says: the real predictor is the judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.tiny_nnunet import textured_ct, tiny_plans, write_stock_folder
from hemorrhage.head_ct import HeadCT
from hemorrhage.models import load_model, write_model_folder
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage.sampling.deterministic import Deterministic


def stock(folder: Path, ct: HeadCT, mirroring: bool) -> tuple[np.ndarray, np.ndarray]:
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(use_mirroring=mirroring, device=torch.device("cpu"), allow_tqdm=False)
    folds = tuple(sorted(int(fold.name.removeprefix("fold_")) for fold in folder.glob("fold_*")))
    predictor.initialize_from_trained_model_folder(str(folder), folds, "checkpoint_final.pth")
    labels, probabilities = predictor.predict_single_npy_array(
        ct.hu[None], {"spacing": list(ct.spacing)}, save_or_return_probabilities=True
    )
    return labels, probabilities


def ours(folder: Path, ct: HeadCT, mirroring: bool) -> np.ndarray:
    sampler = Deterministic(load_model(folder).network("cpu"), mirroring=mirroring)
    grid = sampler.grid(ct)
    (sample,) = sampler.draw(ct, 1, 0)
    assert tuple(sample.probabilities.shape[1:]) == grid.shape
    background = torch.tensor([1.0] + [0.0] * (len(sample.probabilities) - 1))
    return grid.to_ct(sample.probabilities, background).numpy()


CASES = {
    "3D, no resampling": {"plans": {}, "ct": ((12, 48, 40), (5.0, 1.0, 1.0))},
    "3D, smaller than a window": {"plans": {}, "ct": ((5, 40, 29), (5.0, 1.0, 1.0))},
    "3D, anisotropic resampling": {"plans": {}, "ct": ((14, 50, 52), (3.0, 0.8, 0.8))},
    "3D, isotropic resampling, two folds": {
        "plans": {"spacing": (1.5, 1.5, 1.5), "configuration": "3d_lowres"},
        "ct": ((20, 30, 30), (2.0, 1.7, 1.7)),
        "folds": 2,
    },
    "3D, mirroring, two folds": {"plans": {}, "ct": ((9, 40, 40), (5.0, 1.0, 1.0)), "folds": 2, "mirror": (0, 1, 2)},
    "3D, transposed": {"plans": {"transpose": (2, 0, 1), "spacing": (1.2, 4.0, 1.0)}, "ct": ((9, 40, 33), (4.5, 1.0, 1.1))},
    "3D, zero border": {"plans": {}, "ct": ((12, 44, 44), (4.0, 0.9, 0.9)), "border": 2},
    "3D, z-score": {"plans": {"normalization": "ZScoreNormalization"}, "ct": ((10, 36, 36), (5.0, 1.0, 1.0)), "border": 1},
    "2D, resampling, mirroring": {
        "plans": {"configuration": "2d", "patch_size": (32, 32), "spacing": (1.0, 1.0)},
        "ct": ((4, 50, 42), (6.0, 0.8, 0.8)),
        "mirror": (0, 1),
    },
    "2D, two folds": {
        "plans": {"configuration": "2d", "patch_size": (32, 24), "spacing": (1.0, 1.0)},
        "ct": ((3, 40, 40), (6.0, 1.0, 1.0)),
        "folds": 2,
    },
}


@pytest.mark.parametrize("name", CASES)
def test_probabilities_and_labels_equal_stock_nnunet(name, tmp_path):
    case = CASES[name]
    mirror = case.get("mirror")
    folder = write_stock_folder(tmp_path / "model", tiny_plans(**case["plans"]), folds=case.get("folds", 1), mirror_axes=mirror)
    ct = textured_ct(*case["ct"], border=case.get("border", 0))
    labels, probabilities = stock(folder, ct, mirror is not None)
    found = ours(folder, ct, mirror is not None)
    assert len(np.unique(labels)) == 3, "the case must exercise every class"
    assert np.abs(found - probabilities).max() < 1e-4
    np.testing.assert_array_equal(found.argmax(0), labels)


def test_mirroring_is_stocks_default_and_can_be_switched_off(tmp_path):
    folder = write_stock_folder(tmp_path / "model", tiny_plans(), mirror_axes=(1,))
    ct = textured_ct((8, 32, 32), (5.0, 1.0, 1.0))
    (sample,) = Deterministic(load_model(folder).network("cpu")).draw(ct)
    assert sample.parameters["mirrored_axes"] == [1]
    assert np.abs(sample.probabilities.numpy() - stock(folder, ct, True)[1]).max() < 1e-4
    assert np.abs(ours(folder, ct, False) - stock(folder, ct, True)[1]).max() > 1e-3


def test_our_folder_predicts_as_the_stock_folder_it_was_made_from(tmp_path):
    plans = tiny_plans()
    source = load_model(write_stock_folder(tmp_path / "stock", plans, folds=2))
    checkpoints = [torch.load(tmp_path / "stock" / f"fold_{k}" / "checkpoint_final.pth", weights_only=False) for k in range(2)]
    dataset = checkpoints[0]["init_args"]["dataset_json"]
    card = source.card.model_copy(update={"files": {}, "weights": ["weights.safetensors"]})
    write_model_folder(tmp_path / "own", card, [c["network_weights"] for c in checkpoints], plans, dataset)
    ct = textured_ct((8, 40, 36), (5.0, 1.0, 1.0))
    np.testing.assert_array_equal(ours(tmp_path / "own", ct, False), ours(tmp_path / "stock", ct, False))


def test_preprocessing_equals_stock(tmp_path):
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    plans = tiny_plans(transpose=(1, 0, 2), spacing=(1.0, 3.0, 1.3))
    folder = write_stock_folder(tmp_path / "model", plans)
    ct = textured_ct((11, 37, 41), (4.0, 0.9, 0.9), border=2)
    manager = PlansManager(plans)
    expected, _, _ = DefaultPreprocessor(verbose=False).run_case_npy(
        ct.hu[None], None, {"spacing": list(ct.spacing)}, manager, manager.get_configuration("3d_fullres"), {}
    )
    prepared = load_model(folder).network("cpu").prepare(ct, box=False)
    np.testing.assert_array_equal(prepared.data.numpy(), expected)
    assert tuple(prepared.data.shape[1:]) == prepared.grid.shape
    extent = np.multiply(prepared.grid.shape, prepared.grid.spacing)
    np.testing.assert_allclose(extent, [33 * 0.9, 7 * 4.0, 37 * 0.9])


def test_old_plans_without_architecture_open():
    plans = tiny_plans()
    settings = plans["configurations"]["3d_fullres"]
    del settings["architecture"]
    settings |= {
        "UNet_class_name": "ResidualEncoderUNet", "UNet_base_num_features": 4, "unet_max_num_features": 8,
        "n_conv_per_stage_encoder": [1, 1, 1], "n_conv_per_stage_decoder": [1, 1], "num_pool_per_axis": [1, 2, 2],
        "pool_op_kernel_sizes": [[1, 1, 1], [1, 2, 2], [2, 2, 2]], "conv_kernel_sizes": [[3, 3, 3]] * 3,
    }  # fmt: skip
    from harness.tiny_nnunet import tiny_dataset
    from hemorrhage.nnunet.architecture import build_network

    network = build_network(read_plans(plans, tiny_dataset(), "3d_fullres"))
    assert network(torch.zeros(1, 1, 8, 32, 32)).shape == (1, 3, 8, 32, 32)
