"""The user's model run as it is."""

from typing import Any

import torch
from torch.nn.parameter import is_lazy

from ..errors import Cancelled, ExportDeskError
from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors, flatten
from ..model_file.loading import LoadedModel
from ..model_file.user_errors import fail_in_user_code
from .explained import explanation, module_in
from .kept_state import KeptState, inference


class EagerModel:
    """The user's model, run without gradients; it is as before after each run."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._kept: KeptState | None = None

    def run(self, method: str, arguments: Arguments) -> Any:
        given = fresh(arguments)
        module = self._loaded.module
        if module is not None and has_lazy_parameters(module):
            # Its first run gives it its parameters, which is what the user's own first run would do.
            with inference():
                self._loaded.callable(method)(*given.positional, **given.keyword)
            given = fresh(arguments)
        if self._kept is None:
            self._kept = KeptState(module)
        try:
            with inference():
                return self._loaded.callable(method)(*given.positional, **given.keyword)
        finally:
            self._kept.restore()

    def run_or_fail(self, method: str, arguments: Arguments) -> Any:
        """Run the model on its example, and say what is wrong where it cannot.

        Raises:
            ExportDeskError: ``model.run``.
        """
        try:
            return self.run(method, arguments)
        except (Cancelled, ExportDeskError):
            raise
        except BaseException as error:  # what a forward raises need not be an Exception
            tensors = [tensor for _, tensor in flatten([*arguments.positional, *arguments.keyword.values()])]
            shapes = ", ".join(f"{tuple(v.shape)} {str(v.dtype).removeprefix('torch.')}" for v in tensors)
            fail_in_user_code(
                "model.run",
                f"The model does not run with the inputs given ({shapes or 'none'})",
                error,
                module=module_in(self._loaded.module, error) or "",
                hint=f"{explanation(error)}Check the shapes and dtypes of the inputs: the line shown is where the "
                "model gave up.",
                otherwise=self._loaded.file,
            )


def eager_or_fail(loaded: LoadedModel, method: str, arguments: Arguments) -> Any:
    """Run the user's model once on an example; see ``EagerModel.run_or_fail``."""
    return EagerModel(loaded).run_or_fail(method, arguments)


def run_eager(loaded: LoadedModel, method: str, arguments: Arguments) -> Any:
    """Run the user's model once; see ``EagerModel``."""
    return EagerModel(loaded).run(method, arguments)


def has_lazy_parameters(module: torch.nn.Module) -> bool:
    """Whether parameters or buffers wait for the first run to get their shape."""
    if isinstance(module, torch.jit.ScriptModule):
        return False
    return any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers()))


def fresh(arguments: Arguments) -> Arguments:
    """Return copies of the tensors, since a model may change its inputs in place."""
    return Arguments(positional=copy_tensors(arguments.positional), keyword=copy_tensors(arguments.keyword))
