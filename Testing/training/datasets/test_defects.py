"""Every defect planted once: it is named, the rest goes on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from harness.data_set_trees import AFFINE, SHAPE, bhsd_name, bhsd_tree, ctich_tree, load, mbhseg_tree, mixed_bhsd, save
from hemorrhage.head_ct import HeadCT
from hemorrhage_training.datasets.defects import DataSetError
from hemorrhage_training.datasets.import_data_set import import_data_set
from hemorrhage_training.datasets.patient_split import SplitWish

BAD = bhsd_name(1)
ALL_TRAIN = SplitWish(test_fraction=0.0, folds=2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return mixed_bhsd(tmp_path, 3)


def ct_of(source: Path) -> Path:
    return source / "images" / f"{BAD}.nii.gz"


def mask_of(source: Path) -> Path:
    return source / "ground truths" / f"{BAD}.nii.gz"


def shift_header(source: Path) -> None:
    moved = AFFINE.copy()
    moved[:3, 3] += (4.5, 0, 0)  # one voxel
    save(mask_of(source), load(mask_of(source)), moved)


def shift_content(source: Path) -> None:
    save(mask_of(source), np.roll(load(mask_of(source)), (0, 16, 16), (0, 1, 2)))


def label_out_of_range(source: Path) -> None:
    labels = load(mask_of(source)).copy()
    labels[10, 20, 20] = 7
    save(mask_of(source), labels)


def fractional_label(source: Path) -> None:
    labels = load(mask_of(source)).astype(np.float32)
    labels[10, 20, 20] = 0.5
    save(mask_of(source), labels)


def other_size(source: Path) -> None:
    save(mask_of(source), load(mask_of(source))[:-1])


def truncated_mask(source: Path) -> None:
    mask_of(source).write_bytes(mask_of(source).read_bytes()[:-200])


def truncated_ct(source: Path) -> None:
    ct_of(source).write_bytes(ct_of(source).read_bytes()[:-2000])


def text_instead_of_a_ct(source: Path) -> None:
    ct_of(source).write_bytes(gzip.compress(b"not found"))


def no_hounsfield_units(source: Path) -> None:
    save(ct_of(source), (load(ct_of(source)) + 1024).astype(np.int16))


def no_head(source: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 400, SHAPE)
    save(ct_of(source), noise.astype(np.int16))


def one_hot_mask(source: Path) -> None:
    labels = load(mask_of(source))
    image = nib.Nifti1Image(np.stack([value == labels.T for value in range(6)], -1).astype(np.uint8), AFFINE[:, [2, 1, 0, 3]])
    nib.save(image, mask_of(source))


def with_matrix(source: Path, change) -> None:
    """Write another sform, as it stands: nibabel would correct it."""
    content = bytearray(gzip.decompress(mask_of(source).read_bytes()))
    rows = np.frombuffer(content, "<f4", 12, offset=280).copy()  # srow_x, srow_y, srow_z of NIfTI-1
    content[280:328] = change(rows).astype("<f4").tobytes()
    mask_of(source).write_bytes(gzip.compress(bytes(content)))


def matrix_without_volume(source: Path) -> None:
    with_matrix(source, lambda rows: rows * np.tile([1, 1, 0, 1], 3))


def matrix_that_is_not_finite(source: Path) -> None:
    with_matrix(source, lambda rows: np.where(rows == rows[3], np.nan, rows))


def mask_missing(source: Path) -> None:
    mask_of(source).unlink()


def ct_missing(source: Path) -> None:
    ct_of(source).unlink()


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (shift_header, "4.5 mm away from the CT"),
        (shift_content, "% of the mask lies on tissue"),
        (label_out_of_range, "holds the value 7; allowed are 0, 1, 2, 3, 4, 5"),
        (fractional_label, "holds the value 0.5"),
        (other_size, "19 x 48 x 40 voxels, the CT 20 x 48 x 40"),
        (truncated_mask, "cannot be read"),
        (truncated_ct, "truncated"),
        (text_instead_of_a_ct, "cannot be read as NIfTI"),
        (no_hounsfield_units, "not Hounsfield units"),
        (no_head, "shows no head"),
        (one_hot_mask, "4 dimensions"),
        (matrix_without_volume, "without volume"),
        (matrix_that_is_not_finite, "without volume"),
        (mask_missing, "no mask"),
        (ct_missing, "no CT"),
    ],
)
def test_a_defect_is_named_and_the_rest_goes_on(source, tmp_path, plant, reason):
    plant(source)
    manifest = import_data_set("bhsd", source, tmp_path / "out", ALL_TRAIN)
    assert [record.name for record in manifest.cases] == [bhsd_name(0), bhsd_name(2)]
    assert len(manifest.left_out) == 1
    assert BAD in manifest.left_out[0].name
    assert reason in manifest.left_out[0].reason
    assert not [path for path in (tmp_path / "out").rglob("*") if BAD in path.name]
    assert json.loads((tmp_path / "out/manifest.json").read_text())["left_out"][0]["name"] == manifest.left_out[0].name


def warnings_of(source: Path, out: Path, kind: str = "bhsd", name: str = BAD) -> str:
    manifest = import_data_set(kind, source, out, ALL_TRAIN)
    assert not manifest.left_out
    return " ".join(next(record for record in manifest.cases if record.name == name).warnings)


def test_an_empty_mask_is_kept_with_a_warning(source, tmp_path):
    save(mask_of(source), np.zeros(SHAPE, np.uint16))
    assert "The mask is empty" in warnings_of(source, tmp_path / "out")


def test_a_mirrored_mask_is_suspected(tmp_path):
    source = bhsd_tree(tmp_path, {BAD: ("EDH",)})
    assert "mirrored" not in warnings_of(source, tmp_path / "right")
    save(mask_of(source), load(mask_of(source))[:, :, ::-1])
    assert "fits better mirrored column by column" in warnings_of(source, tmp_path / "wrong")


def test_a_mask_stored_in_another_direction_is_turned_exactly(source, tmp_path):
    labels = load(mask_of(source))
    turned = AFFINE.copy()
    turned[:3, 3] += AFFINE[:3, 2] * (SHAPE[2] - 1)
    turned[:3, 2] *= -1
    save(mask_of(source), labels[:, :, ::-1], turned)
    assert "were turned" in warnings_of(source, tmp_path / "out")
    assert np.array_equal(load(tmp_path / f"out/labelsTr/{BAD}.nii.gz"), labels)


def test_a_mask_without_geometry_is_matched_by_index(source, tmp_path):
    labels = load(mask_of(source))
    save(mask_of(source), labels, np.eye(4), code=0)
    assert "does not say how it lies" in warnings_of(source, tmp_path / "out")
    assert np.array_equal(load(tmp_path / f"out/labelsTr/{BAD}.nii.gz"), labels)


def test_a_lost_tilt_is_reported_with_the_corrected_volume(source, tmp_path):
    angle = np.radians(17)
    tilted = AFFINE.copy()
    tilted[:3, 0] = np.array([0, -np.sin(angle), np.cos(angle)]) * 8.0 / np.cos(angle)
    tilted[:3, 1] = np.array([0, -np.cos(angle), -np.sin(angle)]) * 4.5
    save(ct_of(source), load(ct_of(source)), tilted)
    save(mask_of(source), load(mask_of(source)), tilted)
    manifest = import_data_set("bhsd", source, tmp_path / "out", ALL_TRAIN)
    record = manifest.cases[1]
    assert record.lost_tilt_degrees == pytest.approx(17, abs=0.1)
    assert record.voxel_volume_ml == pytest.approx(4.5 * 4.5 * 8 / np.cos(angle) / 1000, rel=1e-4)
    assert record.tilt_corrected_voxel_volume_ml == pytest.approx(4.5 * 4.5 * 8 / 1000, rel=1e-3)
    assert "rotation" in " ".join(record.warnings)
    assert any("headers of 1 cases" in warning for warning in manifest.warnings)


def test_a_sheared_grid_is_kept_and_nnunet_is_told_how_to_read_it(source, tmp_path):
    sheared = AFFINE.copy()
    sheared[1, 0] = 8 * np.tan(np.radians(15))
    save(ct_of(source), load(ct_of(source)), sheared)
    save(mask_of(source), load(mask_of(source)), sheared)
    manifest = import_data_set("bhsd", source, tmp_path / "out", ALL_TRAIN)
    assert manifest.cases[1].gantry_tilt_degrees == pytest.approx(15, abs=0.01)
    stored = nib.load(tmp_path / f"out/imagesTr/{BAD}_0000.nii.gz").get_sform()
    assert np.allclose(stored[:, [2, 1, 0, 3]], sheared, atol=1e-4)
    assert json.loads((tmp_path / "out/dataset.json").read_text())["overwrite_image_reader_writer"] == "NibabelIO"


def test_one_bad_rater_does_not_cost_the_case(tmp_path):
    source = mbhseg_tree(tmp_path / "mbh")
    (source / bhsd_name(1) / "label_annot_3.nii.gz").write_bytes(b"")
    manifest = import_data_set("mbhseg", source, tmp_path / "out", ALL_TRAIN)
    assert [rater.rater for rater in manifest.cases[0].raters] == ["1", "10"]
    assert [entry.name for entry in manifest.left_out] == [f"{bhsd_name(1)}, rater 3"]


def test_a_patient_in_both_splits_keeps_only_the_test_case(tmp_path):
    source = mixed_bhsd(tmp_path, 3)
    for folder in ("images", "ground truths"):
        (source / folder / f"{bhsd_name(2)}.nii.gz").rename(source / folder / f"{bhsd_name(0, 9)}.nii.gz")
    names = [bhsd_name(0), bhsd_name(0, 9), bhsd_name(1)]
    listed = {
        "training": [{"image": f"./imagesTr/{names[0]}.nii.gz"}, {"image": f"./imagesTr/{names[2]}.nii.gz"}],
        "test": [f"./imagesTs/{names[1]}.nii.gz"],
    }
    (source / "dataset.json").write_text(json.dumps(listed))
    manifest = import_data_set("bhsd", source, tmp_path / "out")
    assert [(entry.name, "patient 00000000 is also in the test set" in entry.reason) for entry in manifest.left_out] == [
        (names[0], True)
    ]
    assert [record.name for record in manifest.cases] == names[1:]
    assert not [path for path in (tmp_path / "out").rglob("*") if names[0] in path.name]


def test_labels_in_another_order_are_refused(tmp_path):
    """0 background, then the reverse of what is documented: what is called EDH is then SDH, but IVH and SAH do not fit."""
    source = mixed_bhsd(tmp_path, 12)
    for path in (source / "ground truths").iterdir():
        labels = load(path)
        save(path, np.array([0, 3, 1, 4, 2, 5], np.uint16)[labels])
    with pytest.raises(DataSetError, match=r"what is called EDH lies .* deeper than what is called I"):
        import_data_set("bhsd", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    manifest = import_data_set("bhsd", source, tmp_path / "out", trust_label_order=True)
    assert manifest.label_order.verdict == "implausible"
    assert manifest.label_order.trusted


def test_labels_in_the_right_order_are_plausible(tmp_path):
    manifest = import_data_set("bhsd", mixed_bhsd(tmp_path, 10), tmp_path / "out")
    assert manifest.label_order.verdict == "plausible"


def test_slices_that_contradict_the_mask_are_reported(tmp_path):
    source = ctich_tree(tmp_path / "ct", {49: ("IPH",)})
    labels = load(source / "masks/049.nii")
    save(source / "masks/049.nii", labels[::-1])
    manifest = import_data_set("ctich", source, tmp_path / "out", ALL_TRAIN)
    text = " ".join(manifest.cases[0].warnings)
    assert "disagree" in text


def test_nothing_usable_is_an_error_and_leaves_nothing(tmp_path):
    source = mixed_bhsd(tmp_path, 1)
    (source / "images" / f"{bhsd_name(0)}.nii.gz").write_bytes(b"")
    with pytest.raises(DataSetError, match=r"no case of .* empty"):
        import_data_set("bhsd", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_ct_with_fractions_keeps_them(source, tmp_path):
    hu = load(ct_of(source)).astype(np.float32) + 0.25
    save(ct_of(source), hu)
    import_data_set("bhsd", source, tmp_path / "out", ALL_TRAIN)
    assert np.array_equal(load(tmp_path / f"out/imagesTr/{BAD}_0000.nii.gz"), hu)


def test_phantom_grid_matches_the_head_ct():
    """The trees' affine is the one that the engine derives (guards the tests above)."""
    assert HeadCT(np.zeros(SHAPE, np.float32), AFFINE).spacing == pytest.approx((8, 4.5, 4.5))
