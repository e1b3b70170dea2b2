"""Uncertainty-aware training on nnU-Net v2 (Monte-Carlo test-time augmentation in the loss)."""
