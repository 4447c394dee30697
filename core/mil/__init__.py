"""A reference executor of Core ML programs on torch, usable on any system."""
