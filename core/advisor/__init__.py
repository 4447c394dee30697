"""Which submodules must be scripted, shown by experiment."""
