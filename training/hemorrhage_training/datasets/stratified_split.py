"""Dividing patients into groups in which every subtype is as frequent as in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

#: The label of a patient in whom nothing was found, so that these are spread too.
_NOTHING = frozenset({"nothing"})


def stratified_groups(
    subtypes: Mapping[str, frozenset[str]], shares: Sequence[float], rng: np.random.Generator
) -> dict[str, int]:
    """Assign every patient to a group.

    Iterative stratification for several labels at once (Sechidis, Tsoumakas and Vlahavas 2011): the rarest subtype is dealt out
    first, each patient to the group that still lacks most of it.

    Parameters
    ----------
    subtypes : mapping of patient to the subtypes found in any of its cases
    shares : sequence of float
        Wanted share of each group; they sum to 1.
    rng : numpy Generator
        Breaks ties, and nothing else.

    Returns
    -------
    dict of patient to group index
    """
    labels = {patient: found or _NOTHING for patient, found in subtypes.items()}
    order = sorted(labels)
    rng.shuffle(order)
    wanted_patients = np.array(shares) * len(order)
    frequency = {label: sum(label in found for found in labels.values()) for found in labels.values() for label in found}
    wanted = {label: np.array(shares) * count for label, count in frequency.items()}
    group_of: dict[str, int] = {}
    while len(group_of) < len(order):
        left = [patient for patient in order if patient not in group_of]
        remaining = {label: sum(label in labels[patient] for patient in left) for label in frequency}
        rarest = min((label for label in remaining if remaining[label]), key=lambda label: (remaining[label], label))
        for patient in (each for each in left if rarest in labels[each]):
            group = _neediest(wanted[rarest], wanted_patients, rng)
            group_of[patient] = group
            wanted_patients[group] -= 1
            for label in labels[patient]:
                wanted[label][group] -= 1
    return group_of


def _neediest(wanted: np.ndarray, wanted_patients: np.ndarray, rng: np.random.Generator) -> int:
    """Return the group that lacks most of the label; among equals that with most room, then one by chance.

    A group without room for a whole patient gets no more while another has it: else the sizes of small groups would come out
    far from what was asked for.
    """
    groups = np.flatnonzero(wanted_patients > min(1.0, wanted_patients.max()) - 1e-9)
    groups = groups[np.isclose(wanted[groups], wanted[groups].max())]
    groups = groups[np.isclose(wanted_patients[groups], wanted_patients[groups].max())]
    return int(rng.choice(groups))
