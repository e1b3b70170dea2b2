"""Planning and preprocessing by nnU-Net itself; what is there already is kept."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hemorrhage.errors import ArgumentError

from .train_config import NnunetTrainConfig
from .uncertainty_settings import PLANS_KEY


def set_nnunet_folders(config: NnunetTrainConfig) -> None:
    """Point nnU-Net's environment variables of this process to the folders of the run."""
    folders = {"raw": config.data.parent, "preprocessed": config.work / "preprocessed", "results": config.work / "results"}
    os.environ.update({f"nnUNet_{kind}": str(folder) for kind, folder in folders.items()})


def prepare(config: NnunetTrainConfig, say: Callable[[str], None]) -> dict[str, Any]:
    """Plan and preprocess what is not there yet, and return the plans of this run, with its settings in them.

    Parameters
    ----------
    config : NnunetTrainConfig
    say : callable
        Receives a sentence before work that takes minutes or hours.

    Raises
    ------
    ArgumentError
        The plans lack the configuration, or a run of this name was begun with other settings.
    """
    set_nnunet_folders(config)
    base = config.work / "preprocessed" / config.data.name
    base.mkdir(parents=True, exist_ok=True)
    plans = _plans(config, base, say)
    if config.configuration not in plans["configurations"]:
        raise ArgumentError(f"the plans {plans['plans_name']} have no configuration {config.configuration}")
    _preprocess(config, base, plans, say)
    if (config.data / "splits_final.json").is_file():
        shutil.copyfile(config.data / "splits_final.json", base / "splits_final.json")
    return _plans_of_run(config, base, plans)


def _plans(config: NnunetTrainConfig, base: Path, say: Callable[[str], None]) -> dict[str, Any]:
    if config.plans:
        plans: dict[str, Any] = json.loads(config.plans.read_text(encoding="utf-8"))
        plans["dataset_name"] = config.data.name
        _write(base / f"{plans['plans_name']}.json", plans)
        shutil.copyfile(config.data / "dataset.json", base / "dataset.json")
        _fingerprint(config, base, say)
        return plans
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets import residual_encoder_unet_planners as residual

    planner_class = ExperimentPlanner if config.planner == "ExperimentPlanner" else getattr(residual, config.planner)
    _fingerprint(config, base, say)
    planner = planner_class(config.data.name)
    path = base / f"{planner.plans_identifier}.json"
    if not path.exists():
        with contextlib.redirect_stdout(io.StringIO()):
            planner.plan_experiment()
    planned: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return planned


def _fingerprint(config: NnunetTrainConfig, base: Path, say: Callable[[str], None]) -> None:
    if (base / "dataset_fingerprint.json").exists():
        return
    say(f"nnU-Net looks at all cases of {config.data.name}")
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor

    extractor = DatasetFingerprintExtractor(config.data.name, config.processes)
    extractor.show_progress_bar = False
    with contextlib.redirect_stdout(io.StringIO()):
        extractor.run(overwrite_existing=False)


def _preprocess(config: NnunetTrainConfig, base: Path, plans: dict[str, Any], say: Callable[[str], None]) -> None:
    settings = plans["configurations"][config.configuration]
    folder = base / settings.get("data_identifier", f"{plans['plans_name']}_{config.configuration}")
    done = folder.with_name(f"{folder.name}.done")  # beside the folder: nnU-Net tells its data by the endings inside
    if done.exists():
        return
    say(f"nnU-Net preprocesses for {config.configuration} of {plans['plans_name']}, with {config.processes} processes")
    shutil.rmtree(folder, ignore_errors=True)  # a killed preprocessing left some cases
    from nnunetv2.experiment_planning.plan_and_preprocess_api import preprocess_dataset
    from nnunetv2.utilities.dataset_name_id_conversion import convert_dataset_name_to_id

    with contextlib.redirect_stdout(io.StringIO()):
        preprocess_dataset(
            convert_dataset_name_to_id(config.data.name),
            plans["plans_name"],
            (config.configuration,),
            [config.processes],
            show_progress_bar=False,
        )
    done.touch()


def _plans_of_run(config: NnunetTrainConfig, base: Path, plans: dict[str, Any]) -> dict[str, Any]:
    identifier = f"{plans['plans_name']}_{config.name}"
    mine = {**plans, "plans_name": identifier, PLANS_KEY: config.uncertainty.model_dump(mode="json")}
    path = base / f"{identifier}.json"
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before != json.loads(json.dumps(mine)):
            raise ArgumentError(
                f"a run called {config.name!r} was begun with other settings: give this one another name, or remove {path}"
            )
    _write(path, mine)
    return mine


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
    partial.replace(path)
