"""coremltools' own tests of MIL operations, run against the reference executor."""
