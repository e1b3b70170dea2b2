"""A report of a training that opens offline: curves, the last figures, settings."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
from matplotlib.figure import Figure

from hemorrhage.report.data_uri import png_data_uri

#: Colors of the classes in curves.
CLASS_COLORS = matplotlib.colormaps["tab10"]


@dataclass(frozen=True)
class ReportPart:
    """One run of epochs.

    Attributes
    ----------
    summary : str
        A sentence: how far it came, and how good it is.
    figure : Figure or None
        Curves; None if no epoch was finished.
    scores : mapping of class name to float
        The table below; NaN where a class did not occur.
    column : str
        What `scores` are.
    heading : str
        Empty if there is one part only.
    samples : bytes
        Picture (PNG) of a few validation patches; empty without one.
    """

    summary: str
    figure: Figure | None
    scores: Mapping[str, float]
    column: str
    heading: str = ""
    samples: bytes = b""

    @property
    def curves(self) -> str:
        """The figure as a data URI; empty without one."""
        if self.figure is None:
            return ""
        return png_data_uri(png_of(self.figure))

    @property
    def sample_picture(self) -> str:
        """`samples` as a data URI; empty without them."""
        return png_data_uri(self.samples) if self.samples else ""


def write_report(path: Path, title: str, notice: str, parts: Sequence[ReportPart], settings: Mapping[str, Any]) -> Path:
    """Write the report.

    Parameters
    ----------
    path : Path
        HTML file to write.
    title : str
    notice : str
        What the figures are measured on, one sentence.
    parts : sequence of ReportPart
    settings : mapping
        Among them ``data set``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    html = environment.get_template("training_report.html.j2").render(title=title, notice=notice, parts=parts, settings=settings)
    partial = path.with_suffix(".partial")
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
    return path


def png_of(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def curve_style(epochs: int) -> dict[str, Any]:
    """Return the style of curves: few epochs are shown as points too."""
    return {"marker": "o", "markersize": 3} if epochs < 30 else {}
