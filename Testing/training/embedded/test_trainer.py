"""Training learns, stops, and goes on where it stopped."""

import numpy as np
import pytest
import torch

from harness.tiny_nnunet import tiny_dataset, tiny_plans
from hemorrhage.nnunet.architecture import build_network
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage_training.embedded import trainer as trainer_module
from hemorrhage_training.embedded.trainer import Trainer


@pytest.fixture
def pool(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "pool"
    folder.mkdir()
    for k in range(3):
        labels = np.zeros((8, 32, 32), np.uint8)
        labels[2:6, 8:20, 6 + k : 22] = 1
        image = (rng.standard_normal(labels.shape) * 0.3 + 2.0 * labels).astype(np.float16)
        np.savez(folder / f"case_{k:06d}.npz", image=image, labels=labels)
    return folder


def _network():
    torch.manual_seed(0)
    labels = {name: k for k, name in enumerate(("background", "EDH", "IPH", "IVH", "SAH", "SDH"))}
    plans = read_plans(tiny_plans(), {**tiny_dataset(), "labels": labels}, "3d_fullres")
    network = build_network(plans).requires_grad_(True)
    network.decoder.deep_supervision = True
    return network


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(trainer_module, "PATCH_SIZE", (8, 32, 32))


def test_loss_falls_and_the_log_says_so(pool, tmp_path):
    run = tmp_path / "run"
    Trainer(_network(), pool, run, minutes=1, learning_rate=5e-3).fit(max_steps=25)
    rows = [[float(x) for x in line.split(",")] for line in (run / "log.csv").read_text().splitlines()]
    losses = [row[2] for row in rows]
    assert len(losses) == 25
    assert rows[-1][4] > rows[0][4] + 0.1  # Dice of the subtype that the pool holds
    assert rows[-1][5:9] == [0, 0, 0, 0]
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_a_run_that_was_stopped_goes_on(pool, tmp_path):
    run = tmp_path / "run"
    first = Trainer(_network(), pool, run, minutes=1)
    first.fit(max_steps=3)
    second = Trainer(_network(), pool, run, minutes=1)
    assert second.step == 3
    assert second.running_dice() == first.running_dice()
    assert all(
        torch.equal(a, b) for a, b in zip(first.network.state_dict().values(), second.network.state_dict().values(), strict=True)
    )
    second.fit(max_steps=5)
    assert second.step == 5
    assert not list(run.glob(".*"))


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(pool, tmp_path):
    run = tmp_path / "run"
    Trainer(_network(), pool, run, minutes=1).fit(save_every=2, max_steps=3)
    checkpoint = run / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-500])
    assert Trainer(_network(), pool, run, minutes=1).step == 2


def test_another_seed_draws_other_windows_and_the_same_seed_the_same(pool, tmp_path):
    first, again, other = (
        Trainer(_network(), pool, tmp_path / name, minutes=1, seed=seed)._batch()[0]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_network_average_and_windows_are_on_the_device(pool, tmp_path):
    trainer = Trainer(_network(), pool, tmp_path / "run", minutes=1, device=torch.device("meta"))
    tensors = (*trainer._batch(), *trainer.network.parameters(), *trainer.average.parameters())
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_an_empty_pool_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no cases"):
        Trainer(_network(), tmp_path, tmp_path / "run", minutes=1).fit(max_steps=1)
