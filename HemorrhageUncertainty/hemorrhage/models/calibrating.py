"""A calibration goes into a model's card."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import ModelError, ResourceError
from .calibration import Calibration
from .model_card import CARD_NAME, ModelCard, read_card
from .model_folder import is_model_folder


def check_can_be_calibrated(folder: Path) -> None:
    """Refuse, before hours of work, a model whose card could not be written.

    Raises
    ------
    ModelError
        It is a stock nnU-Net folder, which has no card.
    ResourceError
        Its folder cannot be written to.
    """
    if not is_model_folder(folder):
        raise ModelError(f"{folder} has no {CARD_NAME} to keep a calibration in: export it as a model first (hemorrhage export)")
    if not os.access(folder, os.W_OK):
        raise ResourceError(f"{folder} cannot be written to: copy the model to a folder of yours and calibrate it there")


def store_calibration(folder: Path, calibration: Calibration) -> ModelCard:
    """Put a calibration into ``model.json``, replacing an earlier one; the file is the old or the new one at any moment.

    The model's hash stays what it was: ``model.json`` does not enter into it.

    Raises
    ------
    ModelError
        The card is damaged, or its model is not the one that was calibrated.
    ResourceError
        The file cannot be written.
    """
    card = read_card(folder)
    if card.sha256 != calibration.model_sha256:
        raise ModelError(f"the model in {folder} was replaced while it was calibrated: calibrate it again")
    written = card.model_copy(update={"calibration": calibration})
    path = folder / CARD_NAME
    try:
        handle, name = tempfile.mkstemp(prefix=f".{CARD_NAME}.", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(written.to_json())
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(path.stat().st_mode & 0o777)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ResourceError(
            f"{path} cannot be written ({error.strerror or error}): free space or choose another folder"
        ) from error
    return written
