"""Training of SLEX-Net, and of the networks that its uncertainty was compared with (Li et al., JBHI 2021)."""
