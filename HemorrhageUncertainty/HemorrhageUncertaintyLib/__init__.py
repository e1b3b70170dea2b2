"""What the 3D Slicer module is made of; only this package and the registration file import Slicer."""
