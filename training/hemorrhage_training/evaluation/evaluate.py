"""An evaluation from beginning to end: cases matched, scored in parallel, and put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hemorrhage.errors import ArgumentError
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from ..case_processes import work_through
from .case_scores import CaseScores, Region
from .cases import CaseFiles, CaseList, check_grids, find_cases
from .class_names import BINARY_CLASSES, class_names, ignore_label
from .cohort import Cohort
from .evaluate_case import EvaluationSettings, evaluate_case
from .evaluation_folder import EvaluationFolder, fingerprint
from .write_evaluation import write_evaluation


@dataclass(frozen=True)
class Inputs:
    """What is evaluated.

    Attributes
    ----------
    predictions, references : Path
    raters, cts : Path or None
        See `find_cases`.
    binary : bool
        Whether all hemorrhage counts as one class.
    smallest_lesion_ml : float
        Lesions below this are neither missed nor false.
    partial : bool
        Whether references without a prediction are left out.
    """

    predictions: Path
    references: Path
    raters: Path | None = None
    cts: Path | None = None
    binary: bool = False
    smallest_lesion_ml: float = 0.0
    partial: bool = False


def evaluate(
    inputs: Inputs,
    output: Path,
    *,
    compare: Path | None = None,
    jobs: int = 1,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    should_stop: StopCallback | None = None,
) -> Cohort:
    """Evaluate predictions and write tables, figures and report.

    A run that was stopped or killed goes on where it was when it is started again with the same output: cases whose files
    and settings have not changed are not computed anew. The memory does not grow with the number of cases.

    Parameters
    ----------
    inputs : Inputs
    output : Path
    compare : Path, optional
        Folder of a finished evaluation of the same references, to compare with case by case.
    jobs : int
        Processes; each holds one case in memory.
    overwrite : bool
        Replace a finished evaluation.
    progress, should_stop : callbacks

    Raises
    ------
    ArgumentError, OutputExistsError
        Names do not match, classes differ, or the output holds something else.
    GeometryError, UnreadableInputError, NotAVolumeError
        A case cannot be evaluated; the sentence names it.
    Interrupted
        `should_stop` returned True; finished cases are kept.
    ResourceError
        A process was killed, most likely for want of memory.
    """
    if not inputs.smallest_lesion_ml >= 0 or jobs < 1:
        raise ArgumentError("the smallest lesion must be zero or more mL, and the number of jobs at least 1")
    if compare is not None and compare.resolve() == output.resolve():
        raise ArgumentError(f"{compare} cannot be compared with what replaces it: name another folder for the results")
    if compare is not None and not (compare / "cases.csv").is_file():
        raise ArgumentError(f"{compare} has no cases.csv: name the folder of a finished evaluation to compare with")
    report = progress or _silent
    found = find_cases(inputs.predictions, inputs.references, raters=inputs.raters, cts=inputs.cts, partial=inputs.partial)
    settings = _settings(inputs, found)
    for case in found.cases:
        check_grids(case)
    folder = EvaluationFolder.open(output, overwrite=overwrite)
    total = len(found.cases)
    report(Progress(Stage.EVALUATING, 0, total))
    for done, _ in enumerate(_scored(found.cases, settings, folder, jobs, should_stop), start=1):
        report(Progress(Stage.EVALUATING, done, total))
    report(Progress(Stage.SUMMARIZING))
    cohort = Cohort()
    for case in found.cases:
        scores = CaseScores.load(folder.scores_of(case), fingerprint(case, settings))
        if scores is None:
            raise ArgumentError(f"the files of case {case.name} changed during the evaluation: run it again")
        cohort.add(scores)
    report(Progress(Stage.REPORTING))
    record = {
        "predictions": str(inputs.predictions),
        "references": str(inputs.references),
        "settings": asdict(settings),
        "cases": cohort.cases,
        "predictions_without_reference": list(found.without_reference),
        "cases_with_head": sum(each.region is Region.HEAD for each in cohort.uncertainty),
    }
    with folder.finishing(record) as partial:
        write_evaluation(cohort, partial, found, inputs.predictions, inputs.references, compare)
    return cohort


def _settings(inputs: Inputs, found: CaseList) -> EvaluationSettings:
    results = (case.result for case in found.cases if case.result is not None)
    predicted, reference = class_names(results, inputs.predictions, inputs.references)
    if predicted != reference and not inputs.binary:
        raise ArgumentError(
            f"predictions have the classes {', '.join(predicted)}, references {', '.join(reference)}: "
            "compare all hemorrhage as one class with --binary"
        )
    classes = BINARY_CLASSES if inputs.binary else predicted
    return EvaluationSettings(predicted, reference, classes, inputs.smallest_lesion_ml, ignore_label(inputs.references))


def _scored(
    cases: Sequence[CaseFiles],
    settings: EvaluationSettings,
    folder: EvaluationFolder,
    jobs: int,
    should_stop: StopCallback | None,
) -> Iterator[None]:
    """Score what is not scored yet, in any order; yield once per case."""
    missing = []
    for case in cases:
        if _is_done(case, settings, folder):
            yield
        else:
            missing.append(case)
    tasks = [(case, settings, folder.scores_of(case)) for case in missing]
    for _ in work_through(_score, tasks, jobs, should_stop):
        yield


def _is_done(case: CaseFiles, settings: EvaluationSettings, folder: EvaluationFolder) -> bool:
    return CaseScores.load(folder.scores_of(case), fingerprint(case, settings)) is not None


def _score(case: CaseFiles, settings: EvaluationSettings, path: Path) -> None:
    """Score one case and keep the result on disk, where the run that puts all together finds it."""
    print_of_files = fingerprint(case, settings)
    evaluate_case(case, settings).save(path, print_of_files)


def _silent(progress: Progress) -> None:
    """Take no notice."""
