"""Training of a plain U-Net for slices, as Monte-Carlo dropout, Monte-Carlo batch normalization and ensembles take it."""
