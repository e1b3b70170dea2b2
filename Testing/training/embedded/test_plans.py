"""The embedded plans open, and stay within the promised size, in half precision."""

from hemorrhage.nnunet.architecture import build_network
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage_training.embedded.plans import CONFIGURATION, embedded_dataset_json, embedded_plans


def test_weights_fit_into_8_megabytes():
    network = build_network(read_plans(embedded_plans(), embedded_dataset_json(1), CONFIGURATION))
    assert sum(p.numel() * 2 for p in network.parameters()) < 8e6
