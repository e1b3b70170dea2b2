"""The study of uncertainty methods: cells, the sweep over the weight, tables, figure."""

from pathlib import Path

import numpy as np
import pytest

from harness.tiny_slexnet import random_slexnet
from hemorrhage.models import ModelCard, load_model
from hemorrhage.models.slexnet_folder import write_slexnet_folder
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage_training.slexnet.study.arms import Variant, comparison, variant
from hemorrhage_training.slexnet.study.cell import CaseFigures, Cell, measure_cell
from hemorrhage_training.slexnet.study.figures import reliability_figure
from hemorrhage_training.slexnet.study.tables import segmentation_table, uncertainty_table, weight_table
from hemorrhage_training.slexnet.study.unseen_cases import read_unseen_cases
from hemorrhage_training.slexnet.study.weight_sweep import WEIGHTS, dice_by_weight
from hemorrhage_training.slexnet.train_config import SlexTrainConfig


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    settings = SlexNetSettings(classes=["background", "IPH", "SDH"], channels=[4, 8], image_size=32)
    card = ModelCard(name="tiny", title="Tiny", classes=settings.classes, intended_use="tests", license="Apache-2.0")
    folder = tmp_path_factory.mktemp("study") / "tiny"
    write_slexnet_folder(folder, card, random_slexnet(settings).state_dict(), settings)
    return load_model(folder)


@pytest.fixture(scope="module")
def unseen(heads):
    return list(read_unseen_cases(heads))[:2]


def case(name: str, **figures: float | None) -> CaseFigures:
    fields = {"dice": 0.5, "hd_mm": 10.0, "rvd": 0.2, "predicted_ml": 4.0, "reference_ml": 5.0}
    scores = {"nll": 0.1, "brier": 0.02, "ece": 0.01, "seconds": 2.0}
    return CaseFigures(name=name, **{**fields, **scores, **figures})


def cell(*cases: CaseFigures) -> Cell:
    sums = np.zeros(10)
    sums[9] = 200
    return Cell(cases=list(cases), counts=sums.tolist(), confidences=(0.95 * sums).tolist(), hits=(0.9 * sums).tolist())


def test_every_variant_is_a_configuration_of_the_same_network():
    base = {"data": "d", "work": "w", "name": "n", "card": {"license": "l", "data": "d"}}
    found = [SlexTrainConfig.model_validate({**base, **variant(each).changes}) for each in Variant]
    assert [len(each.network.offsets) for each in found] == [1, 1, 4, 6, 8, 2]
    assert [each.slexnet.supervise_neighbors for each in found] == [False] * 5 + [True]
    assert len({arm.name(0) for arm in comparison(50, 3)}) == 6


def test_a_cell_agrees_with_segmenting_the_cases(model, unseen, tmp_path):
    import hemorrhage

    arm = comparison(2, 2)[4]  # the mean of the hypotheses
    found = measure_cell(arm, model, unseen, 0, "cpu")
    for figures, source in zip(found.cases, unseen, strict=True):
        result = hemorrhage.segment(source.ct, model=model, device="cpu")
        assert figures.predicted_ml == pytest.approx(result.total_ml)
        p = np.take_along_axis(result.probabilities, source.reference[None].astype(int), 0)[0][source.inside]
        assert figures.nll == pytest.approx(-np.log(np.maximum(p, 1e-7)).mean(), rel=1e-4)
        assert figures.seconds > 0
    assert sum(found.counts) == sum(int(each.inside.sum()) for each in unseen)
    path = Path(tmp_path, "cells", "one.json")
    found.save(path)
    assert Cell.model_validate_json(path.read_text(encoding="utf-8")) == found


def test_weight_0_is_the_backbone_for_both_weightings(model, unseen):
    found = dice_by_weight(model, unseen, "cpu")
    assert {*found} == {"consistency", "plain"}
    assert [len(values) for values in found.values()] == [len(WEIGHTS)] * 2
    assert found["consistency"][0] == found["plain"][0]
    assert found["consistency"][-1] != found["plain"][-1]


def test_tables_average_over_cases_then_over_seeds():
    cells = {"A": [cell(case("a", dice=0.4), case("b", dice=None)), cell(case("a", dice=0.6), case("b", dice=0.8))]}
    (row,) = uncertainty_table(cells).rows
    assert row[:3] == ("A", "0.550 ± 0.212", "0.100 ± 0.000")
    assert row[3:] == ("2.000 ± 0.000", "1.000 ± 0.000", "2.000 ± 0.000")
    (row,) = segmentation_table({"A": [cell(case("a"), case("b", hd_mm=None, predicted_ml=9.0, reference_ml=9.0))]}).rows
    assert row[1:4] == ("0.500", "10.0", "20.0")
    assert row[4] == "0.875"  # 1 - 1 / (2^2 + 2^2)
    sweep = {"consistency": [0.5] * 11, "plain": [0.4, *[None] * 10]}
    assert [row[:3] for row in weight_table([sweep]).rows] == [("CW-MSA", "0.500", "0.500"), ("MSA", "0.400", "–")]


def test_reliability_is_over_all_seeds():
    figure = reliability_figure({"A": [cell(case("a"))], "B": [cell(case("a")), cell(case("a"))]})
    drawn = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in drawn] == ["A", "B"]
    x, y = drawn[1].lines[0].get_data()
    assert (x, y) == (pytest.approx([0.95]), pytest.approx([0.9]))
