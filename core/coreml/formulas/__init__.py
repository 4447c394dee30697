"""Operations that coremltools lacks, each written in torch with operations that it has; one file a family.

A formula is traced with example tensors of the right shapes where the operation stood, so that it is ordinary Python:
sizes and types may decide what it does. ``spelled_out`` puts the trace into the graph.
"""
