"""Consistency-weighted against plain aggregation, over the weight of the expansions (Li et al., Fig. 5)."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

import numpy as np
import torch

from hemorrhage.models.model import Model
from hemorrhage.slexnet import Weighting
from hemorrhage.slexnet.aggregation import aggregate
from hemorrhage.slexnet.slice_expansion_network import SliceExpansionNetwork

from ...evaluation.overlap import Overlap
from ...slices.slice_store import labels_on_grid
from .unseen_cases import UnseenCase

#: The paper's eleven weights.
WEIGHTS = tuple(round(0.05 * k, 2) for k in range(11))


def dice_by_weight(model: Model, cases: Iterable[UnseenCase], device: str) -> dict[str, list[float | None]]:
    """Return the mean Dice of any hemorrhage for each of `WEIGHTS`, by the name of the weighting.

    The network's hypotheses are computed once and aggregated anew; Dice is that of whole volumes in the network's own pixels.
    The network itself was trained with one weight, the one in its settings. None = no case has hemorrhage.
    """
    network = model.network(device)
    assert isinstance(network, SliceExpansionNetwork)
    found: dict[tuple[Weighting, float], list[float]] = {}
    for case in cases:
        prepared = network.prepare(case.ct)
        own, *expanded = (each.transpose(0, 1) for each in network.hypotheses(prepared.data))
        reference = labels_on_grid(case.reference, prepared.grid, None) > 0
        for weighting in Weighting:
            for weight in WEIGHTS:
                settings = network.settings.model_copy(update={"beta": weight, "weighting": weighting})
                predicted = (aggregate(own, expanded, settings).argmax(1) > 0).cpu().numpy()
                dice = Overlap.of(np.asarray(predicted), reference).dice
                if dice is not None:
                    found.setdefault((weighting, weight), []).append(dice)
        del own, expanded
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return {
        weighting.value: [fmean(values) if (values := found.get((weighting, weight))) else None for weight in WEIGHTS]
        for weighting in Weighting
    }
