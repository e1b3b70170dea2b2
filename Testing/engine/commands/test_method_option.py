"""What the command line says of methods, and how a shell completes them."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from hemorrhage.commands.app import app
from hemorrhage.commands.method_option import complete_method
from hemorrhage.method import Method


@pytest.mark.parametrize(
    ("model", "typed", "expected"),
    [
        (None, "", ["tta", "deterministic"]),
        ("simulated-nnunet", "d", ["deterministic"]),
        ("no-such-model", "slex", ["slex", "slex-tta"]),
    ],
)
def test_completion_offers_what_the_model_can_do(model, typed, expected):
    offered = dict(complete_method(SimpleNamespace(params={"model": model}), typed))
    assert sorted(offered) == sorted(expected)
    assert all(offered[name] == Method(name).explanation for name in offered)


def test_help_lists_every_method_with_its_explanation():
    shown = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["segment", "--help"]).output
    words = " ".join(shown.replace("│", " ").split())
    for method in Method:
        assert f"{method.value} {method.explanation}" in words


def test_info_explains_a_models_methods():
    shown = json.loads(CliRunner().invoke(app, ["models", "info"]).output)
    assert list(shown["methods"]) == ["tta", "deterministic"]
    assert shown["methods"]["tta"] == f"{Method.TTA.full_name}: {Method.TTA.explanation}"
