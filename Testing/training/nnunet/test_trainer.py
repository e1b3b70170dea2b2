"""The trainer against stock nnU-Net, and what it adds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from harness.tiny_nnunet_training import tiny_trainer
from hemorrhage.errors import ArgumentError, ModelError
from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware


def _batches(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        target = torch.from_numpy(rng.integers(0, 3, (2, 1, 8, 32, 32))).float()
        data = torch.from_numpy(rng.standard_normal((2, 1, 8, 32, 32), dtype=np.float32)) + target
        scales = [target, target[:, :, :, ::2, ::2], target[:, :, ::2, ::4, ::4]]
        yield {"data": data, "target": scales[:2]}


def _started(trainer_class, base, **settings):
    torch.manual_seed(0)
    trainer = tiny_trainer(trainer_class, base, **settings)
    trainer.initialize()
    trainer.network.train()
    return trainer


def _train(trainer, count=5):
    return [float(trainer.train_step(batch)["loss"]) for batch in _batches(count)]


def _weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.network.parameters()])


def test_lambda_0_is_stock_nnunet_step_by_step(tiny_base):
    stock, ours = _started(nnUNetTrainer, tiny_base), _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=0)
    assert torch.equal(_weights(stock), _weights(ours))
    assert _train(stock) == _train(ours)
    assert (_weights(stock) - _weights(ours)).abs().max() == 0


def test_lambda_tending_to_0_tends_to_stock(tiny_base):
    stock, ours = _started(nnUNetTrainer, tiny_base), _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=1e-7)
    assert np.allclose(_train(stock), _train(ours), atol=1e-5)


def test_lambda_changes_the_training_and_it_still_learns(tiny_base):
    ours = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=50)
    losses = _train(ours, 12)
    assert losses[-1] < losses[0]
    assert (_weights(ours) - _weights(_started(nnUNetTrainer, tiny_base))).abs().max() > 0


def test_uncertainty_is_that_of_the_networks_own_predictions(tiny_base):
    trainer = _started(nnUNetTrainerUncertaintyAware, tiny_base, samples=4, transforms=0)
    data = next(_batches(1))["data"]
    with torch.no_grad():
        logits = trainer.network(data)[0]
    # Without transforms all predictions are the same: no disagreement.
    assert trainer._uncertainty(data, logits).max() < 1e-10
    moved = _started(nnUNetTrainerUncertaintyAware, tiny_base, samples=4, transforms=5)
    uncertainty = moved._uncertainty(data, logits)
    assert uncertainty.shape == (2, 1, 8, 32, 32)
    assert 0 < uncertainty.max() <= 2 / 3


def test_the_step_reports_uncertainty(tiny_base):
    trainer = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=50, every=2)
    first, second, third = (trainer.train_step(batch) for batch in _batches(3))
    assert first["weight"] == pytest.approx(1 + 100 * first["uncertainty"])  # every = 2: weighs twice
    assert np.isnan(second["uncertainty"])
    assert third["uncertainty"] > 0


def test_scaled_gradients_lead_to_the_same_weights(tiny_base):
    """As on a GPU, where small gradients are scaled up so that half precision holds them; by a power of two, that is exact."""
    plain, scaled = (_started(nnUNetTrainerUncertaintyAware, tiny_base, lam=50, every=1) for _ in range(2))
    scaled.grad_scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    assert _train(plain, 3) == _train(scaled, 3)
    assert torch.allclose(_weights(plain), _weights(scaled), atol=1e-7)


def test_half_precision_changes_a_step_by_rounding_only(tiny_base, monkeypatch):
    """bfloat16 on the processor stands for a GPU's mixed precision: eight bits of mantissa."""
    whole, mixed = (_started(nnUNetTrainerUncertaintyAware, tiny_base, lam=50, every=1) for _ in range(2))
    (batch,) = _batches(1)
    expected = whole.train_step(batch)
    monkeypatch.setattr(mixed, "_autocast", lambda: torch.autocast("cpu", torch.bfloat16))
    found = mixed.train_step(batch)
    assert mixed.probabilities(batch["data"]).dtype == torch.float32
    assert float(found["loss"]) == pytest.approx(float(expected["loss"]), rel=0.02)
    assert found["uncertainty"] == pytest.approx(expected["uncertainty"], rel=0.05)
    assert all(p.dtype == torch.float32 and torch.isfinite(p).all() for p in mixed.network.parameters())


def test_lambda_ramps(tiny_base):
    trainer = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=40, ramp_epochs=4)
    found = []
    for epoch in range(6):
        trainer.current_epoch = epoch
        found.append(trainer.lam)
    assert found == [10, 20, 30, 40, 40, 40]


def test_unknown_settings_are_refused(tiny_base):
    with pytest.raises(ValueError, match="lambd"):
        tiny_trainer(nnUNetTrainerUncertaintyAware, tiny_base, lambd=5)


def test_a_checkpoint_brings_everything_back(tiny_base):
    first = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=5)
    _train(first, 2)
    for name in ("train_losses", "val_losses", "mean_fg_dice", "lrs"):
        first.logger.log(name, 0.5, 0)
    path = Path(first.output_folder, "checkpoint_latest.pth")
    first.save_checkpoint(str(path))
    second = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=5)
    second.load_checkpoint(str(path))
    assert torch.equal(_weights(first), _weights(second))
    assert second.current_epoch == 1


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tiny_base, capsys):
    trainer = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=5)
    path = Path(trainer.output_folder, "checkpoint_latest.pth")
    trainer.save_checkpoint(str(path))
    before = _weights(trainer)
    _train(trainer, 1)
    trainer.save_checkpoint(str(path))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    trainer.load_checkpoint(str(path))
    assert torch.equal(_weights(trainer), before)
    assert "is damaged: going on from" in capsys.readouterr().out


def test_no_whole_checkpoint_is_one_sentence(tiny_base):
    trainer = _started(nnUNetTrainerUncertaintyAware, tiny_base, lam=5)
    path = Path(trainer.output_folder, "checkpoint_latest.pth")
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="damaged"):
        trainer.load_checkpoint(str(path))


def test_region_based_data_sets_are_refused(tiny_base, monkeypatch):
    trainer = tiny_trainer(nnUNetTrainerUncertaintyAware, tiny_base, lam=5)
    monkeypatch.setattr(type(trainer.label_manager), "has_regions", property(lambda self: True))
    with pytest.raises(ArgumentError, match="regions"):
        trainer._build_loss()
