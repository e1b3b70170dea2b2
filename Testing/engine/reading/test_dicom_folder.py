"""DICOM series of a phantom: regular, tilted, oblique, uneven, mixed, damaged."""

import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from harness.dicom_phantom import LPS, Series, tilted
from harness.head_phantom import grid_points, head_at
from hemorrhage import read_ct
from hemorrhage.errors import DicomSeriesError, GeometryError, NotACTError, NotAVolumeError, UnreadableInputError
from hemorrhage.reading import map_to_source_slices, source_slices

EVEN = np.arange(-60.0, 61.0, 10.0)


def expected(ct):
    return np.round(head_at(grid_points(ct.shape, ct.affine)))


def test_regular_series(tmp_path):
    series = Series(tmp_path)
    paths = series.write_along(EVEN)
    ct = read_ct(tmp_path)
    assert ct.shape == (13, 30, 32)
    assert ct.spacing == pytest.approx((10, 6.5, 6))
    assert np.array_equal(ct.hu, expected(ct))
    image = sitk.ReadImage([str(p) for p in paths])
    assert np.allclose(ct.hu, sitk.GetArrayFromImage(image))
    for index in ((0, 0, 0), (3, 4, 5)):
        assert np.allclose(
            ct.affine[:3] @ [*index[::-1], 1], np.array(image.TransformIndexToPhysicalPoint(index)) * LPS, atol=1e-4
        )
    assert not ct.warnings
    assert [s.file for s in source_slices(ct)] == [p.name for p in paths]


def test_file_names_and_order_do_not_matter(tmp_path):
    series = Series(tmp_path / "a")
    series.write_along(EVEN[::-1])
    other = Series(tmp_path / "b")
    other.write_along(EVEN)
    a, b = read_ct(tmp_path / "a"), read_ct(tmp_path / "b")
    assert np.array_equal(a.hu, b.hu)
    assert np.allclose(a.affine, b.affine)


def test_oblique_series(tmp_path):
    right = np.array([0.9, 0.3, 0.2])
    right /= np.linalg.norm(right)
    down = np.cross(np.array([0.1, 0.2, 0.97]), right)
    down /= np.linalg.norm(down)
    Series(tmp_path, right=right, down=down).write_along(EVEN)
    ct = read_ct(tmp_path)
    assert np.mean(np.abs(ct.hu - expected(ct)) > 1) < 2e-3
    assert ct.metadata["gantry_tilt_degrees"] < 0.05


def test_feet_first_and_left_handed_rows(tmp_path):
    Series(tmp_path, right=np.array([-1.0, 0, 0]), down=np.array([0, 1.0, 0])).write_along(EVEN)
    ct = read_ct(tmp_path)
    assert np.array_equal(ct.hu, expected(ct))


@pytest.mark.parametrize("degrees", [-22.0, 18.5])
def test_tilted_series_keeps_its_shear(tmp_path, degrees):
    tilted(tmp_path, degrees).write_along(EVEN, np.array([0.0, 0, 1]), GantryDetectorTilt=degrees)
    ct = read_ct(tmp_path)
    assert ct.metadata["gantry_tilt_degrees"] == pytest.approx(abs(degrees), abs=0.01)
    assert not ct.metadata["resampled"]
    assert np.mean(np.abs(ct.hu - expected(ct)) > 1) < 2e-3
    assert ct.voxel_volume_ml == pytest.approx(10 * np.cos(np.radians(degrees)) * 6.5 * 6 / 1000, rel=1e-5)


def test_a_tilt_in_the_header_only_is_reported(tmp_path):
    Series(tmp_path).write_along(EVEN, GantryDetectorTilt=15)
    assert any("states a gantry tilt of 15.0" in w for w in read_ct(tmp_path).warnings)


def test_uneven_tilted_series_is_resampled_in_its_sheared_frame(tmp_path):
    places = np.concatenate([np.arange(-60, 0, 5.0), np.arange(-2, 60, 9.0)])
    series = tilted(tmp_path, 15)
    series.write_along(places, np.array([0.0, 0, 1]))
    ct = read_ct(tmp_path)
    assert ct.metadata["resampled"]
    assert ct.spacing[0] == pytest.approx(5)
    assert any("uneven" in w for w in ct.warnings)
    # Slices of the fine zone are kept as they are; the brain, linear along S, is right in between too.
    for source, place in zip(source_slices(ct), places, strict=True):
        assert source.slice_index == pytest.approx((place + 60) / 5, abs=1e-6)
    assert np.mean(np.abs(ct.hu[:12] - expected(ct)[:12]) > 1) < 2e-3
    points = grid_points(ct.shape, ct.affine)
    brain = (np.linalg.norm(points / [50, 60, 48], axis=-1) < 0.8) & (np.linalg.norm(points - [30, 10, 0], axis=-1) > 25)
    assert np.abs(ct.hu - (35 + 0.1 * points[..., 2]))[brain].max() <= 0.51


