"""One small function for each MIL operation, in a table keyed by name and opset."""


def load() -> None:
    """Enter all operations into the table."""
    from . import (  # noqa: F401
        activation,
        classification,
        constexpr,
        convolution,
        creation,
        elementwise_binary,
        elementwise_unary,
        gather,
        lists,
        matrix,
        normalization,
        pooling,
        quantization,
        random,
        recurrent,
        reduction,
        resampling,
        resizing,
        scatter,
        shape,
        slicing,
        sorting,
        space,
        states,
        suppression,
    )
