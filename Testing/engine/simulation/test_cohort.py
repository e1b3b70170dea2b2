"""A cohort is what nnU-Net reads, on the CT's own grid, and appears whole or not at all."""

from __future__ import annotations

import json
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from hemorrhage.errors import ArgumentError, Interrupted, OutputExistsError
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.simulation.cohort import simulate_cohort


def rotated_affine(angle: float) -> np.ndarray:
    """An oblique, left-handed index-to-RAS matrix with unequal steps."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, -0.9], [0, -0.8, 0], [4.0, 0, 0]])
    affine[:3, 3] = (90, 70, -40)
    return affine


def tiny(seed: int, *, raters: int = 0, shape=(4, 12, 10), classes=None, base=None) -> SimpleNamespace:
    """Stands in for the simulator: noise, and a block of IPH unless it is asked for none."""
    rng = np.random.default_rng(seed)
    hu = rng.normal(30, 5, shape).astype(np.float32)
    labels = np.zeros(shape, np.uint8)
    if classes is None:
        labels[1:3, 3:6, 3:6] = 2
    ct = HeadCT(hu, rotated_affine(0.2), f"simulated, seed {seed}")
    return SimpleNamespace(ct=ct, labels=labels, raters=[labels] * raters, description={"hu": np.float32(1)})


def test_layout_and_contents(tmp_path):
    folder = simulate_cohort(tmp_path / "out", 3, seed=5, raters=2, hemorrhage_free=0, simulate=tiny)
    dataset = json.loads((folder / "dataset.json").read_text())
    assert dataset["channel_names"] == {"0": "CT"}
    assert list(dataset["labels"]) == list(SIX_CLASSES)
    assert list(dataset["labels"].values()) == [0, 1, 2, 3, 4, 5]
    assert dataset["numTraining"] == 3
    described = json.loads((folder / "cases.json").read_text())
    assert len({c["seed"] for c in described["cases"]}) == 3
    files = {str(p.relative_to(folder)) for p in folder.rglob("*.nii.gz")}
    for k in range(3):
        case = f"case_{k:04d}"
        expected = {f"imagesTr/{case}_0000.nii.gz", f"labelsTr/{case}.nii.gz"}
        expected |= {f"raters/{case}_rater{r}.nii.gz" for r in range(2)}
        assert expected <= files
    assert len(files) == 12
    first = tiny(described["cases"][0]["seed"], raters=2)
    stored = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "imagesTr/case_0000_0000.nii.gz")))
    assert np.abs(stored - first.ct.hu).max() <= 0.5
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "labelsTr/case_0000.nii.gz")))
    assert np.array_equal(labels, first.labels)


def test_written_grid_is_the_cts_grid(tmp_path):
    """An index maps to the same point through the file as through the affine (RAS to LPS)."""
    folder = simulate_cohort(tmp_path / "out", 1, simulate=tiny)
    volume = SimpleITK.ReadImage(str(folder / "imagesTr/case_0000_0000.nii.gz"))
    for index in ((0, 0, 0), (3, 7, 2), (1, 11, 9)):
        ras = (rotated_affine(0.2) @ (*index, 1))[:3]
        lps = volume.TransformIndexToPhysicalPoint(index[::-1])
        assert np.allclose(np.array(lps) * (-1, -1, 1), ras, atol=1e-3)


def test_more_cases_begin_with_the_same_ones(tmp_path):
    a = simulate_cohort(tmp_path / "a", 2, seed=1, simulate=tiny)
    b = simulate_cohort(tmp_path / "b", 4, seed=1, simulate=tiny)
    c = simulate_cohort(tmp_path / "c", 2, seed=2, simulate=tiny)
    seeds = [[case["seed"] for case in json.loads((f / "cases.json").read_text())["cases"]] for f in (a, b, c)]
    assert seeds[1][:2] == seeds[0]
    assert seeds[2] != seeds[0]


def test_some_cases_are_free_of_hemorrhage(tmp_path):
    folder = simulate_cohort(tmp_path / "out", 12, hemorrhage_free=0.5, simulate=tiny)
    present = [SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(p))).any() for p in sorted((folder / "labelsTr").iterdir())]
    assert 0 < sum(present) < 12


def test_existing_folder_is_refused_and_kept(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="exists"):
        simulate_cohort(out, 1, simulate=tiny)
    assert (out / "mine.txt").read_text() == "keep"
    with pytest.raises(OutputExistsError, match="other files"):
        simulate_cohort(out, 1, overwrite=True, simulate=tiny)
    assert (out / "mine.txt").read_text() == "keep"


def test_an_earlier_cohort_is_replaced_when_asked(tmp_path):
    out = simulate_cohort(tmp_path / "out", 2, simulate=tiny)
    simulate_cohort(out, 1, overwrite=True, simulate=tiny)
    assert len(list(out.glob("imagesTr/*.nii.gz"))) == 1


def test_failure_or_stop_leaves_nothing(tmp_path):
    def fails(seed: int, **options):
        raise MemoryError

    with pytest.raises(MemoryError):
        simulate_cohort(tmp_path / "out", 2, simulate=fails)
    calls = iter((False, True))
    with pytest.raises(Interrupted, match="1 of 2"):
        simulate_cohort(tmp_path / "out", 2, simulate=tiny, should_stop=lambda: next(calls))
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_complete(tmp_path):
    seen = []
    simulate_cohort(tmp_path / "out", 3, simulate=tiny, progress=seen.append)
    assert [p.done for p in seen] == [0, 1, 2, 3]
    assert {p.total for p in seen} == {3}


@pytest.mark.parametrize(
    "wrong", [{"cases": 0}, {"seed": -1}, {"raters": -1}, {"shape": (4, 4)}, {"shape": (2, 64, 64)}, {"hemorrhage_free": 1.5}]
)
def test_bad_arguments_are_refused(tmp_path, wrong):
    with pytest.raises(ArgumentError):
        simulate_cohort(tmp_path / "out", **({"cases": 1, "simulate": tiny} | wrong))
    assert list(tmp_path.iterdir()) == []


def test_tilted_gantry_keeps_its_sheared_grid(tmp_path):
    affine = rotated_affine(0.0)
    affine[1, 0] = 1.5

    def tilted(seed: int, **options):
        case = tiny(seed, **options)
        return SimpleNamespace(**{**vars(case), "ct": HeadCT(case.ct.hu, affine)})

    folder = simulate_cohort(tmp_path / "out", 1, hemorrhage_free=0, simulate=tilted)
    stored = nib.load(folder / "imagesTr/case_0000_0000.nii.gz")
    np.testing.assert_allclose(stored.affine[:, [2, 1, 0, 3]], affine, atol=1e-5)
