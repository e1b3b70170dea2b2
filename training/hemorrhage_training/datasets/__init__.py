"""Public data sets of head CT with hemorrhage masks: checked, split by patient, and written in nnU-Net's raw format."""
