"""One small function for each MIL operation, in a table keyed by name and opset."""
