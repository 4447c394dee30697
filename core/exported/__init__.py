"""The second lane: models exported with ``torch.export``."""
