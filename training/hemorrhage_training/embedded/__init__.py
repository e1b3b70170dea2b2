"""The embedded default model: a small nnU-Net trained on simulated head CT, from nothing to a `Model` folder.

Three commands, each of which can be stopped and started again::

    python -m hemorrhage_training.embedded simulate POOL --cases 600 [--base TEMPLATE.nii.gz] [--base CT]
    python -m hemorrhage_training.embedded train POOL RUN --minutes 90
    python -m hemorrhage_training.embedded export POOL RUN MODEL_FOLDER [--unseen 40 --hemorrhage-free 20] [--real CT]
"""
