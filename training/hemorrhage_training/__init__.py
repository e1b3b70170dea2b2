"""Headless training of the models that `hemorrhage` runs."""
