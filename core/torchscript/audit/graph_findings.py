"""What one look at a TorchScript graph shows: devices, constant tensors, random numbers, training flags."""

from collections.abc import Iterator
from typing import Any

import torch

from ...coreml.locating import all_nodes, locate, source_line
from ...diagnostics import Diagnostic, Severity
from ..torch_jit import Compiled

_TRAINING_ARGUMENTS = {
    "aten::dropout": "train",
    "aten::dropout_": "train",
    "aten::feature_dropout": "train",
    "aten::alpha_dropout": "train",
    "aten::feature_alpha_dropout": "train",
    "aten::native_dropout": "train",
    "aten::rrelu": "training",
    "aten::rrelu_": "training",
    "aten::batch_norm": "training",
    "aten::native_batch_norm": "training",
    "aten::lstm": "train",
    "aten::gru": "train",
    "aten::rnn_tanh": "train",
    "aten::rnn_relu": "train",
}
_SMALL = 1
"""Constant tensors of one element follow the other operand to its device."""


def graph_findings(compiled: Compiled, graph: torch._C.Graph, *, is_repeatable: bool) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each baked-in value that the graph alone gives away.

    Args:
        graph: of one method of ``compiled``, inlined.
        is_repeatable: whether the model itself gives the same numbers again, so that random numbers in its graph mean
            that it sets a seed.
    """
    module = compiled if isinstance(compiled, torch.nn.Module) else None
    seen: set[tuple[str, str | None, int | None]] = set()
    for node in all_nodes(graph):
        for user, found in _found_at(node, is_repeatable=is_repeatable):
            code, severity, message, hint = found
            place = locate(user, module)
            if (code, place.file, place.line) in seen:
                continue
            seen.add((code, place.file, place.line))
            yield Diagnostic(
                code=code,
                severity=severity,
                message=message,
                module=place.module or "",
                file=place.file,
                line=place.line,
                source=source_line(place),
                hint=hint,
                evidence=f"the graph has {user.kind()}",
            )


def _found_at(node: Any, *, is_repeatable: bool) -> "Iterator[tuple[Any, _Found]]":
    """Yield the findings of one node, with the node that they are about; most nodes are passed by at once."""
    kind = node.kind()
    if kind == "prim::Constant":
        type_kind = node.output().type().kind()
        if type_kind == "DeviceObjType":
            for use in node.output().uses():
                yield use.user, _device(node.output().toIValue())
        elif type_kind == "GeneratorType":
            for use in node.output().uses():
                yield use.user, _seed()
        elif type_kind == "TensorType" and (found := _constant_tensor(node)) is not None:
            yield node, found
        return
    if kind == "aten::manual_seed":
        yield node, _seed()
    for found in (_training_flag(node), _attention_dropout(node), _random(node, is_repeatable=is_repeatable)):
        if found is not None:
            yield node, found


def draws_random_numbers(graph: torch._C.Graph) -> bool:
    """Whether two runs of a graph may differ."""
    return any(is_random(node) for node in all_nodes(graph))


_Found = tuple[str, Severity, str, str]


def _device(device: Any) -> _Found:
    return (
        "audit.device",
        Severity.WARNING,
        f"The device {device} is fixed in the file: this tensor is made there wherever the model runs, and meeting "
        "tensors of another device fails.",
        "Make it from a tensor that is there (x.new_zeros, torch.zeros_like), keep it as a buffer, or script this "
        "module: a script asks for the device as it runs.",
    )


def _training_flag(node: Any) -> _Found | None:
    argument = _TRAINING_ARGUMENTS.get(node.kind())
    if argument is None or _argument(node, argument) is not True:
        return None
    if node.kind() in ("aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu"):
        rate = _argument(node, "dropout")
        if not rate:
            return None
    if "dropout" in node.kind() and _argument(node, "p") == 0:
        return None
    what = node.kind().removeprefix("aten::")
    return (
        "audit.training-flag",
        Severity.WARNING,
        f"{what} is in the file as in training: eval() on the loaded model does not change it, and its outputs are "
        "random or depend on the batch.",
        'Set mode = "eval" under [model], and pass training=self.training to functions of torch.nn.functional.',
    )


def _attention_dropout(node: Any) -> _Found | None:
    if node.kind() != "aten::scaled_dot_product_attention" or not _argument(node, "dropout_p"):
        return None
    return (
        "audit.training-flag",
        Severity.WARNING,
        "The attention drops values at random in the file, as in training; eval() on the loaded model changes nothing.",
        "Pass dropout_p=self.p if self.training else 0.0, and export in eval mode.",
    )


def _seed() -> _Found:
    return (
        "audit.seed",
        Severity.WARNING,
        "The model has a random generator with a seed of its own, and the file does not carry it faithfully: its "
        "numbers are others than the model's.",
        "Draw the numbers outside and pass them in as an input.",
    )


def is_random(node: Any) -> bool:
    """Whether an operation draws random numbers."""
    if not node.isNondeterministic():
        return False
    if node.kind() in _TRAINING_ARGUMENTS:
        return _training_flag(node) is not None
    return _argument(node, "dropout_p") not in (0, 0.0)


def _random(node: Any, *, is_repeatable: bool) -> _Found | None:
    if node.kind() in _TRAINING_ARGUMENTS or not is_random(node):
        return None
    if is_repeatable:
        return (
            "audit.seed",
            Severity.WARNING,
            "The model sets the seed of these random numbers in Python, and the file does not have it: the file gives "
            "other numbers at each run.",
            "Keep the numbers in a buffer, or pass them in as an input.",
        )
    return (
        "audit.random",
        Severity.WARNING,
        f"The file draws random numbers ({node.kind().removeprefix('aten::')}): two runs differ, and a seed set in "
        "Python is not part of it.",
        "Pass the random numbers in as an input, if outputs must be repeatable.",
    )


def _constant_tensor(node: Any) -> _Found | None:
    if node.kind() != "prim::Constant" or not node.hasAttribute("value") or node.kindOf("value") != "t":
        return None
    tensor = node.t("value")
    if tensor.numel() <= _SMALL:
        return None
    shape = "×".join(map(str, tensor.shape))
    return (
        "audit.constant-tensor",
        Severity.NOTE,
        f"A tensor of {shape} is a constant of the code, not a buffer: .to(device) on the loaded model does not move "
        f"it from {tensor.device}.",
        "Keep it with self.register_buffer(...) if the file is to run on other devices.",
    )


def _is_plain(value: Any) -> bool:
    return not isinstance(value.type(), torch._C.TensorType)


def _argument(node: Any, name: str) -> Any:
    """Return a constant argument of an operation by name; None where there is none, or where it is no constant."""
    schema_text = node.schema()
    if schema_text in ("", "(no schema)"):
        return None
    names = [argument.name for argument in torch._C.parse_schema(schema_text).arguments]
    if name not in names:
        return None
    value = list(node.inputs())[names.index(name)]
    if value.node().kind() != "prim::Constant" or not _is_plain(value):
        return None
    return value.toIValue()
