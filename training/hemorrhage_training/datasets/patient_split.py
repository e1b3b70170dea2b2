"""Which cases train, which test, and in which fold each training case validates: by patient, always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .manifest import CaseRecord, LeftOut
from .source_case import Split
from .staging import in_split
from .stratified_split import stratified_groups


@dataclass(frozen=True)
class SplitWish:
    """What the user asks for.

    Attributes
    ----------
    seed : int
    test_fraction : float
        Share of patients for testing where no list decides, in [0, 1).
    folds : int
        Of cross-validation over the training patients; at least 2.
    use_official : bool
        Whether a list that comes with the source decides.
    """

    seed: int = 0
    test_fraction: float = 0.2
    folds: int = 5
    use_official: bool = True


def split_cases(
    records: Sequence[CaseRecord], listed: Mapping[str, Split | None], wish: SplitWish
) -> tuple[list[CaseRecord], list[LeftOut]]:
    """Divide cases into training and test, and training cases into folds.

    Parameters
    ----------
    records : sequence of CaseRecord
    listed : mapping of case name to split or None
        What the source says. If it says anything, cases that it does not mention train, unless the patient has test cases.
    wish : SplitWish

    Returns
    -------
    divided : list of CaseRecord
    left_out : list of LeftOut
        Training cases of patients who, by the source's list, have test cases too: they would leak into the test.
    """
    subtypes: dict[str, frozenset[str]] = {}
    for record in records:
        subtypes[record.patient] = subtypes.get(record.patient, frozenset()) | record.subtypes
    left_out: list[LeftOut] = []
    if any(listed.values()) and wish.use_official:
        test = {record.patient for record in records if listed[record.name] is Split.TEST}
        clashing = [record for record in records if record.patient in test and listed[record.name] is Split.TRAINING]
        left_out = [
            LeftOut(name=record.name, reason=f"patient {record.patient} is also in the test set: it would not be a test any more")
            for record in clashing
        ]
        records = [record for record in records if record not in clashing]
    else:
        shares = (1 - wish.test_fraction, wish.test_fraction)
        groups = stratified_groups(subtypes, shares, np.random.default_rng([wish.seed, 0]))
        test = {patient for patient, group in groups.items() if group == 1}
    training = {record.patient: subtypes[record.patient] for record in records if record.patient not in test}
    folds = fold_of_patients(training, wish)
    divided = [
        in_split(record, Split.TEST, None) if record.patient in test else in_split(record, Split.TRAINING, folds[record.patient])
        for record in records
    ]
    return divided, left_out


def fold_of_patients(training: Mapping[str, frozenset[str]], wish: SplitWish) -> dict[str, int]:
    """Return the fold in which each training patient validates; fewer folds than wished for where patients are few."""
    count = min(wish.folds, max(1, len(training)))
    groups = stratified_groups(training, (1 / count,) * count, np.random.default_rng([wish.seed, 1]))
    used = sorted(set(groups.values()))
    return {patient: used.index(group) for patient, group in groups.items()}


def nnunet_splits(records: Sequence[CaseRecord]) -> list[dict[str, list[str]]]:
    """Return the content of nnU-Net's ``splits_final.json``: for each fold, the cases that train and those that validate."""
    training = sorted((record for record in records if record.split is Split.TRAINING), key=lambda record: record.name)
    return [
        {
            "train": [record.name for record in training if record.fold != fold],
            "val": [record.name for record in training if record.fold == fold],
        }
        for fold in sorted({record.fold for record in training if record.fold is not None})
    ]
