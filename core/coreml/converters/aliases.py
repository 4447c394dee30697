"""Other names of operations that coremltools 9.0 has: torch records the name that the model's author wrote."""

from typing import Any

from coremltools.converters.mil.frontend.torch.torch_op_registry import _TORCH_OPS_REGISTRY
from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of
from .supply import Translation, supplied

_ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctanh": "atanh",
    "arctan2": "atan2",
    "broadcast_to": "expand",
    "concatenate": "cat",
    "conv_transpose2d": "conv_transpose1d",
    "conv_transpose3d": "conv_transpose1d",
    "divide": "div",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "moveaxis": "movedim",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "special_expit": "sigmoid",
    "special_erf": "erf",
    "special_exp2": "exp2",
    "special_softmax": "softmax",
    "special_log_softmax": "log_softmax",
    "subtract": "sub",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "unsafe_split": "split",
    "unsafe_split_with_sizes": "split_with_sizes",
}
_UNCHANGED = (
    "alias",
    "conj",
    "data",
    "lift",
    "lift_fresh",
    "positive",
    "resolve_conj",
    "resolve_neg",
    "pin_memory",
    "unchecked_cast",
)
_DROPOUTS = ("alpha_dropout", "feature_alpha_dropout")


def _same_as(name: str) -> Translation:
    def translate(context: Any, node: Any) -> None:
        translation = _TORCH_OPS_REGISTRY.get_func(name)
        if translation is None:
            raise NotImplementedError(f"PyTorch convert function for op '{name}' not implemented.")
        translation(context, node)

    return translate


for _alias, _name in _ALIASES.items():
    supplied(_alias)(_same_as(_name))


@supplied(*_UNCHANGED, *_DROPOUTS)
def unchanged(context: Any, node: Any) -> None:
    """Pass a tensor on: on real numbers in ordinary memory, and in a model that is not trained, these do nothing."""
    context.add(mb.identity(x=inputs_of(context, node)[0], name=node.name))
