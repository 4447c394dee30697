"""The submodules of a loaded model as rows."""

import inspect
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from ..results import BufferRow, ModuleRow, Parameter
from .user_errors import place_of_code

_CONTAINERS = (torch.nn.ModuleList, torch.nn.ModuleDict, torch.nn.ParameterList, torch.nn.ParameterDict)
_TRAINING_SENSITIVE = (
    torch.nn.modules.dropout._DropoutNd,
    torch.nn.modules.batchnorm._BatchNorm,
    torch.nn.modules.instancenorm._InstanceNorm,
    torch.nn.RReLU,
)


def module_rows(root: torch.nn.Module) -> tuple[ModuleRow, ...]:
    """Return a row for each path of the tree, depth first; a shared module comes at each of its paths."""
    first_path: dict[int, str] = {}
    rows = []
    for path, module in root.named_modules(remove_duplicate=False):
        shared_with = first_path.get(id(module))
        first_path.setdefault(id(module), path)
        file, line = _source(type(module))
        rows.append(
            ModuleRow(
                path=path,
                type_name=type_name(module),
                parameter_count=sum(p.numel() for p in module.parameters() if not is_lazy(p)),
                own_parameter_count=sum(p.numel() for p in module.parameters(recurse=False) if not is_lazy(p)),
                file=file,
                line=line,
                is_container=not has_forward(module),
                is_script=isinstance(module, torch.jit.ScriptModule),
                shared_with=shared_with,
                training_sensitive=is_training_sensitive(module),
            )
        )
    return tuple(rows)


def buffer_rows(root: torch.nn.Module) -> tuple[BufferRow, ...]:
    """Return the buffers that ``forward`` may update; the statistics of normalisation change in training alone."""
    norms = (torch.nn.modules.batchnorm._NormBase,)
    return tuple(
        BufferRow(
            path=f"{path}.{name}" if path else name,
            shape=tuple(buffer.shape),
            dtype=str(buffer.dtype).removeprefix("torch."),
        )
        for path, module in root.named_modules()
        if not isinstance(module, norms)
        for name, buffer in module.named_buffers(recurse=False)
        if not is_lazy(buffer)
    )


def is_training_sensitive(module: torch.nn.Module) -> bool:
    """Whether train and eval mode differ: dropout, batch norm and the like."""
    if isinstance(module, torch.nn.RNNBase | torch.nn.MultiheadAttention):
        return module.dropout > 0
    return isinstance(module, _TRAINING_SENSITIVE)


def has_forward(module: torch.nn.Module) -> bool:
    """Whether a module can be called, and so be marked."""
    if isinstance(module, torch.jit.ScriptModule):
        return hasattr(module, "forward")
    if "forward" in vars(module):
        return True
    return not isinstance(module, _CONTAINERS) and type(module).forward is not torch.nn.Module.forward


def type_name(module: torch.nn.Module) -> str:
    """Return the class's name, also where the module is TorchScript."""
    # Only TorchScript is asked: a __getattr__ of the user's may raise anything.
    return str(module.original_name) if isinstance(module, torch.jit.ScriptModule) else type(module).__name__


def parameters_of(signature: inspect.Signature) -> tuple[Parameter, ...]:
    """Return a live signature as the plain data of an outline."""
    kinds: dict[Any, str] = {
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_POSITIONAL: "var_positional",
        inspect.Parameter.VAR_KEYWORD: "var_keyword",
    }
    return tuple(
        Parameter(
            name=parameter.name,
            annotation=None
            if parameter.annotation is parameter.empty
            else inspect.formatannotation(parameter.annotation).replace("torch.Tensor", "Tensor"),
            default=None if parameter.default is parameter.empty else repr(parameter.default),
            kind=kinds.get(parameter.kind, "positional"),
        )
        for parameter in signature.parameters.values()
    )


def _source(kind: Any) -> tuple[str | None, int | None]:
    """Return file and line of ``forward``; classes of torch itself have none that helps a user."""
    if kind.__module__.startswith("torch."):
        return None, None
    return place_of_code(getattr(kind, "forward", None) or kind)
