"""The named losses: thin settings of the core, with what belongs to them. The table of them is xent.catalog."""

from xent.presets.focal import FocalLoss, focal_loss

__all__ = ["FocalLoss", "focal_loss"]
