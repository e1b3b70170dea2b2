"""What of the uncertainty-aware training can be set; stored with the plans, so that a run is continued as it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Key of the settings in a plans file.
PLANS_KEY = "uncertainty_weighting"


class UncertaintySettings(BaseModel):
    """Settings of `nnUNetTrainerUncertaintyAware`.

    Attributes
    ----------
    lam : float
        lambda of Eq. 5 (the paper: 50); 0 is stock nnU-Net training.
    ramp_epochs : int
        Epochs over which lambda grows linearly from 0; 0 is a constant lambda.
    samples : int
        Predictions per step from which U is computed, the gradient pass' own included (the paper: 20 beside it).
    transforms : int
        Random operators per sample (the paper: 5).
    preset : str or None
        Distribution of the transforms; by default chosen by the slice thickness.
    every : int
        U is computed at every k-th step, and weighs k lambda there; the steps between are stock steps. On average over
        steps the cross-entropy of a voxel weighs 1 + lambda U, as it would with U at every step. The defaults of this and of
        `samples` are the cheapest with which U correlated with the paper's by 0.8 in our study (see ``training/README.md``).
    epochs, iterations, validation_iterations : int
        Length of the training (the paper: 300 epochs; nnU-Net: 250 and 50 iterations each).
    save_every : int
        Epochs between checkpoints.
    deterministic : bool
        Repeatable to the bit on one machine, with data loaded in one process: slower.
    seed : int
        Seed of transforms and, if deterministic, of everything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lam: Annotated[float, Field(ge=0)] = 50.0
    ramp_epochs: Annotated[int, Field(ge=0)] = 0
    samples: Annotated[int, Field(ge=2)] = 5
    transforms: Annotated[int, Field(ge=0)] = 5
    preset: Literal["paper", "anisotropic"] | None = None
    every: Annotated[int, Field(ge=1)] = 3
    epochs: Annotated[int, Field(ge=1)] = 300
    iterations: Annotated[int, Field(ge=1)] = 250
    validation_iterations: Annotated[int, Field(ge=1)] = 50
    save_every: Annotated[int, Field(ge=1)] = 10
    deterministic: bool = False
    seed: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def of_plans(cls, plans: Mapping[str, Any]) -> UncertaintySettings:
        """Read the settings that a plans file carries; without any, the defaults."""
        return cls.model_validate(plans.get(PLANS_KEY, {}))
