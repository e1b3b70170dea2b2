"""A SLEX-Net that begins with a trained backbone: what its modules say at first, and what cannot be one."""

import pytest
import torch

from harness.slice_training_data import tiny_slice_config, write_config
from hemorrhage.errors import ArgumentError, ModelError
from hemorrhage.models import load_model
from hemorrhage.models.model import open_contents
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.network import SlexNet
from hemorrhage.slicenet.network import build_slice_net
from hemorrhage_training.methods import run_training
from hemorrhage_training.slexnet.trained_backbone import weights_from_backbone
from hemorrhage_training.train_config import read_config


@pytest.fixture(scope="module")
def train(heads, work):
    def run(**changes):
        config = write_config(work / f"{changes['name']}.yaml", tiny_slice_config(heads, work, **changes))
        return run_training(read_config(config)).model

    return run


@pytest.fixture(scope="module")
def backbone(train):
    return train(method="mcbn", name="backbone-to-start-from", training={"epochs": 1})


@pytest.fixture(scope="module")
def settings(backbone):
    plans = open_contents(backbone).plans.model_dump(exclude={"dropout"})
    return SlexNetSettings.model_validate(plans)


def test_both_modules_begin_with_what_the_backbone_predicts(backbone, settings):
    network = SlexNet(settings).eval()
    network.load_state_dict(weights_from_backbone(backbone, settings))
    contents = open_contents(backbone)
    plain = build_slice_net(contents.plans).eval()
    plain.load_state_dict(contents.read_weights()[0])
    slices = torch.randn(5, 1, settings.image_size, settings.image_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = plain(slices).softmax(1)
        for hypothesis in network.hypotheses(slices):
            assert torch.allclose(hypothesis, expected, atol=1e-5)


def test_a_training_begins_with_it(train, work, backbone):
    """Relative paths count from the configuration's folder; a rate of next to nothing leaves the weights where they begin."""
    model = train(
        name="slexnet-from-backbone",
        training={"first_epochs": 1, "epochs": 1, "rate": 1e-12},
        slexnet={"backbone": str(backbone.relative_to(work))},
    )
    trained = open_contents(model).read_weights()[0]["backbone.head.weight"]
    assert torch.allclose(trained, open_contents(backbone).read_weights()[0]["head.weight"], atol=1e-6)
    assert load_model(model).methods[0] == "slex"
    training = load_model(model).card.training
    assert training["settings"]["slexnet"]["backbone"] == backbone.name
    assert training["backbone"]["runs"][0]["epochs"] == 1
    assert str(work) not in (model / "model.json").read_text(encoding="utf-8")


def test_another_network_is_refused(backbone, settings):
    for changes, named in ({"channels": [4, 4]}, "channels"), ({"image_size": 64}, "image_size"), ({"width_hu": 80}, "width_hu"):
        with pytest.raises(ArgumentError, match=f"{named} .*: give both the same"):
            weights_from_backbone(backbone, settings.model_copy(update=changes))


def test_what_is_no_backbone_is_refused(settings, tmp_path):
    with pytest.raises(ModelError):
        weights_from_backbone(tmp_path, settings)
    with pytest.raises(ArgumentError, match="is no backbone: name a model"):
        weights_from_backbone(load_model("default").folder, settings)
