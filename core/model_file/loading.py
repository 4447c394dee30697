"""From a model file and an entry to the object that is exported."""

import difflib
import importlib
import inspect
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from ..errors import ExportDeskError, fail
from ..recipe.model import Recipe
from ..torchscript.torch_jit import load, method_names
from .entries import only_entry, resolve_entry
from .outline import read_outline
from .user_errors import fail_in_user_code
from .user_imports import run_file
from .weights import load_weights


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """What a recipe's ``[model]`` stands for, made, on its device and in its mode.

    Exactly one of ``module`` and ``function`` is set.
    """

    file: Path
    entry: str
    module: torch.nn.Module | None = None
    function: Callable[..., Any] | None = None
    methods: tuple[str, ...] = ("forward",)
    """Methods of ``module`` that are exported."""

    @property
    def is_script(self) -> bool:
        return isinstance(self.module, torch.jit.ScriptModule)

    def callable(self, method: str = "forward") -> Callable[..., Any]:
        """Return what is run: the function, the module itself (with its hooks), or one of its methods."""
        if self.module is None:
            assert self.function is not None
            return self.function
        if method == "forward":
            return self.module
        bound: Callable[..., Any] = getattr(self.module, method)
        return bound

    def signature(self, method: str = "forward") -> inspect.Signature:
        """Return the signature without ``self``."""
        target: Any = self.function if self.module is None else getattr(self.module, method)
        if isinstance(self.module, torch.jit.ScriptModule):
            return _schema_signature(target)
        try:
            return inspect.signature(target)
        except (TypeError, ValueError):
            return inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)])


def load_model(recipe: Recipe, folder: Path) -> LoadedModel:
    """Run the model file and make the model; call inside ``user_imports``.

    Raises:
        ExportDeskError: ``call.*`` where the recipe names what is not there, ``model.*`` where the file fails.
    """
    file = model_path(recipe, folder)
    _seed(recipe.checks.seed)
    if file.suffix in (".pt", ".pth", ".ts", ".torchscript"):
        loaded = _load_script_file(file, recipe)
    else:
        loaded = _load_python_file(file, recipe)
    module = loaded.module
    if module is None:
        return loaded
    if recipe.model.weights is not None:
        load_weights(module, folder / recipe.model.weights, is_strict=recipe.model.weights_strict)
    _check_device(recipe.model.device)
    try:
        module.to(recipe.model.device)
        module.train(recipe.model.mode == "train")
    except Exception as error:
        fail_in_user_code("model.device", f"The model could not be moved to {recipe.model.device}", error)
    return loaded


def model_path(recipe: Recipe, folder: Path) -> Path:
    """Return the absolute path of the model file, or fail where there is none."""
    file = (folder / recipe.model.file).resolve()
    if file.is_dir():
        fail("call.file", f"{file} is a folder, not a model file.", file=str(file), hint="Name the Python file in it.")
    if not file.exists():
        fail("call.file", f"There is no file {file}.", file=str(file), hint="Check the path.")
    return file


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    random.seed(seed)
    import numpy as np

    np.random.seed(seed % 2**32)


