"""``hemorrhage data`` in this process: exit codes and what is said."""

from __future__ import annotations

import importlib.util
import json

import pytest

from harness.data_set_trees import bhsd_name, mixed_bhsd
from hemorrhage.commands import main


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return int(ended.value.code or 0)


def test_a_clean_import_ends_with_0(tmp_path, capsys):
    source = mixed_bhsd(tmp_path, 5)
    assert run("data", "import", "bhsd", source, "-o", tmp_path / "out") == 0
    text = capsys.readouterr().out
    assert f"5 cases in {tmp_path / 'out'}" in text
    assert "at random by patient" in text
    assert run("data", "check", tmp_path / "out") == 0
    assert "complete and unaltered" in capsys.readouterr().out


def test_a_case_left_out_ends_with_5_and_its_name(tmp_path, capsys):
    source = mixed_bhsd(tmp_path, 3)
    (source / "images" / f"{bhsd_name(1)}.nii.gz").write_bytes(b"")
    assert run("data", "import", "bhsd", source, "-o", tmp_path / "out") == 5
    text = capsys.readouterr()
    assert f"left out: {bhsd_name(1)}: " in text.out
    assert f"{bhsd_name(1)} is left out" in text.err
    assert (tmp_path / "out/manifest.json").is_file()


def test_programs_get_json(tmp_path, capsys):
    source = mixed_bhsd(tmp_path, 2)
    (source / "images" / f"{bhsd_name(1)}.nii.gz").write_bytes(b"")
    assert run("data", "import", "bhsd", source, "-o", tmp_path / "out", "--progress", "json") == 5
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["stage"] == "importing"
    assert lines[-1]["event"] == "result"
    assert lines[-1]["left_out"][0]["name"] == bhsd_name(1)
    assert run("data", "check", tmp_path / "out", "--progress", "json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["problems"] == []


def test_damage_found_by_the_check_ends_with_2(tmp_path, capsys):
    source = mixed_bhsd(tmp_path, 2)
    run("data", "import", "bhsd", source, "-o", tmp_path / "out")
    next((tmp_path / "out/labelsTr").iterdir()).unlink()
    capsys.readouterr()
    assert run("data", "check", tmp_path / "out") == 2
    assert "is missing" in capsys.readouterr().out


def test_nothing_usable_ends_with_2_and_one_sentence(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run("data", "import", "bhsd", tmp_path / "empty", "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "ground truths" in error


def test_a_destination_below_a_file_is_said_in_a_sentence(tmp_path, capsys):
    source = mixed_bhsd(tmp_path, 1)
    (tmp_path / "file").write_text("")
    assert run("data", "import", "bhsd", source, "-o", tmp_path / "file" / "Dataset001_BHSD") == 2
    error = capsys.readouterr().err
    assert "name another file or folder" in error
    assert len(error.splitlines()) == 1


def test_without_the_training_package_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "hemorrhage_training" else real(name))
    assert run("data", "check", tmp_path) == 2
    assert "hemorrhage-uncertainty[train]" in capsys.readouterr().err
