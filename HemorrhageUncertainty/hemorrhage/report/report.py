"""``report.html``: one file that opens offline and prints well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ..hemorrhage_class import CLASS_COLOURS, HemorrhageClass
from ..json_types import json_types
from ..measures.places import uncertainty_threshold
from ..segmentation import Segmentation, VolumeEstimate
from .axial_view import AxialView
from .data_uri import png_data_uri
from .figures import lesion_close_up, place_close_up, sample_volumes_figure
from .overview import RESEARCH_USE, write_overview

#: Lesions with a picture of their own; the table lists more, and lesions.csv all of them.
_PICTURED_LESIONS = 8
_LISTED_LESIONS = 30
_PICTURED_PLACES = 6
_LONGEST_LIST = 8


def write_report(segmentation: Segmentation, path: Path, *, overview_png: bytes | None = None) -> Path:
    """Write the report and return its path.

    Parameters
    ----------
    segmentation : Segmentation
    path : Path
        The HTML file; everything it shows is embedded in it.
    overview_png : bytes, optional
        The overview, if it has been drawn already.
    """
    if overview_png is None:
        overview_png = write_overview(segmentation, path.with_suffix(".overview.png")).read_bytes()
        path.with_suffix(".overview.png").unlink()
    path.write_text(render_report(segmentation, overview_png), encoding="utf-8")
    return path


def render_report(segmentation: Segmentation, overview_png: bytes) -> str:
    """Return the report as HTML; every text is escaped, paths may hold any character."""
    view = AxialView(segmentation.ct)
    environment = Environment(
        loader=PackageLoader("hemorrhage", "report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ml": _ml, "interval": _interval, "percent": _percent, "point": _point, "size": _size}
    figure = sample_volumes_figure(segmentation)
    lesions = segmentation.lesions[:_LISTED_LESIONS]
    return environment.get_template("report.html.j2").render(
        segmentation=segmentation,
        ct=segmentation.ct,
        method=segmentation.provenance.get("method_in_words"),
        total=segmentation.volumes[-1],
        found=[volume for volume in segmentation.volumes[:-1] if volume.volume_ml > 0],
        samples=len(segmentation.volumes[-1].samples_ml),
        lesions=[
            (lesion, png_data_uri(lesion_close_up(segmentation, view, lesion)) if lesion.number <= _PICTURED_LESIONS else None)
            for lesion in lesions
        ],
        places=[
            (place, png_data_uri(place_close_up(segmentation, view, place)) if place.rank <= _PICTURED_PLACES else None)
            for place in segmentation.places
        ],
        slices=view.slices,
        overview=png_data_uri(overview_png),
        histogram=png_data_uri(figure) if figure else None,
        colours={name: "rgb({}, {}, {})".format(*rgb) for name, rgb in CLASS_COLOURS.items()},
        full_names={each.name: each.full_name for each in HemorrhageClass},
        threshold=uncertainty_threshold(len(segmentation.classes)),
        provenance=list(_rows(json_types(segmentation.provenance))),
        research_use=RESEARCH_USE,
    )


def _rows(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the scalars and short lists of nested provenance; long lists (each sample's parameters) stay in result.json."""
    for key, value in record.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _rows(value, f"{prefix}{key}, ")
        elif isinstance(value, list):
            plain = not any(isinstance(item, Mapping | list) for item in value)
            if value and plain and len(value) <= _LONGEST_LIST:
                yield name, ", ".join(_scalar(item) for item in value)
        elif value is not None and value != "":
            yield name, _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _ml(value: float) -> str:
    """Return a volume with as many digits as a reader needs."""
    if 0 < value < 0.01:
        return "< 0.01"
    return f"{value:.2f}" if 0 < value < 1 else f"{value:.1f}"


def _interval(volume: VolumeEstimate) -> str:
    return volume.interval_text(_ml)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _point(ras: Sequence[float]) -> str:
    """Return a point in words that nobody can misread: ``R 31, A 12, S 40``."""
    letters = zip(("RL", "AP", "SI"), ras, strict=True)
    return ", ".join(f"{pair[0] if value >= 0 else pair[1]} {abs(value):.0f}" for pair, value in letters)


def _size(extent: Sequence[float]) -> str:
    return " × ".join(f"{length:.0f}" for length in extent)
