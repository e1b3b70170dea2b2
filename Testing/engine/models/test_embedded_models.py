"""The models that come with the program: small, complete, and with their figures on the card."""

import pytest

from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.models import list_models, load_model, verify_model
from hemorrhage.models.locations import embedded_folder

FOLDERS = sorted(folder for folder in embedded_folder().iterdir() if folder.is_dir())
MOST_MEGABYTES = 8
CLASSES = {"simulated-nnunet": SIX_CLASSES, "simulated-slexnet": ("background", "hemorrhage")}


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def test_opens_and_is_listed(folder):
    model = verify_model(folder)
    assert model.classes == CLASSES[model.name]
    assert [entry.problem for entry in list_models() if entry.folder == folder] == [""]


def test_is_small(folder):
    assert sum(file.stat().st_size for file in folder.iterdir()) <= MOST_MEGABYTES * 1_000_000


def test_card_has_figures_for_programs_and_people(folder):
    card = verify_model(folder).card
    figures, text = card.evaluation, (folder / "README.md").read_text(encoding="utf-8")
    for row in figures["by_class"].values():
        assert 0 <= row["dice"] <= 1
        assert row["cases"] > 0
    any_kind = figures["by_class"]["any hemorrhage"]
    assert f"| any hemorrhage | {any_kind['cases']} | {any_kind['dice']:.2f} |" in text
    assert figures["hemorrhage_free_cases"] > 0
    assert f"{figures['false_positive_ml_mean']:.2f} mL" in text
    assert "simulated" in card.training["data"]
    assert "not for diagnosis" in card.intended_use
    assert card.license == "Apache-2.0"


def test_fast_is_a_slexnet():
    """Three predictions from one pass over the slices are what makes it fast."""
    model = load_model("fast")
    assert model.methods[0] == "slex"
    assert model.card.training["backbone"]["cases"] == model.card.training["cases"]
