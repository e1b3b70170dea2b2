"""``hemorrhage simulate``: a data set of simulated head CTs with reference labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Out, Overwrite, ProgressMode, Seed, ShowProgress
from .progress_display import progress_display
from .stopping import stop_requested


def simulate(
    output: Out,
    cases: Annotated[int, typer.Option(min=1, help="Number of CTs.")] = 1,
    seed: Seed = 0,
    raters: Annotated[int, typer.Option(min=0, help="Plausible reference masks per case, beside the true one.")] = 0,
    base: Annotated[
        Path | None, typer.Option(metavar="CT", help="Real CT or template to take the anatomy from, deformed anew for each case.")
    ] = None,
    hemorrhage_free: Annotated[float, typer.Option(min=0.0, max=1.0, help="Probability that a case has no hemorrhage.")] = 0.15,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Simulate head CTs with hemorrhages and their reference labels, in nnU-Net's raw layout.

    Examples
    --------
    - `hemorrhage simulate -o Dataset001_Simulated --cases 100`
    - `hemorrhage simulate -o raters --cases 5 --raters 4 --seed 1`
    """
    with progress_display(progress) as report:
        from ..simulation import load_base
        from ..simulation.cohort import simulate_cohort

        folder = simulate_cohort(
            output.expanduser().absolute(),
            cases,
            seed,
            raters=raters,
            base=None if base is None else load_base(base),
            hemorrhage_free=hemorrhage_free,
            progress=report,
            should_stop=stop_requested,
            overwrite=overwrite,
        )
    if progress is ProgressMode.JSON:
        import json

        print(json.dumps({"event": "result", "output": str(folder), "cases": cases}), flush=True)
    else:
        typer.echo(f"{cases} simulated {'case' if cases == 1 else 'cases'} in {folder}")
