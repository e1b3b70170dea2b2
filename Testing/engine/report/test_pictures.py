"""Pictures are in the radiological convention under any affine, and show what matters."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from harness.synthetic_segmentation import BLOBS, ORIENTATIONS, synthetic_segmentation
from hemorrhage.report.axial_view import AxialView
from hemorrhage.report.figures import lesion_close_up, sample_volumes_figure
from hemorrhage.report.overview import draw_overview
from hemorrhage.report.slice_choice import choose_slices, head_box, slice_through

SHAPES = {"sagittal": (48, 16, 40), "coronal": (40, 16, 48)}


@pytest.fixture(params=ORIENTATIONS, scope="module")
def segmentation(request):
    return synthetic_segmentation(request.param, SHAPES.get(request.param, (16, 48, 40)))


def test_a_lesion_on_the_patients_left_is_on_the_right_of_the_picture(segmentation):
    view = AxialView(segmentation.ct)
    for lesion in segmentation.lesions:
        number = slice_through(segmentation, view, lesion)
        rows, columns = np.nonzero(view.picture(segmentation.labels, number) == segmentation.classes.index(lesion.name))
        assert (columns.mean() > (view.columns - 1) / 2) == (lesion.centre_ras[0] < 0)
        assert (rows.mean() < (view.rows - 1) / 2) == (lesion.centre_ras[1] > 0)


def test_pixel_agrees_with_the_picture(segmentation):
    """A voxel marked at a point of the patient appears at the pixel that `pixel` gives."""
    ct = segmentation.ct
    view = AxialView(ct)
    index = np.array([ct.shape[0] // 3, ct.shape[1] // 4, ct.shape[2] // 5])
    marked = np.zeros(ct.shape, bool)
    marked[tuple(index)] = True
    number = int(np.flatnonzero(view.areas(marked))[0])
    ras = tuple(ct.affine[:3, :3] @ index + ct.affine[:3, 3])
    assert tuple(np.argwhere(view.picture(marked, number))[0]) == view.pixel(ras)
    assert view.areas(marked).size == view.slices


def test_the_overview_outlines_the_left_lesion_in_the_right_half(segmentation):
    figure = draw_overview(segmentation)
    stream = io.BytesIO()
    figure.savefig(stream, dpi=60)
    stream.seek(0)
    picture = imread(stream)[..., :3]
    vermilion = np.abs(picture - np.array([213, 94, 0]) / 255).max(-1) < 0.15
    panels = [axes for axes in figure.axes if axes.get_images() and axes.collections]
    height, width = picture.shape[:2]
    votes = 0
    for axes in panels:
        place = axes.get_position()
        top, bottom = round((1 - place.y1) * height), round((1 - place.y0) * height)
        left, right = round(place.x0 * width), round(place.x1 * width)
        columns = np.nonzero(vermilion[top:bottom, left:right])[1]
        if columns.size > 20:  # IPH is on the patient's left
            votes += 1
            assert columns.mean() > 0.5 * (right - left)
    assert votes >= 1


def test_slices_come_from_inferior_to_superior_and_show_the_largest_lesion(segmentation):
    view = AxialView(segmentation.ct)
    numbers = choose_slices(segmentation, view, 4)
    heights = [view.superior_mm(number) for number in numbers]
    assert heights == sorted(heights)
    assert slice_through(segmentation, view, segmentation.lesions[0]) in numbers
    assert len(numbers) == len(set(numbers)) == 4


def test_without_hemorrhage_the_overview_still_shows_the_head():
    segmentation = synthetic_segmentation(blobs=())
    assert segmentation.total_ml == 0
    numbers = choose_slices(segmentation, AxialView(segmentation.ct), 4)
    assert len(numbers) == 4
    texts = [text.get_text() for text in draw_overview(segmentation).texts]
    assert "No hemorrhage segmented" in texts
    assert any("not for diagnosis" in text for text in texts)
    assert sample_volumes_figure(segmentation) is None


def test_the_scale_bar_is_five_centimeters_long_in_the_picture():
    axes = draw_overview(synthetic_segmentation()).axes[0]
    (bar,) = axes.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(50)
    left, right, bottom, top = axes.get_images()[0].get_extent()
    box = axes.get_position()
    width, height = axes.figure.get_size_inches()
    assert (right - left) / (bottom - top) == pytest.approx(box.width * width / (box.height * height), rel=0.02)


def test_head_box_leaves_out_a_thin_head_holder():
    segmentation = synthetic_segmentation(shape=(16, 100, 100))
    view = AxialView(segmentation.ct)
    numbers = choose_slices(segmentation, view, 2)
    without = head_box(segmentation, view, numbers)
    segmentation.ct.hu[:, 97, 5:95] = 100
    assert head_box(segmentation, view, numbers) == without


def test_a_box_at_the_edge_stays_within_the_picture():
    view = AxialView(synthetic_segmentation().ct)
    for ras in ((-500.0, 500.0, 0.0), (500.0, -500.0, 0.0)):
        box = view.box_around(ras, 80)
        assert 0 <= box.top < box.bottom <= view.rows
        assert 0 <= box.left < box.right <= view.columns
    whole = view.box_around((0.0, 0.0, 0.0), 5000)
    assert (whole.top, whole.bottom, whole.left, whole.right) == (0, view.rows, 0, view.columns)


def test_pictures_are_reproducible():
    segmentation = synthetic_segmentation(blobs=BLOBS[:1])
    view = AxialView(segmentation.ct)
    assert lesion_close_up(segmentation, view, segmentation.lesions[0]) == lesion_close_up(
        segmentation, view, segmentation.lesions[0]
    )
    assert sample_volumes_figure(segmentation) == sample_volumes_figure(segmentation)
