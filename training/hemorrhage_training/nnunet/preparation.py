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

from hemorrhage.errors import ArgumentError, ModelError
from hemorrhage.nnunet.network_plans import read_plans

from ..datasets.raw_cases import SPLITS_NAME, RawCases
from .environment import DATA_PROCESSES, environment_variable
from .nnunet_failure import said_in_a_sentence
from .raw_data_set import check_cases, open_raw_data_set, state_of
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
        The data set or the plans cannot be used, the data set is not the one that was preprocessed, or a run of this name was
        begun with other settings.
    ResourceError
        A process of nnU-Net was killed.
    """
    set_nnunet_folders(config)
    raw = open_raw_data_set(config.data, config.fold)
    own_plans = _own_plans(config)
    base = config.work / "preprocessed" / config.data.name
    _check_numbers(config)
    base.mkdir(parents=True, exist_ok=True)
    _take_data_set(config, base, raw, say)
    _take_folds(config, base)  # before nnU-Net's planner, which ends where it finds others
    plans = _plans(config, base, own_plans, say)
    if config.configuration not in plans["configurations"]:
        raise ArgumentError(f"the plans {plans['plans_name']} have no configuration {config.configuration}")
    _preprocess(config, base, plans, say)
    return _plans_of_run(config, base, plans)


def _own_plans(config: NnunetTrainConfig) -> dict[str, Any] | None:
    """Read the plans file that the configuration names, if it names one."""
    if config.plans is None:
        return None
    try:
        plans: dict[str, Any] = json.loads(config.plans.read_text(encoding="utf-8"))
        known = isinstance(plans["plans_name"], str) and config.configuration in plans["configurations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError(f"{config.plans} is no plans file of nnU-Net v2: name one, or leave plans out") from error
    if known:
        try:
            read_plans(plans, json.loads((config.data / "dataset.json").read_text(encoding="utf-8")), config.configuration)
        except ModelError as error:
            raise ArgumentError(f"{config.plans} cannot be trained by: {error}") from error
    return plans


def _check_numbers(config: NnunetTrainConfig) -> None:
    """Refuse another data set of the same number where nnU-Net would find it: it knows data sets by number."""
    number = config.data.name[: len("DatasetNNN")]
    for folder in (config.data.parent, config.work / "preprocessed", config.work / "results"):
        others = sorted(path for path in folder.glob(f"{number}*") if path.is_dir() and path.name != config.data.name)
        if others:
            raise ArgumentError(
                f"nnU-Net knows data sets by number, and {others[0]} has that of {config.data.name}: rename one, "
                "or set work to another folder"
            )


def _take_data_set(config: NnunetTrainConfig, base: Path, raw: RawCases, say: Callable[[str], None]) -> None:
    """Check the cases before nnU-Net sees them, once; afterwards, that they are still those."""
    note, state = base / "raw_data.state", state_of(raw)
    if not (base / "dataset_fingerprint.json").exists():
        say(f"the {len(raw.cases)} cases of {config.data.name} are checked")
        check_cases(raw)
    elif note.is_file() and note.read_text(encoding="utf-8") != state:
        raise ArgumentError(
            f"{config.data} is not what was preprocessed in {base}: set work to another folder, "
            "so that no run goes on with other cases than it began with"
        )
    note.write_text(state, encoding="utf-8")


def _take_folds(config: NnunetTrainConfig, base: Path) -> None:
    """Let nnU-Net train by the data set's own folds; no run may go on with others than it began with."""
    source, target = config.data / SPLITS_NAME, base / SPLITS_NAME
    if not source.is_file():
        return
    folds = source.read_text(encoding="utf-8")
    begun = any((config.work / "results" / config.data.name).glob("*/fold_*"))
    if begun and target.is_file() and json.loads(target.read_text(encoding="utf-8")) != json.loads(folds):
        raise ArgumentError(
            f"{source} has other folds than the runs in {config.work} were begun with: set work to another folder"
        )
    partial = target.with_suffix(".partial")
    partial.write_text(folds, encoding="utf-8")
    partial.replace(target)


def _plans(config: NnunetTrainConfig, base: Path, own: dict[str, Any] | None, say: Callable[[str], None]) -> dict[str, Any]:
    if own is not None:
        plans = {**own, "dataset_name": config.data.name}
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
        # nnU-Net takes the number of loading processes for one of threads here, and none is too few.
        with environment_variable(DATA_PROCESSES, "1"), contextlib.redirect_stdout(io.StringIO()):
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
    with said_in_a_sentence(), contextlib.redirect_stdout(io.StringIO()):
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

    with said_in_a_sentence(), contextlib.redirect_stdout(io.StringIO()):
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
