"""A stock nnU-Net v2 trained-model folder: ``dataset.json``, ``plans.json``, ``fold_X/checkpoint_final.pth``."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..method import stock_methods
from ..nnunet.network_plans import read_plans
from .contents import ModelContents, Weights
from .model_card import ModelCard, read_json
from .model_folder import DATASET_NAME, PLANS_NAME, sha256_of

if TYPE_CHECKING:
    import torch

_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")


def is_nnunet_folder(folder: Path) -> bool:
    """Whether `folder` looks like what nnU-Net's training leaves."""
    return (folder / PLANS_NAME).is_file() and (folder / DATASET_NAME).is_file() and any(folder.glob("fold_*"))


def checkpoint_files(folder: Path) -> list[Path]:
    """Return one checkpoint per fold: the final one, else the best one.

    As in nnU-Net, ``fold_all`` counts only where there is no numbered fold, and folds without the kind of checkpoint that is used
    are left out.

    Raises
    ------
    ModelError
        There is none.
    """
    folds = sorted(fold for fold in folder.glob("fold_*") if fold.is_dir())
    numbered = [fold for fold in folds if fold.name != "fold_all"]
    for candidates in (numbered, folds):
        for name in _CHECKPOINTS:
            found = [fold / name for fold in candidates if (fold / name).is_file()]
            if found:
                return found
    raise ModelError(f"the nnU-Net folder {folder} has no fold with {' or '.join(_CHECKPOINTS)}: is the training finished?")


def open_nnunet_folder(folder: Path) -> ModelContents:
    """Open a stock folder; its folds are an ensemble, its configuration is the checkpoint's.

    Raises
    ------
    ModelError
        File missing or damaged; Python objects other than weights in a checkpoint; cascade, regions, or several channels.
    """
    plans_json, dataset_json = read_json(folder / PLANS_NAME), read_json(folder / DATASET_NAME)
    paths = checkpoint_files(folder)
    first = read_checkpoint(paths[0])
    configuration = str(first["init_args"]["configuration"])
    plans = read_plans(plans_json, dataset_json, configuration)
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in folder.resolve().name).strip("-._")[:100] or "nnunet"
    card = ModelCard(
        name=name,
        title=f"nnU-Net v2 model {dataset_json.get('name') or plans_json.get('dataset_name') or name}, {configuration}",
        methods=stock_methods(len(paths), plans.has_dropout),
        classes=list(plans.classes),
        configuration=configuration,
        weights=[_flat(path, folder) for path in paths],
        mirror_axes=_mirror_axes(first),
        preprocessing=f"{plans.normalization}, spacing {' x '.join(f'{s:g}' for s in plans.spacing)} mm",
        training={"trainer": str(first.get("trainer_name", "unknown")), "folds": [path.parent.name for path in paths]},
        intended_use="As stated by the model's author. Research use only, not for diagnosis.",
        license="as stated by the model's author",
        files={_flat(path, folder): sha256_of(path) for path in [folder / PLANS_NAME, folder / DATASET_NAME, *paths]},
    )
    return ModelContents(folder, card, plans, lambda: [_weights(read_checkpoint(path), path, configuration) for path in paths])


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read an nnU-Net checkpoint without running any code from it.

    Of Python's pickles only tensors, plain containers and NumPy numbers are accepted.

    Raises
    ------
    ModelError
        Unreadable, other objects inside, or not an nnU-Net checkpoint.
    """
    import torch

    try:
        with torch.serialization.safe_globals(list(_number_types())):
            try:  # optimizer states are two thirds of the file: mapped, not read
                content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            except RuntimeError as error:
                if "mmap" not in str(error):
                    raise
                content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = " ".join(str(error).split())
        if "Unsupported" in reason or "GLOBAL" in reason:
            raise ModelError(
                f"the checkpoint {path} holds Python objects other than weights and numbers, which could run code: it is refused"
            ) from error
        raise ModelError(f"the checkpoint {path} is damaged: {reason[:200]}") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        reason = (str(error) or "it is cut off").splitlines()[0][:200]
        raise ModelError(f"the checkpoint {path} is damaged or not made by torch: {reason}") from error
    if not isinstance(content, dict) or not isinstance(content.get("network_weights"), Mapping):
        raise ModelError(f"{path} is not an nnU-Net v2 checkpoint: it has no network_weights")
    if not isinstance(content.get("init_args"), Mapping) or "configuration" not in content["init_args"]:
        raise ModelError(f"{path} is not an nnU-Net v2 checkpoint: it does not say which configuration it belongs to")
    return content


def _weights(checkpoint: Mapping[str, Any], path: Path, configuration: str) -> Weights:
    if checkpoint["init_args"]["configuration"] != configuration:
        raise ModelError(f"the folds contradict each other: {path} belongs to {checkpoint['init_args']['configuration']!r}")
    weights: dict[str, torch.Tensor] = dict(checkpoint["network_weights"])
    return weights


def _mirror_axes(checkpoint: Mapping[str, Any]) -> list[int]:
    axes = checkpoint.get("inference_allowed_mirroring_axes")
    return [] if axes is None else [int(axis) for axis in axes]


def _flat(path: Path, folder: Path) -> str:
    """Name a file of a subfolder in the card, where names have no slashes."""
    return ".".join(path.relative_to(folder).parts)


@cache
def _number_types() -> Iterable[Any]:
    """Return what nnU-Net's checkpoints hold besides tensors: NumPy scalars, under the module names of NumPy 1 and 2."""
    import importlib

    import numpy as np

    major = int(np.__version__.split(".")[0])
    multiarray = importlib.import_module("numpy._core.multiarray" if major >= 2 else "numpy.core.multiarray")
    names = [name for name in dir(np.dtypes) if name.endswith("DType") and name not in ("ObjectDType", "VoidDType")]
    dtypes = [getattr(np.dtypes, name) for name in names]
    types: list[Any] = [np.dtype, np.ndarray, *dtypes]
    for module in ("numpy._core.multiarray", "numpy.core.multiarray"):
        types += [(multiarray.scalar, f"{module}.scalar"), (multiarray._reconstruct, f"{module}._reconstruct")]
    return tuple(types)
