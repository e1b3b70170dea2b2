"""``hemorrhage evaluate`` as a user calls it."""

from __future__ import annotations

import json

import pytest

from hemorrhage.commands import main


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *(str(each) for each in arguments)])
    return int(ended.value.code or 0)


def test_shows_a_table_and_where_the_report_is(data_set, label_maps, tmp_path, capsys):
    assert run(label_maps, data_set.references, "-o", tmp_path / "out") == 0
    shown = capsys.readouterr().out
    assert "IPH" in shown
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in shown
    assert (tmp_path / "out" / "report.html").is_file()


def test_json_lines(data_set, label_maps, tmp_path, capsys):
    assert run(label_maps, data_set.references, "-o", tmp_path / "out", "--progress", "json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["done"] for each in events if each.get("stage") == "evaluating"] == [0, 1, 2, 3, 4]
    assert events[-1] == {"event": "result", "output": str(tmp_path / "out"), "cases": 4}


def test_errors_are_one_sentence_and_exit_code_2(data_set, label_maps, tmp_path, capsys):
    (label_maps / "case_0000.nii.gz").unlink()
    assert run(label_maps, data_set.references, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "case_0000" in error
    assert not (tmp_path / "out").exists()


def test_an_interruption_says_that_finished_cases_are_kept(data_set, label_maps, tmp_path, capsys, monkeypatch):
    from hemorrhage.commands.stopping import StopSignal
    from hemorrhage_training.evaluation import evaluate as module

    score, done = module._score, []

    def score_two(*arguments):
        if len(done) == 2:
            raise StopSignal
        done.append(score(*arguments))

    monkeypatch.setattr(module, "_score", score_two)
    assert run(label_maps, data_set.references, "-o", tmp_path / "out") == 130
    assert "goes on from there" in capsys.readouterr().err
    monkeypatch.undo()
    assert run(label_maps, data_set.references, "-o", tmp_path / "out") == 0
