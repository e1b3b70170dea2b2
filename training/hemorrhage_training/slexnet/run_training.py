"""Train SLEX-Net, or one of the networks that it was compared with, by a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch

from hemorrhage.models import ModelCard
from hemorrhage.models.model_card import read_card
from hemorrhage.models.slexnet_folder import write_slexnet_folder
from hemorrhage.models.slicenet_folder import write_slicenet_folder
from hemorrhage.progress import ProgressCallback, StopCallback
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slicenet.batch_statistics import record_batch_statistics
from hemorrhage.slicenet.network import build_slice_net

from ..slicenet.slice_net_training import SliceNetTraining
from ..slices.checkpoints import Weights
from ..slices.data_module import SliceDataModule
from ..slices.settings import network_fields
from ..slices.workplace import Workplace
from ..training_result import TrainingResult
from .stages import AloneStage, WholeStage
from .train_config import SlexMethod, SlexTrainConfig
from .trained_backbone import weights_from_backbone


def run_training(
    config: SlexTrainConfig, progress: ProgressCallback | None = None, should_stop: StopCallback | None = None
) -> TrainingResult:
    """Train, or go on where an earlier run of this configuration stopped; a finished one is left as it is.

    Raises
    ------
    ArgumentError
        The data set or the fold cannot be used, or a run of this name was begun with other settings.
    Interrupted
        `should_stop` returned True; the same call goes on from the last finished epoch.
    """
    place = Workplace(config, progress, should_stop)
    return (_train_slexnet if config.method is SlexMethod.SLEXNET else _train_slice_nets)(config, place)


def _train_slexnet(config: SlexTrainConfig, place: Workplace) -> TrainingResult:
    settings = SlexNetSettings.model_validate({**config.network.model_dump(), "classes": list(place.raw.classes)})
    first = config.training.model_copy(update={"epochs": config.training.first_epochs})
    second = config.training.model_copy(update={"seed": config.training.seed + 1})  # other slices than in the first stage
    data = place.data(settings, seed=first.seed, reach=settings.reach)
    trained = config.slexnet.backbone
    start = None if trained is None else weights_from_backbone(trained, settings)
    build_first = partial(AloneStage, settings, config.loss, first, start)
    alone = place.train("first", "backbone and expansion module alone", build_first, data, first)
    data = place.data(settings, seed=second.seed, reach=settings.reach)
    build = partial(WholeStage, settings, config.loss, second, config.slexnet, alone.weights)
    whole = place.train("second", "the whole SLEX-Net", build, data, second)
    name = "SLEX-Net++" if config.slexnet.supervise_neighbors else "SLEX-Net"

    def write(folder: Path, card: ModelCard) -> None:
        if trained is not None:
            card = card.model_copy(update={"training": {**card.training, "backbone": read_card(trained).training}})
        write_slexnet_folder(folder, card, whole.weights, settings)

    return place.finish([alone, whole], data, name, write)


def _train_slice_nets(config: SlexTrainConfig, place: Workplace) -> TrainingResult:
    method = config.method
    fields = network_fields(config.network, place.raw.classes)
    settings = SliceNetSettings(**fields, dropout=config.dropout.rate if method is SlexMethod.DROPOUT else 0.0)
    members = config.ensemble.members if method is SlexMethod.ENSEMBLE else 1
    runs = []
    for member in range(members):
        training = config.training.model_copy(update={"seed": config.training.seed + member})
        data = place.data(settings, seed=training.seed)
        title = f"network {member + 1} of {members}" if members > 1 else "the network"
        runs.append(
            place.train(f"member_{member}", title, partial(SliceNetTraining, settings, config.loss, training), data, training)
        )
    weights = [run.weights for run in runs]

    def write(folder: Path, card: ModelCard) -> None:
        statistics = _batch_statistics(settings, weights[0], data, config.mcbn.batches) if method is SlexMethod.MCBN else None
        write_slicenet_folder(folder, card, weights, settings, statistics)

    names = {SlexMethod.DROPOUT: "U-Net with dropout", SlexMethod.MCBN: "U-Net with batch statistics"}
    return place.finish(runs, data, names.get(method, f"Ensemble of {members} U-Nets"), write)


def _batch_statistics(settings: SliceNetSettings, weights: Weights, data: SliceDataModule, count: int) -> Weights:
    """Record the statistics of so many training batches, drawn and augmented as in the training."""
    network = build_slice_net(settings)
    network.load_state_dict(weights)
    return record_batch_statistics(network, islice(_batches(data), count))


def _batches(data: SliceDataModule) -> Iterator[torch.Tensor]:
    """Yield batches (B, 1, S, S) of training slices, epoch after epoch."""
    loader, epoch = data.train_dataloader(), 0
    while True:
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        for images, _ in loader:
            yield images
        epoch += 1
