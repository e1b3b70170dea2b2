"""Calibration on cases with known volumes: a temperature for the probabilities, conformal intervals for the volumes."""
