"""What the panel says when a segmentation has ended."""

from __future__ import annotations

from HemorrhageUncertaintyLib.sections.run_section import doneLabel


def test_the_volume_is_said_with_its_unit():
    assert doneLabel({"volumes": [{"volume_ml": 3.0}, {"volume_ml": 12.34}]}) == "Done: 12.3 mL of hemorrhage were segmented."


def test_nothing_found_is_said_and_not_taken_for_an_exclusion():
    sentence = doneLabel({"volumes": [{"volume_ml": 0.0}, {"volume_ml": 0.0}]})
    assert "no hemorrhage was segmented" in sentence
    assert "does not rule it out" in sentence
