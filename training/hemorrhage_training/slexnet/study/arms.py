"""What is compared: networks, and ways to draw samples from them (Li et al., Tables I, II and IV)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hemorrhage.method import Method


class Variant(StrEnum):
    """Variants of SLEX-Net, by the paper's names."""

    F = "F"
    B = "B"
    FOUR = "4"
    SIX = "6"
    EIGHT = "8"
    PLUS_PLUS = "++"


_CHANGES: dict[Variant, dict[str, Any]] = {
    Variant.F: {"network": {"direction": "forward", "weighting": "plain"}},
    Variant.B: {"network": {"direction": "backward", "weighting": "plain"}},
    Variant.FOUR: {"network": {"reach": 2}},
    Variant.SIX: {"network": {"reach": 3}},
    Variant.EIGHT: {"network": {"reach": 4}},
    Variant.PLUS_PLUS: {"slexnet": {"supervise_neighbors": True}},
}


@dataclass(frozen=True)
class Arm:
    """One row of the tables.

    Attributes
    ----------
    title : str
    trained : str
        Name of the training; arms of the same name share their network.
    method : Method
        How samples are drawn.
    samples : int
    changes : mapping
        Sections of the configuration that differ.
    """

    title: str
    trained: str
    method: Method
    samples: int
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_slexnet(self) -> bool:
        """Whether the network is a SLEX-Net, and not its backbone alone."""
        return self.changes["method"] == "slexnet"

    def name(self, seed: int) -> str:
        """Name of the arm's files for one seed."""
        return f"{self.trained}-{self.method.value}-{self.samples}-{seed}"


def comparison(passes: int, members: int) -> list[Arm]:
    """Return the rows of Table II; SLEX-Net twice, since its label map may come from either of two predictions."""
    return [
        Arm("Backbone, its own entropy", "backbone", Method.DETERMINISTIC, 1, {"method": "mcbn"}),
        Arm(f"MC dropout, {passes} passes", "dropout", Method.DROPOUT, passes, {"method": "dropout"}),
        Arm(f"MC batch normalization, {passes} passes", "backbone", Method.MCBN, passes, {"method": "mcbn"}),
        Arm(f"Ensemble of {members}", "ensemble", Method.ENSEMBLE, members, {"method": "ensemble"}),
        Arm("SLEX-Net, mean of its 3 hypotheses", "slexnet", Method.SLEX, 3, {"method": "slexnet"}),
        Arm("SLEX-Net, aggregated (Eq. 7)", "slexnet", Method.DETERMINISTIC, 1, {"method": "slexnet"}),
    ]


def variant(which: Variant) -> Arm:
    """Return a row of Table I or IV, by its aggregated prediction."""
    name = "plus" if which is Variant.PLUS_PLUS else which.value
    title = "SLEX-Net++" if which is Variant.PLUS_PLUS else f"SLEX-Net-{which.value}"
    return Arm(title, f"slexnet-{name}", Method.DETERMINISTIC, 1, {"method": "slexnet", **_CHANGES[which]})
