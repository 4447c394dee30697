"""Example inputs: tensors made from the recipe, nested arguments, probes."""
