"""What progress looks like to people and programs."""

from __future__ import annotations

import json

from hemorrhage.commands.options import ProgressMode
from hemorrhage.commands.progress_display import in_words, progress_display
from hemorrhage.progress import Progress, Stage


def test_words():
    assert in_words(Progress(Stage.SAMPLING, 3, 20), 65.0) == "sample 3 of 20, about 1:05 left"
    assert in_words(Progress(Stage.SAMPLING, 20, 20), 0.0) == "sample 20 of 20"
    assert in_words(Progress(Stage.READING)) == ""


def test_json_lines(capsys):
    with progress_display(ProgressMode.JSON) as report:
        report(Progress(Stage.SAMPLING, 0, 2))
        report(Progress(Stage.SAMPLING, 1, 2, "smaller windows"))
    captured = capsys.readouterr()
    first, second = map(json.loads, captured.out.splitlines())
    assert first["remaining_s"] is None
    assert second["remaining_s"] >= 0
    assert (second["stage"], second["done"], second["message"]) == ("sampling", 1, "smaller windows")
    assert captured.err == ""


def test_quiet_but_for_messages_where_there_is_no_terminal(capsys):
    with progress_display(ProgressMode.AUTO) as report:
        report(Progress(Stage.SAMPLING, 1, 2))
        report(Progress(Stage.SAMPLING, 1, 2, "smaller windows"))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "note: smaller windows\n")


def test_bar_shows_sample_and_stage(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_display(ProgressMode.BAR) as report:
        report(Progress(Stage.SAMPLING, 0, 2))
        report(Progress(Stage.SAMPLING, 1, 2))
    assert "sampling" in capsys.readouterr().err
