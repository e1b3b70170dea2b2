"""Draw a contact sheet of simulated head CTs: every subtype, combinations, none, and mimics. Look at it beside real CT.

Usage: python Testing/benchmarks/contact_sheet.py [OUTPUT.png] [--seed N]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from hemorrhage.hemorrhage_class import CLASS_COLOURS, SIX_CLASSES
from hemorrhage.simulation import simulate_head_ct

DEFAULT = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots" / "simulated_contact_sheet.png"
COLUMNS = 6
#: Row title, subtypes (None = drawn), and whether the case is chosen for its mimics.
ROWS = (
    *((name, (name,)) for name in SIX_CLASSES[1:]),
    ("as drawn", None),
    ("none, with mimics", ()),
)


def draw(output: Path, seed: int) -> None:
    """Write the sheet: for each row the CT in a brain window, and below it the same with the reference's outlines."""
    figure, axes = plt.subplots(2 * len(ROWS), COLUMNS, figsize=(COLUMNS * 1.3, 2 * len(ROWS) * 1.55), facecolor="black")
    for axis in axes.ravel():
        axis.axis("off")
    for row, (title, classes) in enumerate(ROWS):
        for column in range(COLUMNS):
            case = simulate_head_ct(seed + 100 * row + column, classes=classes, shape=(28, 224, 224))
            labels = case.labels
            areas = (labels > 0).sum((1, 2))
            shown = int(areas.argmax()) if areas.any() else len(areas) // 2 + column - COLUMNS // 2
            crop = _head(_upright(case.ct.hu[shown], case.ct.affine))
            plain, outlined = axes[2 * row, column], axes[2 * row + 1, column]
            for axis in (plain, outlined):
                _, height, width = case.ct.spacing
                axis.imshow(
                    _upright(case.ct.hu[shown], case.ct.affine)[crop], cmap="gray", vmin=0, vmax=80, aspect=height / width
                )
            for value, name in enumerate(SIX_CLASSES[1:], start=1):
                mask = _upright(labels[shown] == value, case.ct.affine)[crop]
                if mask.any():
                    outlined.contour(mask, [0.5], colors=[np.array(CLASS_COLOURS[name]) / 255], linewidths=0.9)
            if column == 0:
                plain.set_title(title, color="white", fontsize=7, loc="left", pad=2)
    figure.subplots_adjust(0.002, 0.002, 0.998, 0.985, 0.01, 0.03)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=100, facecolor="black", pil_kwargs={"optimize": True})
    _reduce(output)


def _upright(values: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Turn a slice so that anterior is up and the patient's right is on the left of the picture (radiological)."""
    if affine[1, 1] > 0:
        values = values[::-1]
    return values[:, ::-1] if affine[0, 2] > 0 else values


def _head(hu: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of a slice that hold the head, with a margin."""
    inside = hu > -300
    rows, columns = np.flatnonzero(inside.mean(1) > 0.08), np.flatnonzero(inside.mean(0) > 0.08)
    if not rows.size or not columns.size:
        return slice(None), slice(None)
    return slice(max(0, rows[0] - 4), rows[-1] + 5), slice(max(0, columns[0] - 4), columns[-1] + 5)


def _reduce(path: Path) -> None:
    """Store the picture with a palette of greys and of the outlines' colors, which is all that it shows."""
    from PIL import Image

    greys = [(v, v, v) for v in np.linspace(0, 255, 40).astype(int).tolist()]
    colours = [tuple(int(f * v) for v in c) for c in CLASS_COLOURS.values() for f in (0.4, 0.6, 0.8, 1.0)]
    palette = Image.new("P", (1, 1))
    entries = [v for c in (greys + colours) for v in c]
    palette.putpalette(entries + entries[:3] * (256 - len(entries) // 3))
    picture = Image.open(path).convert("RGB")
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw(arguments.output, arguments.seed)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1000:.0f} kB")
