"""One run of Lightning's training loop: begun, gone on with, or finished already."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor
from lightning.pytorch.loggers import TensorBoardLogger

from hemorrhage.progress import ProgressCallback, StopCallback

from ..epoch_log import EpochLog
from .checkpoints import BestEpoch, Checkpoints, RunFolder, Weights
from .data_module import SliceDataModule
from .epoch_record import SliceEpoch
from .epoch_reports import EpochReports, StopWhenAsked
from .settings import MachineSettings, OptimizationSettings
from .slice_training import WATCHED, SliceTraining

LOG_NAME = "epochs.jsonl"


@dataclass(frozen=True)
class FinishedRun:
    """What a run left.

    Attributes
    ----------
    title : str
        What was trained, for people.
    best : BestEpoch
    weights : mapping of str to tensor
        Of the best epoch's network.
    epochs : list of SliceEpoch
    """

    title: str
    best: BestEpoch
    weights: Weights
    epochs: list[SliceEpoch]


def run_training_loop(
    folder: Path,
    title: str,
    build: Callable[[], SliceTraining],
    data: SliceDataModule,
    settings: OptimizationSettings,
    machine: MachineSettings,
    progress: ProgressCallback,
    should_stop: StopCallback,
) -> FinishedRun:
    """Train until the last epoch or until nothing gets better; a run that was interrupted goes on, a finished one is read.

    Parameters
    ----------
    folder : Path
        Of this run alone.
    title : str
        What is trained, for people.
    build : callable
        Makes what is trained; called after the random generators were seeded.
    data : SliceDataModule
    settings : OptimizationSettings
    machine : MachineSettings
    progress, should_stop : callbacks

    Raises
    ------
    Interrupted
        `should_stop` returned True; the same call goes on from the last finished epoch.
    ModelError
        The checkpoints are damaged.
    """
    run = RunFolder(folder)
    log = EpochLog(folder / LOG_NAME, SliceEpoch)
    if run.finished() is None:
        folder.mkdir(parents=True, exist_ok=True)
        with _quiet():
            lightning.seed_everything(settings.seed, verbose=False)
            callbacks: list[lightning.Callback] = [
                StopWhenAsked(should_stop),
                EpochReports(log, progress, title),
                Checkpoints(run),
                LearningRateMonitor("epoch"),
            ]
            if settings.patience is not None:
                callbacks.append(EarlyStopping(WATCHED, patience=settings.patience, mode="max", check_finite=False))
            trainer = lightning.Trainer(
                accelerator=machine.accelerator,
                devices=machine.devices,
                num_nodes=machine.num_nodes,
                strategy=machine.strategy,
                precision=machine.precision,
                deterministic="warn" if settings.deterministic else None,
                max_epochs=settings.epochs,
                callbacks=callbacks,
                logger=TensorBoardLogger(folder, name="", version="tensorboard"),
                default_root_dir=folder,
                use_distributed_sampler=False,  # the sampler and the stacks divide themselves
                num_sanity_val_steps=0,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(build(), datamodule=data, ckpt_path=run.checkpoint(), weights_only=True)
    best = run.finished()
    assert best is not None
    return FinishedRun(title, best, run.best_weights(), log.read())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's remarks (hardware found, workers recommended) off the terminal, which has our progress; errors stay."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
