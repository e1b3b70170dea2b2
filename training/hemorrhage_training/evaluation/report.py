"""The evaluation as people read it: tables in one Markdown file, tables and figures in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hemorrhage import __version__
from hemorrhage.report.data_uri import png_data_uri

from .tables import Table, in_words

_RESEARCH_USE = "Research use only — not for diagnosis"


@dataclass(frozen=True)
class Section:
    """A table with the figures that belong to it, as (PNG file, caption)."""

    table: Table
    figures: tuple[tuple[Path, str], ...] = ()


def write_markdown(tables: Sequence[Table], path: Path) -> None:
    """Write all tables into one Markdown file."""
    path.write_text("# Evaluation\n\n" + "\n".join(table.markdown() for table in tables), encoding="utf-8")


def write_report(
    sections: Sequence[Section], path: Path, *, cases: int, predictions: Path, references: Path, notes: Sequence[str]
) -> None:
    """Write ``report.html``, which embeds its pictures and opens offline."""
    environment = Environment(
        loader=PackageLoader("hemorrhage_training", "evaluation"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_words"] = in_words
    html = environment.get_template("report.html.j2").render(
        research_use=_RESEARCH_USE,
        cases=cases,
        predictions=str(predictions),
        references=str(references),
        notes=list(notes),
        sections=[
            {
                "table": section.table,
                "texts": [
                    any(isinstance(row[column], str) and column < _leading_texts(section.table) for row in section.table.rows)
                    for column in range(len(section.table.columns))
                ],
                "pictures": [
                    {"source": png_data_uri(picture.read_bytes()), "caption": caption} for picture, caption in section.figures
                ],
            }
            for section in sections
        ],
        made_with=f"hemorrhage-uncertainty {__version__}",
    )
    path.write_text(html, encoding="utf-8")


def _leading_texts(table: Table) -> int:
    """Return how many columns at the left hold names; later texts are numbers with an interval and stay on the right."""
    count = 0
    while count < len(table.columns) and table.rows and all(isinstance(row[count], str) for row in table.rows):
        count += 1
        if count == 2:
            break
    return count
