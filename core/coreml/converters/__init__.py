"""Converters that coremltools lacks, one operation a file."""
