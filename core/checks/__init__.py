"""Numeric comparison of artefacts with the eager model."""
