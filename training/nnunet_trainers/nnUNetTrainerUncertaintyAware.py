"""Shows our trainer to stock nnU-Net: ``nnUNet_extTrainer=THIS_FOLDER nnUNetv2_train ... -tr nnUNetTrainerUncertaintyAware``."""

from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware

__all__ = ["nnUNetTrainerUncertaintyAware"]
