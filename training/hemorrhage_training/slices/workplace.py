"""Where the runs, the model and the report of a configuration lie, and what its runs share."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities import rank_zero_only

from hemorrhage.errors import ArgumentError
from hemorrhage.models import ModelCard
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback
from hemorrhage.slices import SliceSettings

from ..datasets.raw_cases import RawCases, open_raw_cases, split_of
from ..training_result import TrainingResult
from .data_module import SliceDataModule
from .run import FinishedRun, run_training_loop
from .settings import OptimizationSettings, SliceTrainConfig
from .slice_report import write_slice_report
from .slice_store import LeftOut, SliceStore
from .slice_training import SliceTraining

REPORT_NAME = "training_report.html"
_SETTINGS_NAME = "settings.json"


class Workplace:
    """Opens the data set of a configuration, runs its training loops, and puts the model in place.

    Parameters
    ----------
    config : SliceTrainConfig
    progress, should_stop : callbacks, optional

    Attributes
    ----------
    raw : RawCases
        The data set.

    Raises
    ------
    ArgumentError
        The data set or the fold cannot be used, or a run of this name was begun with other settings.
    """

    def __init__(self, config: SliceTrainConfig, progress: ProgressCallback | None, should_stop: StopCallback | None) -> None:
        self._config = config
        self._first = rank_zero_only.rank == 0  # type: ignore[attr-defined]
        self._progress: ProgressCallback = progress if progress is not None and self._first else lambda _: None
        self._should_stop: StopCallback = should_stop or (lambda: False)
        self.raw: RawCases = open_raw_cases(config.data)
        self._split = split_of(self.raw, config.fold)
        self._folder = config.work / "runs" / config.name
        self._model = config.work / "models" / config.name
        self._keep_to_settings()

    def data(self, network: SliceSettings, *, seed: int, reach: int = 0) -> SliceDataModule:
        """Return the slices of the data set as a network sees them; `reach` is how many neighbors come with a training slice."""
        store = SliceStore(self._config.work / "slices" / self._config.data.name, network, self.raw.ignore)
        return SliceDataModule(
            self.raw,
            self._split,
            store,
            self._config.sampling,
            self._config.machine,
            seed=seed,
            reach=reach,
            progress=self._progress,
            should_stop=self._should_stop,
        )

    def train(
        self, part: str, title: str, build: Callable[[], SliceTraining], data: SliceDataModule, settings: OptimizationSettings
    ) -> FinishedRun:
        """Run one training loop in the folder `part` of the run; see `run_training_loop`."""
        machine = self._config.machine
        return run_training_loop(self._folder / part, title, build, data, settings, machine, self._progress, self._should_stop)

    def finish(
        self, runs: Sequence[FinishedRun], data: SliceDataModule, title: str, write_model: Callable[[Path, ModelCard], object]
    ) -> TrainingResult:
        """Put the model in place, once, and write the report.

        Parameters
        ----------
        runs : sequence of FinishedRun
            In order; the last one's figures are the model's.
        data : SliceDataModule
            Of the last run.
        title : str
            What was trained, for people.
        write_model : callable
            Writes a model folder, given where and a card without files.
        """
        result = TrainingResult(self._model, self._folder / REPORT_NAME, first_process=self._first)
        if not self._first:
            return result
        self._progress(Progress(Stage.REPORTING))
        data.setup("fit")
        written = self._folder / "model.written"  # a model that was calibrated since must not be replaced
        if not (written.exists() and self._model.is_dir()):
            self._put_in_place(write_model, self._card(runs, data, title))
            written.touch()
        write_slice_report(result.report, title, self.raw.classes[1:], runs, self._settings_in_words(data.left_out))
        return result

    def _keep_to_settings(self) -> None:
        path = self._folder / _SETTINGS_NAME
        training, validation = (sorted(part) for part in self._split)
        mine = {
            **self._config.lasting(),
            "data set": self._config.data.name,
            "split": {"train": training, "validation": validation},
        }
        if path.is_file():
            begun = _read_settings(path)
            if begun != mine:
                other = "settings" if begun.get("split") == mine["split"] else "cases to train or to validate with"
                raise ArgumentError(
                    f"a run called {self._config.name!r} was begun with other {other}: give this one another name, or remove "
                    f"{self._folder}"
                )
        elif self._first:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(mine, indent=2), encoding="utf-8")
            partial.replace(path)

    def _card(self, runs: Sequence[FinishedRun], data: SliceDataModule, title: str) -> ModelCard:
        said, last = self._config.card, runs[-1]
        best = last.epochs[last.best.epoch]
        return ModelCard(
            name=self._config.name,
            title=said.title or title,
            classes=list(self.raw.classes),
            slices="axial",
            preprocessing=data.preparation_in_words,
            training={
                "data": said.data,
                "cases": data.training_count,
                "runs": [_facts(run) for run in runs],
                "settings": self._config.lasting(),
            },
            evaluation={
                "what": f"{last.title}: its validation cases, in the network's own pixels; the best epoch was chosen by them",
                "cases": len(data.validation_names),
                "dice": {
                    name: None if dice != dice else round(dice, 4)
                    for name, dice in zip(self.raw.classes[1:], best.dice, strict=True)
                },
                "nll": round(best.nll, 6),
            },
            intended_use=said.intended_use,
            license=said.license,
        )

    def _put_in_place(self, write_model: Callable[[Path, ModelCard], object], card: ModelCard) -> None:
        self._model.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{self._model.name}.", dir=self._model.parent) as scratch:
            partial = Path(scratch, self._model.name)
            write_model(partial, card)
            if self._model.exists():
                shutil.rmtree(self._model)
            os.replace(partial, self._model)

    def _settings_in_words(self, left_out: Sequence[LeftOut]) -> dict[str, Any]:
        training, validation = self._split
        told: dict[str, Any] = {
            "data set": self._config.data.name,
            "cases": f"{len(training)} to train, {len(validation)} to validate",
            "left out": "; ".join(f"{each.name}: {each.reason}" for each in left_out) or "none",
        }
        return {**told, **_flat(self._config.lasting())}


def _read_settings(path: Path) -> dict[str, Any]:
    """Return the settings that a run was begun with; raises `ArgumentError` where the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ArgumentError(f"{path} is damaged, so that the run cannot go on: remove {path.parent}, or give another name")
    return content


def _facts(run: FinishedRun) -> dict[str, Any]:
    return {"what": run.title, "epochs": run.best.epochs, "best_epoch": run.best.epoch + 1, "validation_dice": run.best.dice}


def _flat(settings: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Turn nested settings into one level with names like "training: rate"."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{before}{key}: ") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat
