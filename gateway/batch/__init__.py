"""Campaign, batch and phase: what the equipment is being used for, and for whom."""
