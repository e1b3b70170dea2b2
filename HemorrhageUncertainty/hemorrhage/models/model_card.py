"""Schema of ``model.json``: what a model is, where it comes from, what it is for, and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import ModelError
from ..method import Method
from .calibration import Calibration

SCHEMA_VERSION = 1
CARD_NAME = "model.json"
#: Names of models are names of folders.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"

FileName = Annotated[str, Field(pattern=NAME_PATTERN)]


class Architecture(StrEnum):
    """Kinds of model that this program can run."""

    NNUNET = "nnunet"
    SLEXNET = "slexnet"
    SLICENET = "slicenet"


class ModelCard(BaseModel):
    """Contents of ``model.json``.

    Attributes
    ----------
    schema_version : int
        Version of this schema; a program refuses cards newer than itself.
    name : str
        Short name (letters, digits, dot, dash, underscore): the folder's name in the list of models.
    title : str
        One line for people.
    method : str
        Kind of model: ``nnunet``, ``slexnet`` or ``slicenet``.
    methods : list of str
        Ways to draw samples that the model offers (`hemorrhage.method.Method`); the first is the default.
    classes : list of str
        Class names by label value; the first is ``background``.
    configuration : str
        Configuration of plans.json that the weights belong to, e.g. ``3d_fullres``.
    weights : list of str
        Files with the weights; several are an ensemble.
    mirror_axes : list of int
        Spatial axes of the network's input along which it was trained with mirroring.
    windows : ``trained`` or ``whole``
        Whether samples are predicted in overlapping windows of the trained size, as stock nnU-Net's, or the whole head at once.
    slices : ``stored`` or ``axial``
        Whether the network takes the array as it is stored, or axial slices that run to superior, posterior and left however
        the CT is stored.
    region : ``everywhere`` or ``intracranial``
        Where hemorrhage may be called; ``intracranial`` is the space inside the skull (see `hemorrhage.intracranial_mask`), and
        an nnU-Net then sees the box of that space, not of the head.
    modality, preprocessing : str
        What the input must be and what is done with it, in words.
    training, evaluation : mapping
        Provenance of the training; measured figures. Free.
    intended_use, license : str
    calibration : Calibration, optional
        What `hemorrhage calibrate` found; None = the intervals are those of the samples.
    default_preset : str, optional
        Preset of random transforms (``paper`` or ``anisotropic``); by default chosen from the spacing.
    files : mapping of file name to SHA-256
        Every file of the folder but model.json itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA_VERSION
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    title: str
    method: Literal["nnunet", "slexnet", "slicenet"] = "nnunet"
    methods: Annotated[list[Method], Field(min_length=1)] = [Method.TTA, Method.DETERMINISTIC]
    classes: Annotated[list[str], Field(min_length=2)]
    configuration: str = "3d_fullres"
    weights: Annotated[list[FileName], Field(min_length=1)] = ["weights.safetensors"]
    mirror_axes: list[int] = []
    windows: Literal["trained", "whole"] = "trained"
    slices: Literal["stored", "axial"] = "stored"
    region: Literal["everywhere", "intracranial"] = "everywhere"
    modality: str = "non-contrast head CT"
    preprocessing: str = ""
    training: dict[str, Any] = {}
    evaluation: dict[str, Any] = {}
    intended_use: str
    license: str
    calibration: Calibration | None = None
    default_preset: Literal["paper", "anisotropic"] | None = None
    files: dict[FileName, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = {}

    @field_validator("classes")
    @classmethod
    def _background_first(cls, classes: list[str]) -> list[str]:
        if classes[0] != "background" or len(set(classes)) != len(classes):
            raise ValueError("classes must be distinct and begin with 'background'")
        return classes

    @model_validator(mode="after")
    def _weights_are_files(self) -> ModelCard:
        if self.files and not set(self.weights) <= set(self.files):
            raise ValueError("weights must be listed in files")
        return self

    @model_validator(mode="after")
    def _methods_are_offered(self) -> ModelCard:
        for method in (Method.SLEX, Method.SLEX_TTA):
            if method in self.methods and self.method != Architecture.SLEXNET:
                raise ValueError(f"the method {method.value!r} needs a SLEX-Net")
        if Method.MCBN in self.methods and self.method != Architecture.SLICENET:
            raise ValueError("the method 'mcbn' needs a network of slices with recorded statistics")
        if Method.ENSEMBLE in self.methods and len(self.weights) < 2:
            raise ValueError("the method 'ensemble' needs several files of weights")
        return self

    @property
    def sha256(self) -> str:
        """Hash of the whole model: SHA-256 of the sorted lines ``<SHA-256 of the file>  <name>``."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def to_json(self) -> str:
        """Return the card as indented JSON text, ending with a newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def read_card(folder: Path) -> ModelCard:
    """Read and check ``folder/model.json``.

    Raises
    ------
    ModelError
        Missing, not JSON, newer than this program, of an unknown method, or not of this schema.
    """
    path = folder / CARD_NAME
    content = read_json(path)
    version = content.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ModelError(
            f"the model {folder.name!r} was made for a newer version of this program (its schema is {version}, this program "
            f"knows {SCHEMA_VERSION}): update the program"
        )
    known = [kind.value for kind in Architecture]
    if content.get("method", Architecture.NNUNET) not in known:
        raise ModelError(f"the model {folder.name!r} is of the unknown method {content['method']!r} (known: {', '.join(known)})")
    unknown = [m for m in content.get("methods", []) if m not in list(Method)]
    if unknown:
        raise ModelError(f"the model {folder.name!r} offers the unknown method {unknown[0]!r} (known: {', '.join(Method)})")
    try:
        return ModelCard.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "card"
        raise ModelError(f"{path} is damaged: {where}: {first['msg']}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a model folder.

    Raises
    ------
    ModelError
        Missing, unreadable, not JSON, or not an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"the model folder {path.parent} has no {path.name}") from error
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is damaged: it does not hold a JSON object")
    return content
