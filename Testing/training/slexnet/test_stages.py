"""The losses of both stages against a plain reading of Eq. 2-10 and 18, and which of them reaches what."""

import numpy as np
import pytest
import torch

from hemorrhage.slexnet import SlexNetSettings
from hemorrhage_training.slexnet.stages import AloneStage, WholeStage
from hemorrhage_training.slexnet.train_config import ExpansionSettings
from hemorrhage_training.slices.settings import LossSettings, OptimizationSettings

CLASSES = ["background", "IPH", "SDH"]
SETTINGS = SlexNetSettings(classes=CLASSES, channels=[4, 8], image_size=16)
VARIANTS = {
    "both": SETTINGS,
    "four": SETTINGS.model_copy(update={"reach": 2}),
    "forward": SlexNetSettings.model_validate({**SETTINGS.model_dump(), "direction": "forward", "weighting": "plain"}),
}


def _batch(settings, seed=0):
    rng = torch.Generator().manual_seed(seed)
    shape = (2, 2 * settings.reach + 1, 16, 16)
    return torch.randn(shape, generator=rng), torch.randint(0, 3, shape, generator=rng)


def _alone(settings=SETTINGS):
    torch.manual_seed(0)
    return AloneStage(settings, LossSettings(), OptimizationSettings())


def _whole(settings=SETTINGS, expansion=ExpansionSettings()):  # noqa: B008
    return WholeStage(settings, LossSettings(), OptimizationSettings(), expansion, _alone(settings).network.state_dict())


def _cross_entropy(p, y):
    p, y = p.detach().double().numpy(), y.numpy()
    true = np.take_along_axis(p, y[:, None], 1)[:, 0]
    return -np.mean(np.where(y == 0, 0.1, 1.0) * np.log(true))


def _gradients(module, loss):
    module.zero_grad()
    loss.backward()
    return {
        part: sum(float(p.grad.abs().sum()) for p in getattr(module.network, part).parameters() if p.grad is not None)
        for part in ("backbone", "expansion")
    }


def test_in_the_first_stage_each_module_learns_from_its_own_loss_alone():
    module = _alone()
    losses = module.losses(*_batch(SETTINGS))
    assert _gradients(module, losses["backbone"])["expansion"] == 0
    losses = module.losses(*_batch(SETTINGS))
    reached = _gradients(module, losses["expansion"])
    assert reached["backbone"] == 0
    assert reached["expansion"] > 0


def test_in_the_first_stage_neighbors_are_predicted_as_in_use():
    """By stored statistics, which only the slice itself moves."""
    images, labels = _batch(SETTINGS)
    module, other = _alone(), _alone()
    module.losses(images, labels)
    changed = images.clone()
    changed[:, [0, 2]] *= 3
    other.losses(changed, labels)
    statistics = [{k: v for k, v in m.network.backbone.state_dict().items() if "running" in k} for m in (module, other, _alone())]
    assert all(torch.equal(a, b) for a, b in zip(statistics[0].values(), statistics[1].values(), strict=True))
    assert not torch.equal(*(next(iter(each.values())) for each in statistics[::2]))
    assert module.network.backbone.training


@pytest.mark.parametrize("variant", VARIANTS)
def test_losses_of_the_first_stage(variant):
    settings = VARIANTS[variant]
    images, labels = _batch(settings)
    losses, plain = _alone(settings).losses(images, labels), _alone(settings).network
    middle = settings.reach
    target = labels[:, middle]
    neighbors = [images[:, middle + offset][:, None] for offset in settings.offsets]
    plain.backbone.eval()
    predicted = plain.backbone(torch.cat(neighbors)).softmax(1).split(2)
    plain.backbone.train()
    own = plain.backbone(images[:, middle][:, None]).softmax(1)
    inputs = [torch.cat([n, images[:, middle][:, None], p[:, 1:]], 1) for n, p in zip(neighbors, predicted, strict=True)]
    expanded = plain.expansion(torch.cat(inputs)).softmax(1).split(2)
    assert losses["backbone"].item() == pytest.approx(_cross_entropy(own, target), rel=1e-4)
    assert losses["expansion"].item() == pytest.approx(sum(_cross_entropy(e, target) for e in expanded), rel=1e-4)


def test_losses_of_the_second_stage():
    images, labels = _batch(SETTINGS)
    plus = ExpansionSettings(gamma=2.0, kappa=0.5, supervise_neighbors=True)
    losses, plain = _whole(expansion=plus).losses(images, labels), _alone().network
    own, before, after = plain.backbone(torch.cat([images[:, [k]] for k in (1, 0, 2)])).softmax(1).split(2)
    inputs = [torch.cat([images[:, [k]], images[:, [1]], p[:, 1:]], 1) for k, p in ((0, before), (2, after))]
    forward, backward = plain.expansion(torch.cat(inputs)).softmax(1).split(2)
    weight = 0.2 * torch.exp(-((0.5 * (forward - backward).abs().sum(1, keepdim=True)) ** 2))
    aggregated = (1 - 2 * weight) * own + weight * forward + weight * backward
    target = labels[:, 1]
    assert losses["segmentation"].item() == pytest.approx(2 * _cross_entropy(aggregated, target), rel=1e-4)
    expansion = _cross_entropy(forward, target) + _cross_entropy(backward, target)
    assert losses["expansion"].item() == pytest.approx(0.5 * expansion, rel=1e-4)
    neighbors = _cross_entropy(before, labels[:, 0]) + _cross_entropy(after, labels[:, 2])
    assert losses["neighbors"].item() == pytest.approx(neighbors, rel=1e-4)


def test_the_second_stage_begins_with_the_first_ones_weights_and_trains_all_of_it():
    module = _whole()
    assert all(
        torch.equal(a, b)
        for a, b in zip(module.network.state_dict().values(), _alone().network.state_dict().values(), strict=True)
    )
    losses = module.losses(*_batch(SETTINGS))
    assert set(losses) == {"segmentation", "expansion"}
    assert _gradients(module, losses["segmentation"]).keys() == {"backbone", "expansion"}
    reached = _gradients(module, module.losses(*_batch(SETTINGS))["expansion"])
    assert min(reached.values()) > 0  # through the neighbors' predictions into the backbone


def test_validation_predicts_as_the_model_does():
    module = _alone().eval()
    stack = torch.randn(5, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(module.predict_stack(stack), module.network(stack))
