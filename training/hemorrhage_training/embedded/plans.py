"""The embedded model's own nnU-Net plans: 5 x 1.5 x 1.5 mm, where a window holds most of a head in-plane."""

from __future__ import annotations

from typing import Any

from hemorrhage.hemorrhage_class import SIX_CLASSES

CONFIGURATION = "3d_fullres"
SPACING = (5.0, 1.5, 1.5)
PATCH_SIZE = (12, 128, 112)
FEATURES = (16, 32, 48, 96, 136)

# Hounsfield window and scaling of the network's input. The window keeps fat and calcification apart from brain and
# blood; the mean is that of brain, so that clipped air and bone are -100/30 and 120/30 away from it.
_INTENSITIES = {
    "min": -60.0,
    "percentile_00_5": -60.0,
    "mean": 40.0,
    "median": 40.0,
    "percentile_99_5": 160.0,
    "max": 160.0,
    "std": 30.0,
}


def _resampling(is_seg: bool, order: int) -> dict[str, Any]:
    # Linear, not nnU-Net's default nearest neighbour across slices: with 5 mm working slices the nearest neighbour of a
    # thin-slice CT is a single noisy slice, and of a 7 mm one a repeated slice.
    return {"is_seg": is_seg, "order": order, "order_z": 0 if is_seg else 1, "force_separate_z": None}


def embedded_plans() -> dict[str, Any]:
    """Return ``plans.json`` of the embedded model, readable by stock nnU-Net v2."""
    n = len(FEATURES)
    architecture = {
        "network_class_name": "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
        "arch_kwargs": {
            "n_stages": n,
            "features_per_stage": list(FEATURES),
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[1, 3, 3], [1, 3, 3]] + [[3, 3, 3]] * (n - 2),
            "strides": [[1, 1, 1], [1, 2, 2], [1, 2, 2]] + [[2, 2, 2]] * (n - 3),
            "n_blocks_per_stage": [1] + [2] * (n - 1),
            "n_conv_per_stage_decoder": [1] * (n - 1),
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
    return {
        "dataset_name": "Dataset001_SimulatedHeadCT",
        "plans_name": "hemorrhageSmallResEncPlans",
        "original_median_spacing_after_transp": [5.0, 0.6, 0.6],
        "original_median_shape_after_transp": [32, 384, 384],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {
            CONFIGURATION: {
                "data_identifier": "hemorrhageSmallResEncPlans_3d_fullres",
                "preprocessor_name": "DefaultPreprocessor",
                "batch_size": 1,
                "patch_size": list(PATCH_SIZE),
                "median_image_size_in_voxels": [32, 144, 112],
                "spacing": list(SPACING),
                "normalization_schemes": ["CTNormalization"],
                "use_mask_for_norm": [False],
                "resampling_fn_data": "resample_data_or_seg_to_shape",
                "resampling_fn_data_kwargs": _resampling(False, 1),
                "resampling_fn_seg": "resample_data_or_seg_to_shape",
                "resampling_fn_seg_kwargs": _resampling(True, 1),
                "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
                "resampling_fn_probabilities_kwargs": _resampling(False, 1),
                "batch_dice": True,
                "architecture": architecture,
            }
        },
        "experiment_planner_used": "hemorrhage_training.embedded",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": _INTENSITIES},
    }


def embedded_dataset_json(cases: int) -> dict[str, Any]:
    """Return ``dataset.json``: one CT channel, six classes in BHSD's order."""
    return {
        "name": "SimulatedHeadCT",
        "description": "simulated head CT with hemorrhages; no patient data",
        "channel_names": {"0": "CT"},
        "labels": {name: value for value, name in enumerate(SIX_CLASSES)},
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
