"""The slices of a data set for Lightning's training loop: prepared where they are not yet, then drawn or gone through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import lightning
from torch.utils.data import DataLoader

from hemorrhage.errors import ArgumentError
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from ..calibration.calibration_cases import FileCase
from ..case_processes import work_through
from ..datasets.raw_cases import RawCases
from .settings import MachineSettings, SamplingSettings
from .slice_data_sets import TrainingSlices, ValidationStacks
from .slice_sampler import SliceSampler
from .slice_store import LeftOut, SliceCase, SliceStore


class SliceDataModule(lightning.LightningDataModule):
    """Training slices and validation stacks.

    Parameters
    ----------
    raw : RawCases
    split : pair of sequences of str
        Names of the cases that train, and that validate.
    store : SliceStore
    sampling : SamplingSettings
    machine : MachineSettings
    seed : int
    reach : int
        Neighbors on each side that come with a training slice.
    progress, should_stop : callbacks
    """

    def __init__(
        self,
        raw: RawCases,
        split: tuple[Sequence[str], Sequence[str]],
        store: SliceStore,
        sampling: SamplingSettings,
        machine: MachineSettings,
        *,
        seed: int,
        reach: int,
        progress: ProgressCallback,
        should_stop: StopCallback,
    ) -> None:
        super().__init__()
        self._sources = {case.name: case for case in raw.cases}
        self._split, self._store, self._sampling, self._machine = split, store, sampling, machine
        self._seed, self._reach = seed, reach
        self._progress, self._should_stop = progress, should_stop
        self.left_out: list[LeftOut] = []

    def prepare_data(self) -> None:
        """Prepare what is not prepared yet; Lightning calls this in one process of each machine.

        Raises
        ------
        Interrupted
            `should_stop` returned True; what is prepared stays.
        """
        wanted = [self._sources[name] for name in dict.fromkeys([*self._split[0], *self._split[1]])]
        missing = [source for source in wanted if self._store.case(source) is None]
        self._progress(Progress(Stage.PREPROCESSING, len(wanted) - len(missing), len(wanted)))
        for done, source in enumerate(self._prepared(missing), len(wanted) - len(missing) + 1):
            outcome = self._store.case(source)
            message = f"{outcome.name} is left out: {outcome.reason}" if isinstance(outcome, LeftOut) else ""
            self._progress(Progress(Stage.PREPROCESSING, done, len(wanted), message))

    def setup(self, stage: str) -> None:
        """Open the prepared cases.

        Raises
        ------
        ArgumentError
            Of the training or validation cases none can be used, or no validation case shows hemorrhage.
        """
        self._training, self._validation = self._open(self._split[0]), self._open(self._split[1])
        for cases, task in ((self._training, "train"), (self._validation, "validate")):
            if not cases:
                reason = self.left_out[0].reason if self.left_out else "there are none"
                raise ArgumentError(f"no case can be used to {task} with ({reason}): check the data set")
        if not any(any(case.present) for case in self._validation):
            raise ArgumentError("no validation case shows hemorrhage, so that no Dice can be told: choose another fold")

    @property
    def validation_names(self) -> list[str]:
        """Names of the cases that are validated with, by their number in a batch."""
        return [case.name for case in self._validation]

    @property
    def training_count(self) -> int:
        """How many cases are trained with."""
        return len(self._training)

    @property
    def preparation_in_words(self) -> str:
        """How a CT becomes slices, for a model's card."""
        s = self._store.settings
        return (
            f"axial slices of the inside of the skull and {s.margin_mm:g} mm beyond, window {s.level_hu:g}/{s.width_hu:g} HU, "
            f"zero mean and unit variance per slice, {s.image_size} x {s.image_size} pixels of {s.field_mm / s.image_size:.3g} mm"
        )

    def train_dataloader(self) -> DataLoader[Any]:
        """Return this process' drawn slices in batches."""
        rank, world = self._rank_and_world()
        sampling = self._sampling
        sampler = SliceSampler(
            self._training, self._seed, sampling.hemorrhage_share, sampling.slices_per_epoch, rank=rank, world=world
        )
        slices = TrainingSlices(self._training, self._store.settings.image_size, self._reach, sampling.augmentation)
        batch = min(sampling.batch, len(sampler))
        return DataLoader(slices, batch, sampler=sampler, drop_last=True, **self._loading())

    def val_dataloader(self) -> DataLoader[Any]:
        """Return this process' stacks; where they do not come out even, some processes go through one that another has too."""
        stacks = ValidationStacks(self._validation, self._store.settings.image_size)
        rank, world = self._rank_and_world()
        mine = [number % len(stacks) for number in range(rank, -(-len(stacks) // world) * world, world)]
        return DataLoader(stacks, None, sampler=mine, **self._loading())

    def _rank_and_world(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _open(self, names: Sequence[str]) -> list[SliceCase]:
        outcomes = [self._store.case(self._sources[name]) for name in names]
        self.left_out += [each for each in outcomes if isinstance(each, LeftOut) and each not in self.left_out]
        return [each for each in outcomes if isinstance(each, SliceCase)]

    def _prepared(self, sources: Sequence[FileCase]) -> Iterator[FileCase]:
        """Prepare cases, and yield each when that is done.

        Raises
        ------
        Interrupted
            `should_stop` returned True; what is prepared stays.
        """
        work = work_through(self._store.add, [(source,) for source in sources], self._machine.processes, self._should_stop)
        for index, _ in work:
            yield sources[index]

    def _loading(self) -> dict[str, Any]:
        workers = self._machine.workers
        return {
            "num_workers": workers,
            "persistent_workers": workers > 0,
            "multiprocessing_context": "spawn" if workers else None,
        }
