"""``hemorrhage compare``: what changed between two CTs of one patient."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UnreadableInputError

if TYPE_CHECKING:
    from ..measures import VolumeChange


def compare(
    earlier: Annotated[Path, typer.Argument(metavar="EARLIER", help="Result folder of the earlier CT.")],
    later: Annotated[Path, typer.Argument(metavar="LATER", help="Result folder of the later CT.")],
    growth_ml: Annotated[float, typer.Option(min=0, metavar="ML", help="Growth above this is expansion.")] = 6.0,
    growth_percent: Annotated[
        float, typer.Option(min=0, metavar="PERCENT", help="Growth above this share of the earlier volume is expansion.")
    ] = 33.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Compare two results: change in mL with its interval, and the probability of hematoma expansion.

    Examples
    --------
    - `hemorrhage compare monday tuesday`
    - `hemorrhage compare monday tuesday --growth-ml 12.5 --json`
    """
    from ..measures import ExpansionCriterion, compare_results

    criterion = ExpansionCriterion(growth_ml, growth_percent)
    changes = compare_results(_read_result(earlier), _read_result(later), criterion)
    if as_json:
        record = {"earlier": str(earlier), "later": str(later), "criterion": asdict(criterion)}
        typer.echo(json.dumps({**record, "changes": [asdict(change) for change in changes]}, indent=2, ensure_ascii=False))
        return
    _show_table(changes, criterion.growth_ml, criterion.growth_percent)


def _read_result(folder: Path) -> dict[str, Any]:
    from ..writing.result_schema import ResultRecord

    path = folder / "result.json" if folder.is_dir() else folder
    try:
        return ResultRecord.model_validate_json(path.read_bytes()).model_dump()
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read ({error.strerror}): name the folder of a result") from error
    except ValueError as error:
        raise UnreadableInputError(f"{path} is not a result of this program: name the folder of a result") from error


def _show_table(changes: Sequence[VolumeChange], growth_ml: float, growth_percent: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Change of hemorrhage volumes")
    table.add_column("class")
    for column in ("earlier mL", "later mL", "change mL", "5 % to 95 % of pairs", "change %", "P(expansion)"):
        table.add_column(column, justify="right")
    for change in changes:
        if change.name == "total":
            table.add_section()
        table.add_row(
            change.name,
            f"{change.earlier_ml:.1f}",
            f"{change.later_ml:.1f}",
            f"{change.change_ml:+.1f}",
            f"{change.low_ml:+.1f} to {change.high_ml:+.1f}",
            "-" if change.change_percent is None else f"{change.change_percent:+.0f}",
            f"{100 * change.probability_expansion:.0f} %",
            style="bold" if change.name == "total" else None,
        )
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    console.print(f"Expansion: growth by more than {growth_ml:g} mL or {growth_percent:g} %. Probabilities are not calibrated.")
    console.print("Research use only, not for diagnosis.", style="dim")
