"""What a person can write instead of an operation that Core ML lacks."""

_BY_NAME = {
    "pythonop": "The trace calls a Python function (an autograd.Function), which no export can carry: write its "
    "forward formula in the module, or use the built-in of the same meaning.",
    "multinomial": "Core ML has no random choice of this kind: return the probabilities, and draw in the app.",
    "bernoulli": "Pass the random numbers as an input, or put the model in eval mode.",
    "histc": "Count with a comparison against the bin edges: (x[:, None] == edges).sum(0).",
    "bincount": "Count with a comparison: (x[:, None] == torch.arange(n)).sum(0).",
    "unique": "The size of its result depends on the data, which Core ML cannot have; do this step in the app.",
    "unique2": "The size of its result depends on the data, which Core ML cannot have; do this step in the app.",
    "masked_select": "The size of its result depends on the data: use torch.where and keep the size.",
    "lgamma": "Approximate it with Stirling's formula, or compute it outside the model.",
    "complex": "Keep real and imaginary parts in two tensors.",
    "view_as_complex": "Keep real and imaginary parts in two tensors (a rotary embedding needs cos and sin only).",
    "polar": "Multiply by cos and sin yourself: Core ML has no complex numbers.",
    "median": "Use torch.sort and take the middle.",
    "kthvalue": "Use torch.topk.",
    "quantile": "Use torch.sort and interpolate.",
    "det": "Write the determinant out for a small matrix, or do this step in the app.",
    "inverse": "Solve on the CPU in the app, or write the inverse out for a small matrix.",
    "embedding_bag": "Use nn.Embedding and a sum over the axis.",
    "ctc_loss": "Leave the loss out of the exported method: return the logits.",
    "cross_entropy_loss": "Leave the loss out of the exported method: return the logits.",
}
_BY_START = {
    "fft_": "Core ML's converter has some of the Fourier transforms only; a fixed-size one is a product with a matrix.",
    "linalg_": "Decompositions of matrices are not in Core ML; do this step in the app.",
    "rand": "Pass the random numbers as an input.",
    "quantized": "Convert the float model, and compress the Core ML weights instead.",
    "_grouped_mm": 'Choose the plain experts implementation: experts_implementation = "eager".',
}
_OTHERWISE = "Write this line with other operations, or convert without Core ML (`--no-coreml`)."


def remedy(name: str) -> str:
    """Return what to do about an operation, by its name without ``aten::``."""
    lower = name.lower().rstrip("_") if not name.startswith("__") else name
    known = next((text for start, text in _BY_START.items() if lower.startswith(start)), _OTHERWISE)
    return _BY_NAME.get(lower, known)
