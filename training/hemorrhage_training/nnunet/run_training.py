"""Train by a configuration: prepare, train (or go on), and leave curves and a report."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hemorrhage.device import choose_device
from hemorrhage.errors import Interrupted
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from ..checkpoint_file import previous_of
from ..epoch_log import EpochLog
from ..training_report import png_of
from ..training_result import TrainingResult
from .epoch_record import EpochRecord
from .nnunet_failure import said_in_a_sentence
from .preparation import prepare
from .sample_figure import sample_figure
from .sample_patches import sample_patches
from .train_config import NnunetTrainConfig
from .training_report import write_training_report

LOG_NAME = "epochs.jsonl"
REPORT_NAME = "training_report.html"
SAMPLES_NAME = "samples.png"


@dataclass(frozen=True)
class NnunetTrainingResult(TrainingResult):
    """Where nnU-Net left its files; `model` is its trained-model folder, which `hemorrhage export` takes too.

    Attributes
    ----------
    fold : Path
        The fold's own folder: checkpoints, log, curves.
    """

    fold: Path


def run_training(
    config: NnunetTrainConfig, progress: ProgressCallback | None = None, should_stop: StopCallback | None = None
) -> NnunetTrainingResult:
    """Train and validate, or go on where an earlier run of this configuration stopped; a finished one is left as it is.

    Raises
    ------
    ArgumentError
        See `prepare`, or there is no such device.
    ResourceError
        The disk is full, or a process of nnU-Net was killed; the same call goes on from the last checkpoint.
    Interrupted
        `should_stop` returned True at the end of an epoch; the same call goes on from the last checkpoint.
    """
    report = progress or (lambda _: None)
    device = choose_device(config.device)
    report(Progress(Stage.PREPROCESSING))
    plans = prepare(config, lambda message: report(Progress(Stage.PREPROCESSING, message=message)))
    trainer = _trainer(config, plans, device)
    fold = Path(trainer.output_folder)
    log = EpochLog(fold / LOG_NAME, EpochRecord)
    export = f'hemorrhage export {shlex.quote(str(fold.parent))} MODEL --license LICENCE --data "{config.data.name}, N patients"'
    result = NnunetTrainingResult(fold.parent, fold / REPORT_NAME, fold, next_step=export)

    def write_report() -> None:
        samples = fold / SAMPLES_NAME
        picture = samples.read_bytes() if samples.exists() else b""
        write_training_report(result.report, log.read(), list(_foreground(trainer)), _settings(config, plans), picture)

    final, latest = fold / "checkpoint_final.pth", fold / "checkpoint_latest.pth"
    trained = final.exists()
    validated = trained and (fold / "validation" / "summary.json").exists()  # written when all cases are scored
    start = final if trained else latest
    if not trained or (config.validate_afterwards and not validated):
        with _quiet():
            trainer.initialize()
            if start.exists() or previous_of(start).exists():
                trainer.load_checkpoint(str(start))
    if not trained:
        on = f"going on after epoch {trainer.current_epoch} of {trainer.num_epochs}" if trainer.current_epoch else ""
        report(Progress(Stage.TRAINING, trainer.current_epoch, trainer.num_epochs, on))

        def on_epoch(record: EpochRecord) -> None:
            log.add(record)
            _tensorboard(fold, record, classes)
            with contextlib.redirect_stdout(output):
                report(Progress(Stage.TRAINING, record.epoch + 1, record.epochs, record.in_words()))
            if (record.epoch + 1) % trainer.save_every == 0 or record.epoch + 1 == record.epochs:
                _draw_samples(fold / SAMPLES_NAME, trainer)
                write_report()
            if should_stop is not None and should_stop():
                raise Interrupted("stopped as asked; the same command goes on from the last checkpoint")

        classes, output = list(_foreground(trainer)), sys.stdout
        trainer.on_epoch = on_epoch
        with _quiet():
            try:
                trainer.run_training()
            except BaseException:
                trainer.end_loading()
                raise
    if config.validate_afterwards and not validated:
        report(Progress(Stage.EVALUATING, message=f"nnU-Net predicts and scores the validation cases of fold {config.fold}"))
        with _quiet():
            trainer.perform_actual_validation(False)
    report(Progress(Stage.REPORTING))
    write_report()
    return result


def _trainer(config: NnunetTrainConfig, plans: dict[str, Any], device: torch.device) -> Any:
    from .trainer import nnUNetTrainerUncertaintyAware

    base = config.work / "preprocessed" / config.data.name
    dataset = json.loads((base / "dataset.json").read_text(encoding="utf-8"))
    with _quiet():
        return nnUNetTrainerUncertaintyAware(
            {**plans, "continue_training": False},
            config.configuration,
            config.fold,  # type: ignore[arg-type]
            dataset,
            device=device,
        )


def _foreground(trainer: Any) -> dict[str, int]:
    """Names and label values."""
    labels = trainer.dataset_json["labels"]
    return {name: value for name, value in labels.items() if value in trainer.label_manager.foreground_labels}


def _draw_samples(path: Path, trainer: Any) -> None:
    patches = list(sample_patches(trainer))
    if patches:
        partial = path.with_suffix(".partial")
        partial.write_bytes(png_of(sample_figure(patches, _foreground(trainer))))
        partial.replace(path)


def _settings(config: NnunetTrainConfig, plans: dict[str, Any]) -> dict[str, Any]:
    return {
        "data set": config.data.name,
        "plans": plans["plans_name"],
        "configuration": config.configuration,
        "fold": config.fold,
        **{f"uncertainty: {key}": value for key, value in config.uncertainty.model_dump(mode="json").items()},
    }


def _tensorboard(folder: Path, record: EpochRecord, classes: list[str]) -> None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return
    with SummaryWriter(str(folder / "tensorboard"), purge_step=record.epoch) as writer:
        for name, value in (
            ("loss/train", record.train_loss),
            ("loss/validation", record.validation_loss),
            ("learning rate", record.learning_rate),
            ("uncertainty/mean U", record.mean_uncertainty),
            ("uncertainty/mean weight", record.mean_weight),
            *((f"pseudo-Dice/{c}", d) for c, d in zip(classes, record.pseudo_dice, strict=True)),
        ):
            writer.add_scalar(name, value, record.epoch)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep nnU-Net's prints off standard output, which may be read by a program; its log file has them."""
    with said_in_a_sentence(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning, "nnunetv2")  # Dice of a class nobody has
        yield
