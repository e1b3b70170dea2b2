"""The whole way with the real engine and a tiny network: console call, engine process, nodes."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import slicer

from HemorrhageUncertaintyLib.logic import HemorrhageUncertaintyLogic, SegmentationError
from HemorrhageUncertaintyLib.process_tree import descendants
from HemorrhageUncertaintyLib.requests import ErrorKind


@pytest.fixture
def logic(slicer_app):
    logic = HemorrhageUncertaintyLogic()
    yield logic
    logic.shutDown()


@pytest.fixture
def ct_node(scene, phantom_ct):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT é")
    slicer.util.updateVolumeFromArray(node, phantom_ct.hu.astype(np.int16))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(phantom_ct.affine[:, [2, 1, 0, 3]]))
    node.CreateDefaultDisplayNodes()
    return node


def test_result_equals_the_engines_own_and_a_second_run_uses_the_same_process(logic, ct_node, phantom_ct, tiny_model):
    import hemorrhage

    torch_was_there = "torch" in sys.modules
    result = logic.segment(ct_node, samples=2, transforms=2, seed=3, model=str(tiny_model), device="cpu", keepSamples=True)
    assert ("torch" in sys.modules) == torch_was_there
    engine = descendants(os.getpid())
    again = logic.segment(ct_node, samples=2, transforms=2, seed=3, model=str(tiny_model), device="cpu")
    assert descendants(os.getpid()) == engine
    assert logic.results() == [again]
    assert not result.exists

    expected = hemorrhage.segment(phantom_ct, tiny_model, samples=2, transforms=2, seed=3, device="cpu")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(again.map("entropy")), expected.entropy)
    assert [volume["volume_ml"] for volume in again.summary["volumes"]] == [v.volume_ml for v in expected.volumes]
    assert again.summary["provenance"]


def test_unknown_model_and_bad_arguments_are_told_in_the_engines_words(logic, ct_node, tiny_model):
    with pytest.raises(SegmentationError, match="no model") as caught:
        logic.segment(ct_node, model="nobody has this", device="cpu")
    assert caught.value.event.kind is ErrorKind.MODEL
    with pytest.raises(SegmentationError) as caught:
        logic.segment(ct_node, samples=0, model=str(tiny_model), device="cpu")
    assert caught.value.event.kind is ErrorKind.ARGUMENT
    assert logic.engine.isRunning, "a request that fails does not end the engine"
