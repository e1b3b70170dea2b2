"""What an nnU-Net network needs to know from its plans.json and dataset.json, checked before anything is built from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..errors import ModelError

#: Resampling functions of nnU-Net that plans may name (plans are a user's data: nothing else is looked up).
_RESAMPLING_MODULES = {
    "resample_data_or_seg_to_shape": "default_resampling",
    "resample_data_or_seg_to_spacing": "default_resampling",
    "resample_torch_simple": "resample_torch",
    "resample_torch_fornnunet": "resample_torch",
    "no_resampling_hack": "no_resampling",
}
_NORMALIZATIONS = ("CTNormalization", "ZScoreNormalization", "NoNormalization", "RescaleTo01Normalization")


class Resampling(Protocol):
    """nnU-Net's resampling: (C, *old) array or tensor, new shape, old spacing, new spacing -> (C, *new)."""

    def __call__(self, data: Any, new_shape: Any, current_spacing: Any, new_spacing: Any) -> Any:
        """Resample `data`."""
        ...


@dataclass(frozen=True, eq=False)
class NetworkPlans:
    """One configuration of an nnU-Net plans file, for CT (one input channel) and plain labels.

    Attributes
    ----------
    configuration : str
        Name of the configuration, e.g. ``3d_fullres``.
    classes : tuple of str
        Class names by label value; the first is ``background``.
    patch_size : tuple of int
        Window that the network was trained with: 3 entries, or 2 for a network that sees one slice.
    spacing : tuple of float
        Spacing in mm that the CT is resampled to, axes already transposed; 2 entries for a 2D configuration.
    transpose : tuple of int
        nnU-Net's ``transpose_forward``.
    normalization : str
        Name of nnU-Net's normalization scheme.
    use_mask : bool
        Whether the normalization looks at nonzero voxels only.
    intensities : mapping
        Fingerprint of channel 0: ``mean``, ``std``, ``percentile_00_5``, ``percentile_99_5`` in HU.
    architecture : mapping
        ``network_class_name``, ``arch_kwargs``, ``_kw_requires_import``.
    resampling_data, resampling_probabilities : tuple of (str, mapping)
        Name and keyword arguments of nnU-Net's resampling functions.
    """

    configuration: str
    classes: tuple[str, ...]
    patch_size: tuple[int, ...]
    spacing: tuple[float, ...]
    transpose: tuple[int, int, int]
    normalization: str
    use_mask: bool
    intensities: Mapping[str, float]
    architecture: Mapping[str, Any]
    resampling_data: tuple[str, Mapping[str, Any]]
    resampling_probabilities: tuple[str, Mapping[str, Any]]

    @property
    def has_dropout(self) -> bool:
        """Whether the architecture has layers that leave something out in training."""
        arguments = self.architecture.get("arch_kwargs", {})
        return bool(arguments.get("dropout_op")) and float((arguments.get("dropout_op_kwargs") or {}).get("p", 0.5)) > 0

    @property
    def dimensions(self) -> int:
        """2 for a network that sees one slice at a time, 3 for one that sees a volume."""
        return len(self.patch_size)

    @property
    def divisors(self) -> tuple[int, ...] | None:
        """What a window's size must be divisible by along each axis; None if the architecture does not say."""
        strides = self.architecture["arch_kwargs"].get("strides")
        if strides is None:
            return None
        rows = [[s] * self.dimensions if isinstance(s, int) else list(s) for s in strides]
        return tuple(math.prod(row[axis] for row in rows) for axis in range(self.dimensions))

    @property
    def base_features(self) -> int:
        """Feature maps at full resolution (for the memory estimate)."""
        features = self.architecture["arch_kwargs"].get("features_per_stage", 32)
        return int(features if isinstance(features, int) else features[0])

    def target_spacing(self, ct_spacing: tuple[float, ...]) -> list[float]:
        """Return the spacing (3 entries, transposed axes) to resample to; a 2D network keeps the slices where they are."""
        return [*ct_spacing[: 3 - self.dimensions], *self.spacing]

    def resample_data(self) -> Resampling:
        """Return nnU-Net's function that resamples CTs of this configuration."""
        return _resampling(*self.resampling_data)

    def resample_probabilities(self) -> Resampling:
        """Return nnU-Net's function that resamples logits of this configuration back to the CT."""
        return _resampling(*self.resampling_probabilities)

    def normalize(self, hu: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Normalize HU (D, H, W) as nnU-Net does; `mask` (same shape, bool) matters only where `use_mask` is set."""
        from nnunetv2.preprocessing.normalization import default_normalization_schemes

        scheme = getattr(default_normalization_schemes, self.normalization)
        seg = None if mask is None else np.where(mask, np.int8(0), np.int8(-1))
        return scheme(use_mask_for_norm=self.use_mask, intensityproperties=dict(self.intensities)).run(hu, seg)


def _resampling(name: str, kwargs: Mapping[str, Any]) -> Resampling:
    import importlib

    module = importlib.import_module(f"nnunetv2.preprocessing.resampling.{_RESAMPLING_MODULES[name]}")
    options = dict(kwargs)
    if name.startswith("resample_torch"):  # JSON cannot hold a torch.device
        import torch

        options["device"] = torch.device("cpu")
    return partial(getattr(module, name), **options)


def read_plans(plans: Mapping[str, Any], dataset: Mapping[str, Any], configuration: str) -> NetworkPlans:
    """Read one configuration of a plans file.

    Parameters
    ----------
    plans, dataset : mapping
        Contents of plans.json and dataset.json.
    configuration : str
        Which of the plans' configurations the weights belong to.

    Raises
    ------
    ModelError
        Cascade, several input channels, regions instead of labels, unknown normalization or resampling, missing keys.
    """
    classes = read_classes(dataset)
    channels = dataset.get("channel_names", dataset.get("modality", {}))
    if len(channels) != 1:
        raise ModelError(
            f"this model expects {len(channels)} input channels ({', '.join(map(str, channels.values()))}), but a CT has one: "
            "choose a model trained on non-contrast CT alone"
        )
    if configuration not in plans.get("configurations", {}):
        known = ", ".join(plans.get("configurations", {})) or "none"
        raise ModelError(f"the weights belong to configuration {configuration!r}, but plans.json knows {known}")
    settings = _resolve(plans, configuration)
    if settings.get("previous_stage"):
        raise ModelError(
            f"configuration {configuration!r} is the second stage of a cascade and needs the first stage's segmentation: "
            "choose a 2d, 3d_lowres or 3d_fullres model"
        )
    try:
        normalization = str(settings["normalization_schemes"][0])
        fingerprint = plans.get(
            "foreground_intensity_properties_per_channel", plans.get("foreground_intensity_properties_by_modality")
        )
        a, b, c = (int(axis) for axis in plans["transpose_forward"])
        result = NetworkPlans(
            configuration=configuration,
            classes=classes,
            patch_size=tuple(int(n) for n in settings["patch_size"]),
            spacing=tuple(float(s) for s in settings["spacing"]),
            transpose=(a, b, c),
            normalization=normalization,
            use_mask=bool(settings["use_mask_for_norm"][0]),
            intensities={} if fingerprint is None else fingerprint["0"],
            architecture=settings["architecture"],
            resampling_data=(settings["resampling_fn_data"], settings["resampling_fn_data_kwargs"]),
            resampling_probabilities=(
                settings["resampling_fn_probabilities"],
                settings["resampling_fn_probabilities_kwargs"],
            ),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelError(f"plans.json is damaged: configuration {configuration!r} lacks or garbles {error}") from error
    _check(result)
    return result


def _check(plans: NetworkPlans) -> None:
    if plans.normalization not in _NORMALIZATIONS:
        raise ModelError(
            f"the normalization {plans.normalization!r} of plans.json is unknown (known: {', '.join(_NORMALIZATIONS)})"
        )
    for name, _ in (plans.resampling_data, plans.resampling_probabilities):
        if name not in _RESAMPLING_MODULES:
            raise ModelError(
                f"the resampling function {name!r} of plans.json is unknown (known: {', '.join(_RESAMPLING_MODULES)})"
            )
    missing = {"mean", "std", "percentile_00_5", "percentile_99_5"} - set(plans.intensities)
    if plans.normalization == "CTNormalization" and missing:
        raise ModelError(f"plans.json lacks the intensity fingerprint ({', '.join(sorted(missing))}) that CT normalization needs")
    sizes_ok = len(plans.patch_size) == len(plans.spacing) in (2, 3) and min(plans.patch_size) > 0 and min(plans.spacing) > 0
    if not sizes_ok or sorted(plans.transpose) != [0, 1, 2]:
        raise ModelError(
            f"plans.json is damaged: patch size {plans.patch_size}, spacing {plans.spacing}, transpose {plans.transpose}"
        )


def read_classes(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    """Return class names by label value from dataset.json's ``labels``; an ignore label is left out.

    Raises
    ------
    ModelError
        Regions (several labels under one name), labels that are not 0, 1, 2, ..., or no background.
    """
    labels = dict(dataset.get("labels", {}))
    labels.pop("ignore", None)
    if any(isinstance(value, list | tuple) and len(value) > 1 for value in labels.values()):
        raise ModelError(
            "this model predicts overlapping regions instead of labels, which give no class probabilities: "
            "choose a model that was trained with plain labels"
        )
    try:
        by_value = {int(value[0] if isinstance(value, list | tuple) else value): str(name) for name, value in labels.items()}
    except (TypeError, ValueError, IndexError) as error:
        raise ModelError(f"dataset.json is damaged: labels {labels} are not numbers") from error
    if len(by_value) != len(labels) or sorted(by_value) != list(range(len(labels))) or len(labels) < 2:
        raise ModelError(f"dataset.json is damaged: labels must be 0 (background), 1, 2, ... without gaps, but are {labels}")
    if by_value[0] != "background":
        raise ModelError(f"dataset.json is damaged: label 0 must be 'background', but is {by_value[0]!r}")
    return tuple(by_value[value] for value in sorted(by_value))


def _resolve(plans: Mapping[str, Any], configuration: str) -> dict[str, Any]:
    """Return a configuration with everything it inherits; old plans without an architecture are converted."""
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    try:
        return dict(PlansManager(deepcopy(dict(plans))).get_configuration(configuration).configuration)
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise ModelError(f"plans.json is damaged: configuration {configuration!r} cannot be read ({error})") from error
