"""The module's sample data, as the panel of Sample Data offers them."""

from __future__ import annotations

from pathlib import Path

import pytest
import SampleData

from HemorrhageUncertaintyLib.sample_data import registerSampleData


def test_both_samples_are_offered_once_with_a_picture_and_without_a_download(hosted_module):
    registerSampleData()
    sources = SampleData.SampleDataLogic.sampleDataSourcesByCategory(hosted_module.name)
    assert [source.sampleName for source in sources] == ["SimulatedHeadCT", "SimulatedHeadCTEarlier"]
    for source in sources:
        assert Path(source.thumbnailFileName).is_file()
        assert callable(source.customDownloader)
        assert not source.uris


def test_the_application_makes_them_from_its_panel_only(hosted_module):
    logic = SampleData.SampleDataLogic()
    with pytest.raises(NotImplementedError):
        logic.downloadFromSource(logic.sourceForSampleName("SimulatedHeadCT"))
