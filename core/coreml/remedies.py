"""What a person can write instead of an operation that Core ML lacks."""

_BY_NAME = {
    "pythonop": "The trace calls a Python function (an autograd.Function), which no export can carry: write its "
    "forward formula in the module, or use the built-in of the same meaning.",
    "multinomial": "Core ML has no random choice of this kind: return the probabilities, and draw in the app.",
    "bernoulli": "Pass the random numbers as an input, or put the model in eval mode.",
    "bincount": "Count with a comparison: (x[:, None] == torch.arange(n)).sum(0).",
    "unique": "The size of its result depends on the data, which Core ML cannot have; do this step in the app.",
    "unique2": "The size of its result depends on the data, which Core ML cannot have; do this step in the app.",
    "masked_select": "The size of its result depends on the data: use torch.where and keep the size.",
    "linalg_det": "It is written out for matrices of up to four rows; do this step in the app.",
    "linalg_inv": "It is written out for matrices of up to four rows; do this step in the app.",
    "complex": "Keep real and imaginary parts in two tensors.",
    "view_as_complex": "Keep real and imaginary parts in two tensors (a rotary embedding needs cos and sin only).",
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