def _check_device(device: str) -> None:
    kind, _, index = device.partition(":")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        have = f"{torch.cuda.device_count()} of them" if torch.cuda.device_count() else "none"
        fail(
            "call.device",
            f"The recipe asks for the device {device}, and this machine has {have}.",
            hint="Set the device to cpu, or run the export where the GPU is.",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        fail("call.device", "The recipe asks for the device mps, which only Macs have.", hint="Set the device to cpu.")


def _load_script_file(file: Path, recipe: Recipe) -> LoadedModel:
    try:
        module = load(file)
    except Exception as error:
        fail(
            "model.not-torchscript",
            f"{file.name} is not a TorchScript file that torch {torch.__version__} can read.",
            file=str(file),
            hint="A .pt with weights only belongs under [model] weights, beside the Python file that makes the model.",
            cause=error,
        )
    known = [name for name in method_names(module) if not name.startswith("__")]
    if not known:
        fail(
            "model.no-forward",
            f"{file.name} holds a module without a method that could be called, so there is nothing to export.",
            module="",
            file=str(file),
            hint="Save the module that uses this one, or give it a forward before it is scripted.",
        )
    wanted = recipe.model.methods or tuple(filter(None, [recipe.model.entry]))
    if unknown := next((name for name in wanted if name not in known), None):
        fail("call.entry", f"{file.name} has no {unknown!r}.", file=str(file), hint=f"It has: {', '.join(known)}.")
    default = ("forward",) if "forward" in known else tuple(known)
    return LoadedModel(file=file, entry="", module=module, methods=wanted or default)


def _load_python_file(file: Path, recipe: Recipe) -> LoadedModel:
    outline = read_outline(file)
    name = recipe.model.entry or only_entry(file, outline)
    made, method = resolve_entry(_run_where_it_works(file), name, file, outline, recipe)
    if not isinstance(made, torch.nn.Module):
        if recipe.model.methods:
            fail("call.entry", f"{name} is a function, and has no methods.", file=str(file))
        return LoadedModel(file=file, entry=name, function=made)
    of_functions = tuple(dict.fromkeys(item.method for item in recipe.coreml.functions if item.method is not None))
    methods = tuple(dict.fromkeys((*recipe.model.methods, *of_functions))) or (method,)
    for wanted in methods:
        if not callable(getattr(made, wanted, None)):
            known = [row.name.partition(".")[2] for row in outline if row.name.startswith(f"{type(made).__name__}.")]
            near = difflib.get_close_matches(wanted, known, n=1)
            fail(
                "call.entry",
                f"{type(made).__name__} has no method {wanted!r}.",
                file=str(file),
                hint=f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(['forward', *known])}.",
            )
    if "forward" in methods:
        _check_has_forward(made, file)
    return LoadedModel(file=file, entry=name, module=made, methods=methods)


def _run_where_it_works(file: Path) -> ModuleType:
    """Run a file in the working directory, as ``python file.py`` would; failing that, in the file's own folder.

    Research code says ``sys.path.append("core")`` and opens files by relative names, and works from its own folder
    only; the window may have been started from any.
    """
    try:
        return _run(file)
    except ExportDeskError as error:
        if error.failure.code != "model.import" or Path.cwd() == file.parent:
            raise
        first = error
    os.chdir(file.parent)  # ``user_imports`` goes back
    importlib.invalidate_caches()
    try:
        return _run(file)
    except ExportDeskError:
        raise first from None


def _run(file: Path) -> ModuleType:
    try:
        return run_file(file)
    except ModuleNotFoundError as error:
        fail_in_user_code(
            "model.import",
            f"{file.name} imports something that is not there",
            error,
            hint=f"Install it into this environment, or start ExportDesk where it is installed: {error.name}.",
        )
    except SystemExit as error:
        fail_in_user_code(
            "model.exits",
            f"{file.name} ended the program while it was loaded",
            error,
            hint='Put what should only run as a script under: if __name__ == "__main__":',
        )
    except BaseException as error:
        fail_in_user_code("model.import", f"{file.name} failed while it was loaded", error)


def _check_has_forward(module: torch.nn.Module, file: Path) -> None:
    if getattr(type(module), "forward", None) is torch.nn.Module.forward and "forward" not in vars(module):
        fail(
            "model.no-forward",
            f"{type(module).__name__} has no forward method, so there is nothing to export.",
            module="",
            file=str(file),
            hint="Define forward(self, ...), or name another method: file.py:Net.method.",
        )


def _schema_signature(method: Any) -> inspect.Signature:
    rows = []
    for argument in method.schema.arguments[1:]:
        default = argument.default_value if argument.has_default_value() else inspect.Parameter.empty
        kind = inspect.Parameter.KEYWORD_ONLY if argument.kwarg_only else inspect.Parameter.POSITIONAL_OR_KEYWORD
        rows.append(inspect.Parameter(argument.name, kind, default=default, annotation=str(argument.type)))
    return inspect.Signature(rows)
