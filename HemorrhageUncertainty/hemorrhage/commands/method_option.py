"""The option ``--method``: what it lists, and how a shell completes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from .. import method as methods


def complete_method(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the methods of the model that was named so far, with explanations; of all of them if it cannot be read."""
    offered = _offered_by(str(context.params.get("model") or "default"))
    return [(each.value, each.explanation) for each in offered if each.value.startswith(incomplete)]


def _offered_by(model: str) -> Sequence[methods.Method]:
    from pathlib import Path

    from ..errors import ModelError
    from ..models.model_card import read_card
    from ..models.registry import list_models

    known = (entry.folder for entry in list_models() if model in (entry.name, entry.alias))
    try:
        return read_card(next(known, Path(model).expanduser())).methods
    except ModelError:
        return list(methods.Method)


Method = Annotated[
    str | None,
    typer.Option(
        metavar="METHOD",
        autocompletion=complete_method,
        help="How samples are drawn; default: what the model was made for, which offers some of these (`hemorrhage models info` "
        "says which).\n\n" + "\n\n".join(f"- **{each.value}** {each.explanation}" for each in methods.Method),
    ),
]
