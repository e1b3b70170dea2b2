"""What the training of all 2D methods shares: prepared slices, drawing and augmenting them, the training loop.

A method adds what a step's losses are and how a stack of slices is predicted (`SliceTraining`), and a family of them how it is
configured and which runs it consists of.
"""
