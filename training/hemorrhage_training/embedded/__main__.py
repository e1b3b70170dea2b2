"""Commands that make the embedded model: ``simulate``, ``train`` and ``export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from hemorrhage.device import choose_device
from hemorrhage.errors import ArgumentError
from hemorrhage.models.model import open_contents
from hemorrhage.models.model_card import CARD_NAME
from hemorrhage.nnunet.architecture import build_network, load_weights
from hemorrhage.nnunet.network_plans import NetworkPlans, read_plans
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.reading import read_ct
from hemorrhage.simulation.base import load_base

from .card import embedded_card, with_earlier, write_card_text
from .evaluation import evaluate_embedded
from .plans import CONFIGURATION, embedded_dataset_json, embedded_plans
from .pool import fill_pool, real_anatomy
from .trainer import Trainer, averaged_weights_of
from .widening import widened

app = typer.Typer(help="Make the embedded model from simulated head CT.", no_args_is_help=True)


def _plans() -> NetworkPlans:
    return read_plans(embedded_plans(), embedded_dataset_json(0), CONFIGURATION)


def _trainable_network() -> torch.nn.Module:
    torch.manual_seed(0)
    network = build_network(_plans(), stock=False).requires_grad_(True)
    network.decoder.deep_supervision = True  # type: ignore[union-attr]
    return network


@app.command()
def simulate(
    pool: Annotated[Path, typer.Argument(help="Folder for the preprocessed cases.")],
    cases: Annotated[int, typer.Option(help="How many cases the pool shall hold.")] = 600,
    first_seed: Annotated[int, typer.Option(help="Seed of the first case; unseen test cases use seeds from 1 000 000.")] = 0,
    base: Annotated[
        list[Path] | None, typer.Option(help="A real CT or template (repeatable): two in five cases take their anatomy from one.")
    ] = None,
) -> None:
    """Simulate and preprocess training cases; cases that exist are kept."""
    bases = [load_base(path) for path in base or ()]
    for number, path in enumerate(fill_pool(pool, _plans(), range(first_seed, first_seed + cases), bases), start=1):
        typer.echo(f"{number} {path.name}")


@app.command()
def train(
    pool: Annotated[Path, typer.Argument(help="Folder of preprocessed cases; may still be growing.")],
    run: Annotated[Path, typer.Argument(help="Folder of the run: checkpoint and log. A run that exists is continued.")],
    minutes: Annotated[float, typer.Option(help="Training time in minutes, over all continuations.")] = 90.0,
    threads: Annotated[int, typer.Option(help="Processor threads.")] = 2,
    device: Annotated[str, typer.Option(help="'auto' (a GPU if there is one), 'cpu', 'cuda' or 'cuda:n'.")] = "auto",
    rate: Annotated[float, typer.Option(help="Peak of the learning rate.")] = 1e-3,
    coarse: Annotated[float, typer.Option(help="Share of the time, at the beginning, at half the resolution.")] = 0.5,
    start: Annotated[
        Path | None,
        typer.Option(
            help="An earlier run, or a model folder, of this network or a narrower one, whose weights a new run starts from."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Which windows are drawn, and how augmented; give a run that goes on from another its own.")
    ] = 0,
) -> None:
    """Train until the time is used up."""
    try:
        chosen = choose_device(device)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint="--device") from error
    reuse_freed_memory()
    torch.set_num_threads(threads)
    network = _trainable_network()
    if start is not None:
        weights = _weights_of(start)
        try:
            load_weights(network, widened(weights, network))
        except ValueError as error:
            raise typer.BadParameter(f"{start}: {error}", param_hint="--start") from error
    Trainer(network, pool, run, minutes=minutes, learning_rate=rate, coarse_share=coarse, seed=seed, device=chosen).fit()


def _weights_of(start: Path) -> dict[str, torch.Tensor]:
    """Read the weights of a model folder, or the averaged ones of a run."""
    if (start / CARD_NAME).exists():
        return dict(open_contents(start).read_weights()[0])
    if not _is_run(start):
        raise typer.BadParameter(f"{start} is neither a run, with a checkpoint, nor a model folder", param_hint="--start")
    return averaged_weights_of(start)


def _is_run(folder: Path) -> bool:
    return any(folder.glob("checkpoint*.pt"))


@app.command()
def export(
    pool: Annotated[Path, typer.Argument(help="Folder of the training cases (they are counted for the card).")],
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    model: Annotated[Path, typer.Argument(help="Model folder to write.")],
    unseen: Annotated[int, typer.Option(help="Unseen simulated cases with hemorrhage in the model card.")] = 40,
    hemorrhage_free: Annotated[int, typer.Option(help="Unseen simulated cases without hemorrhage.")] = 20,
    samples: Annotated[int, typer.Option(help="Samples of MC-TTA per case in the evaluation.")] = 5,
    real: Annotated[Path | None, typer.Option(help="A real hemorrhage-free CT to report on.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that share the evaluation.")] = 1,
    after: Annotated[
        Path | None,
        typer.Option(help="Model folder that the run started from, trained on other cases: the card counts its training too."),
    ] = None,
) -> None:
    """Write the model folder with the averaged weights, evaluate it, and write its card."""
    if not _is_run(run):
        raise typer.BadParameter(f"{run} holds no checkpoint: train first", param_hint="RUN")
    if after and not (after / CARD_NAME).exists():
        raise typer.BadParameter(f"{after} is no model folder", param_hint="--after")
    reuse_freed_memory()
    trainer = Trainer(_trainable_network(), pool, run, minutes=0)
    weights = averaged_weights_of(run)
    training: dict[str, Any] = {
        "data": "simulated head CT only",
        "cases": len(trainer.windows.files()),
        "real_anatomy": real_anatomy(trainer.windows.files()),
        "steps": trainer.step,
        "minutes": round(trainer.elapsed / 60, 1),
    }
    if after:
        training = with_earlier(training, open_contents(after).card.training)
    embedded_card(model, weights, training, evaluation={})
    figures = evaluate_embedded(model, unseen, hemorrhage_free, samples, read_ct(real) if real else None, jobs)
    if real:
        figures["real_ct_in_training"] = real.name in training["real_anatomy"]
    embedded_card(model, weights, training, evaluation=figures)
    write_card_text(model, training, figures)
    typer.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    app()
