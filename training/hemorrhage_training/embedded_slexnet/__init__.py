"""The embedded SLEX-Net: a small one, trained on simulated head CT.

``python -m hemorrhage_training.embedded_slexnet data-set`` makes the data set that ``hemorrhage train`` learns from, and
``export`` turns the trained model into the one that comes with the program.
"""
