"""SLEX-Net and other ways to uncertainty on the same cases: what `training/studies/uncertainty_methods.py` is made of."""
