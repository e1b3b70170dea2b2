"""From a render window to an array, and to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vtk
from PIL import Image
from vtkmodules.util.numpy_support import vtk_to_numpy


def pixels_of(window: Any) -> np.ndarray:
    """Render a vtkRenderWindow; (height, width, 3) uint8, the top row first."""
    window.Render()
    grabber = vtk.vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.SetInputBufferTypeToRGB()
    grabber.ReadFrontBufferOff()
    grabber.Update()
    image = grabber.GetOutput()
    columns, rows, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, 3)[::-1].copy()


def save_pixels(pixels: np.ndarray, path: Path) -> None:
    """Write an array (height, width, 3) uint8 as a PNG file."""
    Image.fromarray(pixels).save(path)
