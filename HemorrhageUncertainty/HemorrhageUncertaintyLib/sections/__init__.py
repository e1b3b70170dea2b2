"""The parts of the panel, one file each."""
