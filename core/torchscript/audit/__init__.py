"""The portability audit: what of the example, the machine and the moment was baked into a TorchScript file."""
