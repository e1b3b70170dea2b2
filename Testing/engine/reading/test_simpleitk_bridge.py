"""SimpleITK images in and out."""

import numpy as np
import pytest
import SimpleITK as sitk

from harness.head_phantom import centered, tiny_head
from hemorrhage import HeadCT
from hemorrhage.errors import GeometryError, NotACTError, NotAVolumeError
from hemorrhage.reading import from_simpleitk, to_simpleitk

SHEARED = centered(np.array([[0.0, 0, -6], [2, -5.8, 0.3], [7, 1, 0]]), (16, 20, 22))


def test_round_trip_is_exact_also_when_sheared():
    ct = HeadCT(tiny_head(), SHEARED)
    back = from_simpleitk(to_simpleitk(ct.hu, ct))
    assert np.allclose(back.affine, SHEARED, rtol=0, atol=1e-12)
    assert np.array_equal(back.hu, ct.hu)


def test_points_are_simpleitks():
    ct = HeadCT(tiny_head(), SHEARED)
    image = to_simpleitk(ct.hu, ct)
    for index in ((0, 0, 0), (3, 7, 11)):
        point = np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        assert np.allclose(SHEARED[:3] @ [*index[::-1], 1], point)
        assert image[index] == ct.hu[index[::-1]]


def test_one_volume_per_class_becomes_vectors():
    ct = HeadCT(tiny_head(), SHEARED)
    image = to_simpleitk(np.stack([ct.hu, ct.hu + 1]), ct)
    assert image.GetNumberOfComponentsPerPixel() == 2
    assert image.GetSize() == (22, 20, 16)


def test_wrong_grid_is_refused():
    ct = HeadCT(tiny_head(), SHEARED)
    with pytest.raises(GeometryError, match="does not lie on the CT's grid"):
        to_simpleitk(ct.hu[1:], ct)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (tiny_head()[0], NotAVolumeError),
        (np.stack([tiny_head(), tiny_head()]), NotAVolumeError),
        (tiny_head().clip(0, 80), NotACTError),
        (tiny_head().astype(np.complex64), NotAVolumeError),
    ],
)
def test_unusable_images_are_refused(array, kind):
    image = sitk.GetImageFromArray(array, isVector=False)
    image.SetSpacing([6.0, 6, 7, 1][: image.GetDimension()])
    with pytest.raises(kind):
        from_simpleitk(image)


def test_4d_with_one_volume_is_taken():
    image = sitk.GetImageFromArray(tiny_head()[None], isVector=False)
    image.SetSpacing([6.0, 6, 7, 1])
    assert from_simpleitk(image).shape == (16, 20, 22)
