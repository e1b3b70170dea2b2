"""Color files with the names that the application ships: the wheel has the logic that reads them, but not the files."""

from __future__ import annotations

import colorsys
from pathlib import Path

CONTINUOUS = ("Inferno", "Viridis", "Magma", "Plasma", "Cividis")
DISCRETE = {"GenericColors": 64, "GenericAnatomyColors": 64, "DarkBrightChartColors": 32}
LEVELS = 256
_GOLDEN_RATIO = 0.618  # steps of the hue by which neighbors in a table stay distinct


def write_color_files(folder: Path) -> None:
    """Write the tables as `NAME.txt`: one line `index name red green blue alpha` a color, components from 0 to 255."""
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    for name in CONTINUOUS:
        colors = matplotlib.colormaps[name.lower()].resampled(LEVELS)
        _write(folder / f"{name}.txt", [(str(i), colors(i)[:3]) for i in range(LEVELS)])
    for name, count in DISCRETE.items():
        rows = [(f"{name}_{i}", colorsys.hsv_to_rgb(i * _GOLDEN_RATIO % 1.0, 0.6, 0.9)) for i in range(1, count)]
        _write(folder / f"{name}.txt", rows, background=True)


def _write(path: Path, rows: list[tuple[str, tuple[float, float, float]]], *, background: bool = False) -> None:
    lines = ["0 Background 0 0 0 0"] if background else []
    for name, color in rows:
        red, green, blue = (round(255 * component) for component in color)
        lines.append(f"{len(lines)} {name} {red} {green} {blue} 255")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
