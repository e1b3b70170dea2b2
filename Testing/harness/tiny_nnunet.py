"""Tiny nnU-Net models with random weights: real plans, real architectures, real checkpoints, seconds to build and run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hemorrhage.head_ct import HeadCT
from hemorrhage.nnunet.architecture import build_network
from hemorrhage.nnunet.network_plans import read_plans

LABELS = {"background": 0, "IPH": 1, "SDH": 2}
INTENSITIES = {
    "mean": 40.0,
    "std": 25.0,
    "percentile_00_5": -80.0,
    "percentile_99_5": 120.0,
    "min": -100.0,
    "max": 200.0,
    "median": 35.0,
}


def tiny_plans(
    configuration: str = "3d_fullres",
    patch_size: tuple[int, ...] = (8, 32, 32),
    spacing: tuple[float, ...] = (5.0, 1.0, 1.0),
    transpose: tuple[int, int, int] = (0, 1, 2),
    order: int = 3,
    normalization: str = "CTNormalization",
) -> dict[str, Any]:
    """Return minimal plans that both stock nnU-Net and this program open: a residual-encoder U-Net of 3 stages."""
    dimensions = len(patch_size)
    flat = [[1] * dimensions, [2] * dimensions, [2] * dimensions]
    strides = flat if dimensions == 2 else [[1, 1, 1], [1, 2, 2], [2, 2, 2]]
    architecture = {
        "network_class_name": "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
        "arch_kwargs": {
            "n_stages": 3,
            "features_per_stage": [4, 8, 8],
            "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
            "kernel_sizes": [[3] * dimensions] * 3,
            "strides": strides,
            "n_blocks_per_stage": [1, 1, 1],
            "n_conv_per_stage_decoder": [1, 1],
            "conv_bias": True,
            "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
    resampling = {"is_seg": False, "order": order, "order_z": 0, "force_separate_z": None}
    settings = {
        "data_identifier": f"nnUNetPlans_{configuration}",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(patch_size),
        "median_image_size_in_voxels": [16.0, 64.0, 64.0][-dimensions:],
        "spacing": list(spacing),
        "normalization_schemes": [normalization],
        "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": resampling,
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_seg_kwargs": {**resampling, "is_seg": True, "order": 1},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {**resampling, "order": 1},
        "batch_dice": False,
        "architecture": architecture,
    }
    return {
        "dataset_name": "Dataset999_Tiny",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [5.0, 1.0, 1.0],
        "original_median_shape_after_transp": [16, 64, 64],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(transpose),
        "transpose_backward": [transpose.index(axis) for axis in range(3)],
        "configurations": {configuration: settings},
        "experiment_planner_used": "ResEncUNetPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": INTENSITIES},
    }


def tiny_dataset() -> dict[str, Any]:
    """Return the dataset.json that goes with `tiny_plans`."""
    return {"channel_names": {"0": "CT"}, "labels": LABELS, "numTraining": 2, "file_ending": ".nii.gz", "name": "Tiny"}


def random_weights(plans: dict[str, Any], dataset: dict[str, Any], configuration: str, seed: int) -> dict[str, torch.Tensor]:
    """Return a state dict whose logits differ clearly between classes and places."""
    network = build_network(read_plans(plans, dataset, configuration))
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if "seg_layers" in name:  # no class may win everywhere: the classes' weights sum to 0
            values = (values - values.mean(0)) * 2 if values.ndim > 1 else torch.zeros_like(values)
        else:
            values = values * 0.25 + ("norm.weight" in name)
        parameter.copy_(values)
    return network.state_dict()


def write_stock_folder(
    folder: Path,
    plans: dict[str, Any],
    dataset: dict[str, Any] | None = None,
    folds: int = 1,
    mirror_axes: tuple[int, ...] | None = None,
    checkpoint_name: str = "checkpoint_final.pth",
) -> Path:
    """Write what nnU-Net's training leaves, with all that its checkpoints hold: optimizer, logs, NumPy numbers."""
    dataset = dataset or tiny_dataset()
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(plans))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    configuration = next(iter(plans["configurations"]))
    for fold in range(folds):
        weights = random_weights(plans, dataset, configuration, seed=fold)
        parameter = torch.nn.Parameter(torch.zeros(3))
        optimizer = torch.optim.SGD([parameter], lr=0.01, momentum=0.99, nesterov=True)
        parameter.sum().backward()
        optimizer.step()
        checkpoint = {
            "network_weights": weights,
            "optimizer_state": optimizer.state_dict(),
            "grad_scaler_state": None,
            "logging": {
                "mean_fg_dice": [np.float64(0.5), np.float32(0.25)],
                "dice_per_class_or_region": [[np.float64(0.1), np.float64(0.2)]],
                "train_losses": [np.float32(-0.5)],
                "lrs": [0.01],
                "epoch_start_timestamps": [1.5],
            },
            "_best_ema": np.float64(0.7),
            "current_epoch": 1,
            "init_args": {
                "plans": plans,
                "configuration": configuration,
                "fold": fold,
                "dataset_json": dataset,
                "device": torch.device("cpu"),
            },
            "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": mirror_axes,
        }
        (folder / f"fold_{fold}").mkdir()
        torch.save(checkpoint, folder / f"fold_{fold}" / checkpoint_name)
    return folder


def textured_ct(shape: tuple[int, int, int], spacing: tuple[float, float, float], seed: int = 0, border: int = 0) -> HeadCT:
    """Return noise and blobs in HU; `border` voxels of exact zeros around, which nnU-Net crops away."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(30, 60, [n // 3 + 2 for n in shape])
    hu = np.kron(coarse, np.ones((3, 3, 3)))[: shape[0], : shape[1], : shape[2]] + rng.normal(0, 10, shape)
    if border:
        inner = np.zeros(shape, bool)
        inner[border:-border, border:-border, border:-border] = True
        hu[~inner] = 0
    return HeadCT(hu.astype(np.float32), np.diag([*spacing, 1.0]), source="texture")
