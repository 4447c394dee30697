"""Translations of operations that coremltools lacks: one small file each, switched off where it has its own.

Each file registers functions with :func:`.supply.supplied` (coremltools has none) or :func:`.supply.completed`
(coremltools has one that fails on some arguments; ours takes those and leaves the others to it).
"""
