"""What ``hemorrhage train`` can train: each value of ``method``, and the family that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hemorrhage.errors import ArgumentError

from .train_config import TrainConfig
from .training_result import TrainingResult


@dataclass(frozen=True)
class Family:
    """Methods that are configured and trained in the same way.

    Attributes
    ----------
    config : type of TrainConfig
        Schema of their YAML files.
    run : callable
        Takes the configuration, and `progress` and `should_stop` as `hemorrhage.segment` does; returns a `TrainingResult`.
    """

    config: type[TrainConfig]
    run: Callable[..., TrainingResult]


def _nnunet() -> Family:
    from .nnunet.run_training import run_training
    from .nnunet.train_config import NnunetTrainConfig

    return Family(NnunetTrainConfig, run_training)


def _slexnet() -> Family:
    from .slexnet.run_training import run_training
    from .slexnet.train_config import SlexTrainConfig

    return Family(SlexTrainConfig, run_training)


#: What to call for a family; its imports happen then.
_FAMILIES: dict[str, Callable[[], Family]] = {
    "uncertainty-aware-nnunet": _nnunet,
    "slexnet": _slexnet,
    "dropout": _slexnet,
    "mcbn": _slexnet,
    "ensemble": _slexnet,
}


def family_of(method: Any, source: Path) -> Family:
    """Return the family of a method.

    Raises
    ------
    ArgumentError
        It is none, named with `source` and the methods that there are; or a package that it needs is missing.
    """
    if not isinstance(method, str) or method not in _FAMILIES:
        said = "is missing" if method is None else f"{method!r} is not known"
        raise ArgumentError(f"{source} cannot be used (method {said}: choose one of {', '.join(_FAMILIES)})")
    try:
        return _FAMILIES[method]()
    except ModuleNotFoundError as error:
        raise ArgumentError(
            f"training {method} needs more ({error.name}): pip install 'hemorrhage-uncertainty[train]'"
        ) from error


def run_training(config: TrainConfig, **callbacks: Any) -> TrainingResult:
    """Train by a configuration; `callbacks` are `progress` and `should_stop`."""
    return _FAMILIES[config.method]().run(config, **callbacks)