def test_maps_lead_back_to_the_source_slices(tmp_path):
    places = np.concatenate([np.arange(-60, 0, 5.0), np.arange(-2, 60, 9.0)])
    series = tilted(tmp_path, 15)
    paths = series.write_along(places, np.array([0.0, 0, 1]))
    ct = read_ct(tmp_path)
    bone = map_to_source_slices(ct.hu > 500, ct)
    assert bone.shape == (len(places), 30, 32)
    assert bone.dtype == bool
    back = map_to_source_slices(np.stack([ct.hu, ct.hu]), ct)
    assert back.shape == (2, len(places), 30, 32)
    for i, path in enumerate(paths):
        source = pydicom.dcmread(path).pixel_array - 1024.0
        if i < 12:
            assert np.array_equal(back[0, i], source)
            assert np.array_equal(bone[i], source > 500)
        assert np.mean(bone[i] != (source > 500)) < 0.16


def test_a_field_of_view_that_moves_between_slices_is_followed(tmp_path):
    series = Series(tmp_path)
    for number, place in enumerate(EVEN):
        moved = np.array([12.0, 13.0, 0]) if number > 6 else np.zeros(3)
        series.write(f"{number}.dcm", series.corner(np.array([0, 0, place])) + moved)
    ct = read_ct(tmp_path)
    inside = (slice(None), slice(2, None), slice(2, None))
    assert np.array_equal(ct.hu[inside], expected(ct)[inside])
    assert {(round(s.row_offset), round(s.column_offset)) for s in source_slices(ct)} == {(0, 0), (2, 2)}
    back = map_to_source_slices(np.stack([ct.hu, ct.hu > 500]), ct)
    for number in range(len(EVEN)):
        source = pydicom.dcmread(tmp_path / f"{number}.dcm").pixel_array[:-2, :-2] - 1024.0
        assert np.allclose(back[0, number, :-2, :-2], source)
        assert np.array_equal(map_to_source_slices(ct.hu > 500, ct)[number, :-2, :-2], source > 500)


def test_two_zones_are_no_gap(tmp_path):
    Series(tmp_path).write_along(np.concatenate([np.arange(-60, -10, 5.0), np.arange(-10, 61, 10.0)]))
    assert read_ct(tmp_path).spacing[0] == pytest.approx(5)


@pytest.mark.parametrize("missing", [1, 6, 11])
def test_a_missing_slice_is_an_error_that_names_the_place(tmp_path, missing):
    paths = Series(tmp_path).write_along(EVEN)
    paths[missing].unlink()
    with pytest.raises(DicomSeriesError, match=rf"lacks slices.*20\.00 mm between {paths[missing - 1].name}"):
        read_ct(tmp_path)


def test_identical_duplicates_are_left_out_with_a_warning(tmp_path):
    paths = Series(tmp_path).write_along(EVEN)
    shutil.copy(paths[4], tmp_path / "copy.dcm")
    ct = read_ct(tmp_path)
    assert ct.shape[0] == 13
    assert any("1 duplicate slice" in w for w in ct.warnings)


def test_two_different_slices_at_one_place_are_an_error(tmp_path):
    series = Series(tmp_path)
    series.write_along(EVEN)
    series.write("again.dcm", series.corner(np.array([0, 0, 10.0])), hu=np.full((30, 32), 7.0))
    with pytest.raises(DicomSeriesError, match=r"two different slices at the same place.*again\.dcm"):
        read_ct(tmp_path)


