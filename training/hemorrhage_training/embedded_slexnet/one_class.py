"""A data set in which hemorrhage of any subtype is one class, as in SLEX-Net's paper."""

from __future__ import annotations

import json
from pathlib import Path

from hemorrhage.reading import read_ct
from hemorrhage.writing.volume_file import write_volume

from ..evaluation.grid_files import read_labels

#: Name of the file that says that all labels were changed.
ONE_CLASS = "one_class"


def one_class(folder: Path) -> None:
    """Let the labels of a data set in nnU-Net's raw format say hemorrhage or none; nothing happens where they do already."""
    if (folder / ONE_CLASS).is_file():
        return
    for path in sorted((folder / "labelsTr").iterdir()):
        labels = read_labels(path, 6)
        write_volume((labels > 0).astype(labels.dtype), read_ct(folder / "imagesTr" / path.name.replace(".", "_0000.", 1)), path)
    content = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    content["labels"] = {"background": 0, "hemorrhage": 1}
    (folder / "dataset.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / ONE_CLASS).touch()
