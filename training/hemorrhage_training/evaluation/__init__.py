"""Evaluation of segmentations and of their uncertainty against references."""
