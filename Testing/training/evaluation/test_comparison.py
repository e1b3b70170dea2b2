"""Paired tests against SciPy and by hand."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from hemorrhage.errors import ArgumentError
from hemorrhage_training.evaluation.comparison import comparison_table, holm, paired_test


def test_agrees_with_scipy():
    differences = np.random.default_rng(0).normal(0.3, 1, 40)
    test = paired_test(differences)
    assert test.p_value == pytest.approx(wilcoxon(differences).pvalue)


def test_effect_by_hand():
    """Ranks of |1|, |-2|, |3| are 1, 2, 3: (1 + 3 - 2) / 6; the zero is left out."""
    test = paired_test([1, -2, 3, 0])
    assert (test.pairs, test.zeros) == (4, 1)
    assert test.rank_biserial == pytest.approx(1 / 3)


def test_equal_methods():
    test = paired_test([0.0, 0.0])
    assert (test.p_value, test.rank_biserial) == (None, None)


def test_holm_by_hand():
    """0.01 x 3, then 0.03 x 2, then the larger of 0.04 x 1 and what came before."""
    assert holm([0.04, None, 0.01, 0.03]) == pytest.approx([0.06, None, 0.03, 0.06])


HEADER = "case,class,predicted_ml,reference_ml,dice,jaccard,hd_mm,hd95_mm,assd_mm\n"


def test_pairs_are_matched_by_case_and_class(tmp_path):
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    here.write_text(HEADER + "b,IPH,4,5,0.8,0.7,3,2,1\na,IPH,2,2,0.6,0.5,,,\nc,IPH,1,1,0.5,0.4,1,1,1\n")
    there.write_text(HEADER + "a,IPH,3,2,0.5,0.4,4,3,2\nb,IPH,9,5,0.5,0.4,5,4,3\n")
    rows = {(row[0], row[1]): row for row in comparison_table(here, there).rows}
    assert rows["IPH", "dice"][2:4] == (2, pytest.approx(0.2))
    assert rows["IPH", "hd_mm"][2:4] == (1, pytest.approx(-2))
    assert rows["IPH", "hd_mm"][6] == 1  # shorter is better
    assert rows["IPH", "absolute_volume_error_ml"][3] == pytest.approx(((1 - 4) + (0 - 1)) / 2)


def test_other_references_or_cases_are_refused(tmp_path):
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    here.write_text(HEADER + "a,IPH,2,2,0.6,0.5,1,1,1\n")
    there.write_text(HEADER + "a,IPH,2,2.5,0.6,0.5,1,1,1\n")
    with pytest.raises(ArgumentError, match="other references"):
        comparison_table(here, there)
    there.write_text(HEADER + "b,IPH,2,2,0.6,0.5,1,1,1\n")
    with pytest.raises(ArgumentError, match="no case in common"):
        comparison_table(here, there)
    there.write_text("something,else\n1,2\n")
    with pytest.raises(ArgumentError, match="no table of cases"):
        comparison_table(here, there)