def test_localizers_and_derived_series_are_left_out(tmp_path):
    Series(tmp_path / "axial", attributes={"SeriesDescription": "Head 5 mm", "SeriesNumber": 2}).write_along(EVEN)
    Series(tmp_path / "scout").write_along([0.0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    mpr = Series(tmp_path / "mpr", attributes={"SeriesDescription": "MPR", "ImageType": ["DERIVED", "SECONDARY", "REFORMATTED"]})
    mpr.write_along(np.arange(-60, 61, 5.0))
    ct = read_ct(tmp_path)
    assert ct.shape[0] == 13
    assert any(
        "series 2 (Head 5 mm, 13 slices, ORIGINAL\\PRIMARY\\AXIAL) was chosen; left out" in w and "MPR" in w for w in ct.warnings
    )


def test_a_localizer_in_the_same_series_is_left_out(tmp_path):
    series = Series(tmp_path)
    series.write_along(EVEN)
    scout = Series(tmp_path, right=np.array([0, 1.0, 0]), down=np.array([0, 0, -1.0]), uid=series.uid)
    scout.write("scout.dcm", np.zeros(3), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    assert read_ct(tmp_path).shape == (13, 30, 32)


def test_soft_reconstruction_without_contrast_is_preferred(tmp_path):
    Series(tmp_path, attributes={"ConvolutionKernel": "H70h", "SeriesDescription": "BONE"}).write_along(EVEN)
    Series(tmp_path / "c", attributes={"ContrastBolusAgent": "Iohexol"}).write_along(EVEN)
    Series(tmp_path / "n", attributes={"ConvolutionKernel": "H30s", "SeriesDescription": "Brain"}).write_along(EVEN)
    assert read_ct(tmp_path).metadata["series_description"] == "Brain"


def test_two_equal_series_are_the_users_choice(tmp_path):
    for number in (3, 4):
        Series(tmp_path / str(number), attributes={"SeriesNumber": number}).write_along(EVEN)
    with pytest.raises(DicomSeriesError, match=r"2 equally suitable series.*series 3.*series 4"):
        read_ct(tmp_path)
    assert read_ct(tmp_path / "4" / "005.dcm").metadata["series_number"] == "4"


def test_one_file_stands_for_its_series_in_a_mixed_folder(tmp_path):
    first = Series(tmp_path).write_along(EVEN)
    other = Series(tmp_path)
    for i, place in enumerate(EVEN[2:]):
        other.write(f"b{i}.dcm", other.corner(np.array([0, 0, place])))
    with pytest.raises(DicomSeriesError):
        read_ct(tmp_path)
    assert read_ct(first[0]).shape[0] == 13
    assert read_ct(tmp_path / "b3.dcm").shape[0] == 11


def test_two_geometries_in_one_series_are_an_error(tmp_path):
    series = Series(tmp_path)
    series.write_along(EVEN)
    other = tilted(tmp_path, 10, uid=series.uid)
    for i, place in enumerate(EVEN):
        other.write(f"t{i}.dcm", other.corner(np.array([0, 0, place])))
    with pytest.raises(DicomSeriesError, match="several geometries in one series"):
        read_ct(tmp_path)


@pytest.mark.parametrize(
    "attributes", [{"ContrastBolusAgent": "OMNIPAQUE"}, {"SeriesDescription": "CTA Head"}, {"ProtocolName": "Head post contrast"}]
)
def test_contrast_warns(tmp_path, attributes):
    Series(tmp_path, attributes=attributes).write_along(EVEN)
    assert any("contrast agent" in w for w in read_ct(tmp_path).warnings)


@pytest.mark.parametrize("description", ["Head without contrast", "POST FOSSA 2.5", "NCCT"])
def test_no_contrast_does_not_warn(tmp_path, description):
    Series(tmp_path, attributes={"SeriesDescription": description}).write_along(EVEN)
    assert not read_ct(tmp_path).warnings


def test_each_slice_has_its_own_rescaling(tmp_path):
    series = Series(tmp_path, signed=True)
    for i, place in enumerate(EVEN):
        series.write(
            f"{i}.dcm", series.corner(np.array([0, 0, place])), RescaleSlope=0.5 + 0.5 * (i % 2), RescaleIntercept=-100 * (i % 3)
        )
    ct = read_ct(tmp_path)
    assert np.abs(ct.hu - expected(ct)).max() <= 0.5


@pytest.mark.parametrize("declared", [-2000, 63536])
def test_declared_padding_becomes_air(tmp_path, declared):
    series = Series(tmp_path, signed=True, intercept=0.0)
    for i, place in enumerate(EVEN):
        position = series.corner(np.array([0, 0, place]))
        hu = head_at(series.points(position) * LPS)
        hu[:3] = -2000
        path = series.write(f"{i}.dcm", position, hu)
        data = pydicom.dcmread(path)
        data.add_new("PixelPaddingValue", "SS" if declared < 0 else "US", declared)
        data.save_as(path)
    ct = read_ct(tmp_path)
    assert ct.hu.min() == -1024
    assert (ct.hu[:, :3] == -1024).all()


def test_padding_of_zero_hu_is_replaced_outside_the_head_only(tmp_path):
    series = Series(tmp_path, signed=True, intercept=0.0)
    for i, place in enumerate(EVEN):
        position = series.corner(np.array([0, 0, place]))
        hu = head_at(series.points(position) * LPS)
        hu[0], hu[15, 16] = 0, 0
        series.write(f"{i}.dcm", position, hu, PixelPaddingValue=0)
    ct = read_ct(tmp_path)
    assert (ct.hu[:, 0] == -1024).all()
    assert ct.hu[6, 15, 16] == 0


def test_compressed_slices_are_decoded(tmp_path):
    for path in Series(tmp_path).write_along(EVEN):
        data = pydicom.dcmread(path)
        data.compress(RLELossless)
        data.save_as(path)
    ct = read_ct(tmp_path)
    assert np.array_equal(ct.hu, expected(ct))


@pytest.mark.parametrize(("compressor", "syntax"), [("JPEG2000", JPEG2000Lossless), ("JPEG", JPEGLosslessSV1)])
def test_compressions_without_a_pydicom_plug_in_are_decoded_too(tmp_path, compressor, syntax):
    for path in Series(tmp_path).write_along(EVEN):
        data = pydicom.dcmread(path)
        stored = sitk.GetImageFromArray(data.pixel_array.astype(np.uint16)[None])
        sitk.WriteImage(stored, str(tmp_path / "packed"), useCompression=True, compressor=compressor, imageIO="GDCMImageIO")
        packed = pydicom.dcmread(tmp_path / "packed")
        assert packed.file_meta.TransferSyntaxUID == syntax
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = packed.PixelData
        data["PixelData"].is_undefined_length = True
        data.save_as(path)
        (tmp_path / "packed").unlink()
    ct = read_ct(tmp_path)
    assert np.array_equal(ct.hu, expected(ct))


def test_damaged_compressed_pixels_name_the_file(tmp_path):
    paths = Series(tmp_path).write_along(EVEN)
    data = pydicom.dcmread(paths[5])
    data.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    data.PixelData = pydicom.encaps.encapsulate([b"no picture"])
    data["PixelData"].is_undefined_length = True
    data.save_as(paths[5])
    with pytest.raises(UnreadableInputError, match=rf"{paths[5].name} cannot be decoded \(JPEG Lossless"):
        read_ct(tmp_path)


def test_truncated_pixels_name_the_file(tmp_path):
    paths = Series(tmp_path).write_along(EVEN)
    paths[5].write_bytes(paths[5].read_bytes()[:-700])
    with pytest.raises(UnreadableInputError, match=paths[5].name):
        read_ct(tmp_path)


def test_a_truncated_header_is_not_passed_over(tmp_path):
    paths = Series(tmp_path).write_along(EVEN)
    paths[-1].write_bytes(paths[-1].read_bytes()[:600])
    with pytest.raises(UnreadableInputError, match=paths[-1].name):
        read_ct(tmp_path)


def test_a_damaged_attribute_that_is_not_needed_does_no_harm(tmp_path):
    for path in Series(tmp_path, attributes={"KVP": "120"}).write_along(EVEN):
        path.write_bytes(path.read_bytes().replace(b"DS\x04\x00120 ", b"DS\x04\x00abc "))
    assert read_ct(tmp_path).shape[0] == 13


@pytest.mark.parametrize("content", [b"", b"not DICOM at all" * 40])
def test_a_corrupt_slice_is_not_passed_over(tmp_path, content):
    paths = Series(tmp_path).write_along(EVEN)
    paths[5].write_bytes(content)
    with pytest.raises(UnreadableInputError, match=paths[5].name):
        read_ct(tmp_path)


def test_other_files_in_the_folder_do_not_matter(tmp_path):
    Series(tmp_path).write_along(EVEN)
    (tmp_path / "README.txt").write_text("exported yesterday")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert read_ct(tmp_path).shape[0] == 13


def test_mr_is_refused(tmp_path):
    Series(tmp_path, attributes={"Modality": "MR"}).write_along(EVEN)
    with pytest.raises(NotACTError, match="modality MR"):
        read_ct(tmp_path)


def test_only_localizers(tmp_path):
    Series(tmp_path).write_along([0.0, 10, 20], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    with pytest.raises(DicomSeriesError, match="only localizers"):
        read_ct(tmp_path)


def test_color_and_multi_frame_are_refused(tmp_path):
    Series(tmp_path / "rgb").write_along(EVEN, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    with pytest.raises(NotAVolumeError, match="RGB"):
        read_ct(tmp_path / "rgb")
    Series(tmp_path / "multi").write_along([0.0], NumberOfFrames=12)
    with pytest.raises(NotAVolumeError, match="multi-frame"):
        read_ct(tmp_path / "multi")


def test_fewer_than_three_slices(tmp_path):
    Series(tmp_path).write_along(EVEN[:2])
    with pytest.raises(DicomSeriesError, match="at least 3 slices"):
        read_ct(tmp_path)


def test_senseless_geometry(tmp_path):
    Series(tmp_path / "zero").write_along(EVEN, PixelSpacing=[0, 6.0])
    with pytest.raises(GeometryError, match="above zero"):
        read_ct(tmp_path / "zero")
    Series(tmp_path / "skew").write_along(EVEN, ImageOrientationPatient=[1, 0, 0, 0.5, 0.5, 0])
    with pytest.raises(GeometryError, match="perpendicular"):
        read_ct(tmp_path / "skew")
