"""Model folders: opened by name or path, checked, imported, removed; whatever is wrong is said in one sentence."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.tiny_nnunet import random_weights, tiny_dataset, tiny_plans, write_stock_folder
from hemorrhage.errors import ArgumentError, ModelError
from hemorrhage.models import (
    ModelCard,
    import_model,
    list_models,
    load_model,
    remove_model,
    verify_model,
    write_model_folder,
)
from hemorrhage.models import registry as registry_module
from hemorrhage.models.model_folder import read_safetensors
from hemorrhage.models.nnunet_folder import read_checkpoint


def card(**changes: object) -> ModelCard:
    fields = {
        "name": "tiny",
        "title": "Tiny",
        "classes": ["background", "IPH", "SDH"],
        "intended_use": "tests",
        "license": "Apache-2.0",
    }
    return ModelCard.model_validate({**fields, **changes})


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "tiny"
    plans, dataset = tiny_plans(), tiny_dataset()
    write_model_folder(folder, card(), random_weights(plans, dataset, "3d_fullres", 0), plans, dataset)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    import shutil

    return Path(shutil.copytree(made, tmp_path / "tiny"))


@pytest.fixture
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    monkeypatch.setenv("HEMORRHAGE_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stock_folder(tmp_path_factory.mktemp("stock") / "nnUNetTrainer__nnUNetPlans__3d_fullres", tiny_plans(), folds=2)


def test_own_folder_says_what_it_is(own):
    model = load_model(own)
    assert (model.name, model.classes, model.methods) == ("tiny", ("background", "IPH", "SDH"), ("tta", "deterministic"))
    assert len(model.sha256) == 64
    assert verify_model(own).sha256 == model.sha256


def test_weights_are_stored_once(own):
    """nnU-Net registers each tensor under several names; the file holds each once."""
    network = load_model(own).network("cpu")._networks[0]
    size = sum(parameter.numel() for parameter in network.parameters()) * 4
    assert (own / "weights.safetensors").stat().st_size < 1.5 * size + 10_000


def test_half_precision_is_kept_in_the_file_and_computed_in_single(tmp_path):
    plans, dataset = tiny_plans(), tiny_dataset()
    halves = {name: weight.half() for name, weight in random_weights(plans, dataset, "3d_fullres", 0).items()}
    write_model_folder(tmp_path / "tiny", card(), halves, plans, dataset)
    stored = read_safetensors(tmp_path / "tiny" / "weights.safetensors")
    assert stored
    assert all(weight.dtype == torch.float16 and torch.equal(weight, halves[name]) for name, weight in stored.items())
    (network,) = load_model(tmp_path / "tiny").network("cpu").networks
    assert all(torch.equal(network.state_dict()[name], weight.float()) for name, weight in stored.items())
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_stock_folder_is_an_ensemble_of_its_folds(stock):
    model = load_model(stock)
    assert model.card.training["folds"] == ["fold_0", "fold_1"]
    assert len(model.network("cpu")._networks) == 2
    assert model.sha256 != load_model(stock).card.files["plans.json"]


def test_best_checkpoint_serves_where_there_is_no_final_one(tmp_path):
    folder = write_stock_folder(tmp_path / "m", tiny_plans(), checkpoint_name="checkpoint_best.pth")
    assert load_model(folder).network("cpu").classes == ("background", "IPH", "SDH")


def test_checkpoint_written_with_numpy_1_opens(stock, tmp_path):
    """NumPy 1 pickled scalars as numpy.core.multiarray.scalar, NumPy 2 as numpy._core.multiarray.scalar."""
    source = stock / "fold_0" / "checkpoint_final.pth"
    renamed = tmp_path / "old.pth"
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(renamed, "w") as after:
        for member in before.infolist():
            content = before.read(member)
            if member.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in content
                content = content.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
                assert b"numpy._core" not in content
            after.writestr(member, content)
    assert isinstance(read_checkpoint(renamed)["_best_ema"], np.float64)


class Evil:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("evil-was-here",)


def test_checkpoint_that_would_run_code_is_refused(stock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"network_weights": {}, "extra": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match="could run code"):
        read_checkpoint(tmp_path / "evil.pth")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelError):
        read_checkpoint(tmp_path / "bare.pth")
    assert not Path("evil-was-here").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04garbage", b"not a checkpoint at all"])
def test_damaged_checkpoint(content, tmp_path):
    (tmp_path / "c.pth").write_bytes(content)
    with pytest.raises(ModelError):
        read_checkpoint(tmp_path / "c.pth")


def test_truncated_checkpoint(stock, tmp_path):
    content = (stock / "fold_0" / "checkpoint_final.pth").read_bytes()
    (tmp_path / "c.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError):
        read_checkpoint(tmp_path / "c.pth")


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 99}, "newer version"),
        ({"method": "slex-of-the-future"}, "unknown method 'slex-of-the-future'"),
        ({"methods": ["tta", "prayer"]}, "unknown method 'prayer'"),
        ({"classes": ["background", "EDH", "SDH"]}, "contradicts itself"),
        ({"classes": ["IPH", "background"]}, "begin with 'background'"),
        ({"weights": ["../../weights.safetensors"]}, "damaged"),
        ({"configuration": "2d"}, "configuration '2d'"),
        ({"files": {}}, "no hash"),
        ({"mirror_axes": [7]}, "mirror axes"),
        ({"surprise": 1}, "damaged"),
    ],
)
def test_bad_cards(own, changes, message):
    edit_json(own / "model.json", **changes)
    with pytest.raises(ModelError, match=message):
        verify_model(own)


@pytest.mark.parametrize("name", ["weights.safetensors", "plans.json", "dataset.json"])
def test_missing_and_altered_files(own, name):
    content = (own / name).read_bytes()
    (own / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="altered or damaged"):
        load_model(own)
    (own / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        load_model(own)


def test_unreadable_safetensors(own):
    import hashlib

    (own / "weights.safetensors").write_bytes(b"\x00" * 20)
    files = json.loads((own / "model.json").read_text())["files"]
    edit_json(own / "model.json", files={**files, "weights.safetensors": hashlib.sha256(b"\x00" * 20).hexdigest()})
    with pytest.raises(ModelError, match="cannot be read as safetensors"):
        load_model(own).network("cpu")


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00"])
def test_card_that_is_not_json(own, content):
    (own / "model.json").write_text(content)
    with pytest.raises(ModelError):
        load_model(own)


def changed_plans(folder: Path, **changes: object) -> None:
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"].update(changes)
    (folder / "plans.json").write_text(json.dumps(plans))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"previous_stage": "3d_lowres"}, "cascade"),
        ({"resampling_fn_data": "os.system"}, "resampling function 'os.system'"),
        ({"normalization_schemes": ["Imported"]}, "normalization 'Imported'"),
        ({"patch_size": [8, 32]}, "patch size"),
        ({"spacing": "big"}, "damaged"),
        ({"inherits_from": "nowhere"}, "nowhere"),
    ],
)
def test_bad_plans(tmp_path, changes, message):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    changed_plans(folder, **changes)
    with pytest.raises(ModelError, match=message):
        load_model(folder)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"background": 0, "any": [1, 2], "core": 2}, "regions"),
        ({"background": 0, "IPH": 2}, "without gaps"),
        ({"IPH": 1}, "damaged"),
        ({"air": 0, "IPH": 1}, "background"),
        ({"background": 0, "IPH": "one"}, "not numbers"),
    ],
)
def test_bad_labels(tmp_path, labels, message):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    edit_json(folder / "dataset.json", labels=labels)
    with pytest.raises(ModelError, match=message):
        load_model(folder)


def test_ignore_label_is_no_class(tmp_path):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    edit_json(folder / "dataset.json", labels={"background": 0, "IPH": 1, "SDH": 2, "ignore": 3})
    assert load_model(folder).classes == ("background", "IPH", "SDH")


def test_several_channels_are_refused(tmp_path):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    edit_json(folder / "dataset.json", channel_names={"0": "CT", "1": "CTA"})
    with pytest.raises(ModelError, match=r"2 input channels \(CT, CTA\)"):
        load_model(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network_class_name", "os.system"),
        ("network_class_name", "dynamic_network_architectures.architectures.unet.np.load"),
        ("network_class_name", "torch.nn.Linear"),
        ("network_class_name", "dynamic_network_architectures.architectures.unet.NoSuchNet"),
        ("conv_op", "subprocess.Popen"),
        ("conv_op", "torch.nn.modules.conv.torch.hub.load"),
        ("norm_op", "torch.nn.functional.relu"),
    ],
)
def test_plans_cannot_name_anything_but_network_parts(tmp_path, key, value):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    architecture = tiny_plans()["configurations"]["3d_fullres"]["architecture"]
    (architecture if key in architecture else architecture["arch_kwargs"])[key] = value
    changed_plans(folder, architecture=architecture)
    with pytest.raises(ModelError, match=r"plans\.json"):
        load_model(folder).network("cpu")


def test_weights_of_another_architecture(tmp_path):
    folder = write_stock_folder(tmp_path / "m", tiny_plans())
    architecture = tiny_plans()["configurations"]["3d_fullres"]["architecture"]
    architecture["arch_kwargs"]["features_per_stage"] = [4, 8, 16]
    changed_plans(folder, architecture=architecture)
    with pytest.raises(ModelError, match="do not fit"):
        load_model(folder).network("cpu")


def test_weights_that_are_not_finite(tmp_path):
    plans, dataset = tiny_plans(), tiny_dataset()
    weights = random_weights(plans, dataset, "3d_fullres", 0)
    next(iter(weights.values())).view(-1)[0] = float("nan")
    with pytest.raises(ModelError, match="not finite"):
        write_model_folder(tmp_path / "m", card(), weights, plans, dataset)


def test_not_a_model(tmp_path):
    with pytest.raises(ModelError, match="is not a model"):
        load_model(tmp_path)
    with pytest.raises(ModelError, match="no model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no model called 'nobody'"):
        load_model("nobody")
    (tmp_path / "plans.json").write_text("{}")
    with pytest.raises(ModelError, match="is a file, not a model folder"):
        verify_model(str(tmp_path / "plans.json"))
    (tmp_path / "dataset.json").write_text("{}")
    (tmp_path / "fold_0").mkdir()
    with pytest.raises(ModelError, match="is the training finished"):
        load_model(tmp_path)


@pytest.mark.parametrize(("alias", "name"), [("default", "simulated-nnunet"), ("fast", "simulated-slexnet")])
def test_short_names_are_the_embedded_models(own, tmp_path, monkeypatch, user_models, alias, name):
    embedded = tmp_path / "embedded"
    embedded.mkdir()
    own.rename(embedded / name)
    monkeypatch.setattr(registry_module, "embedded_folder", lambda: embedded)
    assert load_model(alias).folder == embedded / name
    (entry,) = list_models()
    assert (entry.name, entry.origin, entry.alias, entry.problem) == (name, "embedded", alias, "")
    with pytest.raises(ModelError, match="cannot be removed"):
        remove_model(name)


@pytest.mark.parametrize("alias", ["default", "fast"])
def test_missing_embedded_model_is_explained(monkeypatch, user_models, alias):
    monkeypatch.setattr(registry_module, "embedded_folder", lambda: None)
    with pytest.raises(ModelError, match="embedded model"):
        load_model(alias)


@pytest.mark.parametrize("kind", ["folder", "zip", "nested zip"])
@pytest.mark.parametrize("source", ["own", "stock"])
def test_import_list_remove(kind, source, made, stock, tmp_path, user_models):
    folder = made if source == "own" else stock
    given = folder
    if kind != "folder":
        given = tmp_path / "m.zip"
        with zipfile.ZipFile(given, "w") as archive:
            for path in folder.rglob("*"):
                archive.write(path, path.relative_to(folder.parent if kind == "nested zip" else folder))
    model = import_model(given, name="mine")
    assert model.sha256 == load_model("mine").sha256 == load_model(folder).sha256
    assert model.folder == user_models / "mine"
    assert [path.name for path in user_models.iterdir()] == ["mine"], "no scratch folders are left"
    assert "mine" in [entry.name for entry in list_models()]
    with pytest.raises(ModelError, match="already a model"):
        import_model(given, name="mine")
    remove_model("mine")
    assert "mine" not in [entry.name for entry in list_models()]
    with pytest.raises(ModelError, match="to remove"):
        remove_model("mine")


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a/../../evil.txt"])
def test_zip_that_leads_out_of_its_folder(name, made, tmp_path, user_models):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for path in made.iterdir():
            archive.write(path, path.name)
        archive.writestr(name, "gotcha")
    with pytest.raises(ModelError, match="unsafe entry"):
        import_model(tmp_path / "m.zip")
    assert not list(tmp_path.rglob("evil.txt"))


def test_zip_with_a_link(made, tmp_path, user_models):
    link = zipfile.ZipInfo("model.json")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelError, match="unsafe entry"):
        import_model(tmp_path / "m.zip")


def test_zip_of_something_else_and_of_two_models(made, tmp_path, user_models):
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match="holds no model"):
        import_model(tmp_path / "none.zip")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for path in made.iterdir():
            archive.write(path, f"a/{path.name}")
            archive.write(path, f"b/{path.name}")
    with pytest.raises(ModelError, match="several models"):
        import_model(tmp_path / "two.zip")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(ModelError, match="neither a folder nor a zip"):
        import_model(tmp_path / "text.zip")


def test_import_of_an_altered_model_leaves_nothing(own, user_models):
    (own / "dataset.json").write_text("{}")
    with pytest.raises(ModelError, match="altered"):
        import_model(own)
    assert list(user_models.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "", "a b", ".hidden", "default"])
def test_names_that_are_refused(name, made, user_models):
    with pytest.raises(ModelError):
        import_model(made, name=name)


def test_damaged_models_are_listed_with_the_reason(made, user_models):
    import_model(made)
    (user_models / "tiny" / "model.json").write_text("{}")
    (entry,) = [entry for entry in list_models() if entry.name == "tiny"]
    assert entry.problem


def test_single_prediction_of_a_network_for_whole_heads_shows_it_what_the_samples_see():
    from hemorrhage.sampling.single_prediction import SinglePrediction

    model = load_model("default")
    assert (model.card.windows, model.card.region) == ("whole", "intracranial")
    assert isinstance(model.sampler("deterministic", device="cpu").sampler, SinglePrediction)


def test_samplers(made):
    from hemorrhage.sampling.deterministic import Deterministic
    from hemorrhage.sampling.test_time_augmentation import TestTimeAugmentation

    model = load_model(made)
    network = model.network("cpu")
    assert isinstance(model.sampler(network=network), TestTimeAugmentation)
    assert isinstance(model.sampler("deterministic", network=network), Deterministic)
    assert isinstance(model.sampler("tta", transforms=0, network=network), Deterministic)
    with pytest.raises(ArgumentError, match=r"does not offer .*: choose one of tta .*; deterministic"):
        model.sampler("diffusion", network=network)
    with pytest.raises(ArgumentError, match="0 or more"):
        model.sampler(transforms=-1, network=network)
