"""Imports as ``python file.py`` would give them, and undone afterwards, so that an edited file is read anew."""

import ast
import contextlib
import functools
import importlib
import importlib.util
import keyword
import linecache
import os
import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from .torch_compile import torch_compile_left_out

_INSTALLED = tuple(
    os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
_PRODUCT = __name__.partition(".")[0]


@contextlib.contextmanager
def user_imports(file: Path) -> Iterator[None]:
    """Let a user's file and its siblings be imported inside the block; forget them after it.

    As with ``python file.py``, the file's folder comes first on ``sys.path`` and the working directory stays. Beyond
    that, the folder above a package is put last, so that a file inside a package finds its own package by name.
    Modules that were loaded from the user's files, ``sys.path``, the working directory, the environment and torch's
    global switches are as before once the block ends.
    """
    modules = set(sys.modules)
    path, argv, folder, environment = list(sys.path), list(sys.argv), os.getcwd(), dict(os.environ)
    hooks = (sys.excepthook, sys.stdout, sys.stderr)
    python_random = random.getstate()
    restore_torch = _torch_switches()
    linecache.checkcache()
    importlib.invalidate_caches()
    sys.path.insert(0, str(file.parent))
    root = package_root(file)
    if str(root) not in sys.path:
        sys.path.append(str(root))
    sys.argv = [str(file)]
    try:
        with torch_compile_left_out():
            yield
    finally:
        sys.path[:], sys.argv[:] = path, argv
        with contextlib.suppress(OSError):
            os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.excepthook, sys.stdout, sys.stderr = hooks
        random.setstate(python_random)
        restore_torch()
        for name in [name for name in sys.modules if name not in modules and is_users(sys.modules[name])]:
            del sys.modules[name]


def run_file(file: Path) -> ModuleType:
    """Run a model file as a module under its own name, and return it; whatever it raises comes through.

    A file that imports its neighbours relatively is run as a member of its package.
    """
    name = _module_name(file)
    if "." in name:
        importlib.import_module(name.rpartition(".")[0])
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    # A module may replace itself in sys.modules, and then means the replacement.
    return sys.modules.get(name, module)


def package_root(file: Path) -> Path:
    """Return the folder above the outermost package that a file is in, or the file's folder."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def _module_name(file: Path) -> str:
    # TorchScript names classes after their module, and reads back only names that are ASCII identifiers; for Python, a
    # dot would mean a package: net-v1.2.py is no member of net-v1.
    plain = re.sub(r"\W", "_", file.stem, flags=re.ASCII)
    is_plain = plain == file.stem and plain.isidentifier() and not keyword.iskeyword(plain)
    if _imports_relatively(file) and (root := package_root(file)) != file.parent:
        return ".".join((*file.parent.relative_to(root).parts, plain if is_plain else f"user_{plain}"))
    # A file called random.py or core.py must not stand in for a module that is already loaded.
    return plain if is_plain and plain not in sys.modules else f"user_{plain}"


def _imports_relatively(file: Path) -> bool:
    tree = ast.parse(file.read_bytes())
    return any(isinstance(node, ast.ImportFrom) and node.level > 0 for node in ast.walk(tree))


def is_users(module: ModuleType) -> bool:
    """Whether a module was loaded from the user's own files rather than from an installation."""
    place = getattr(module, "__file__", None)
    if not isinstance(place, str):
        return _is_namespace(module)
    name = module.__name__.partition(".")[0]
    return name != _PRODUCT and not _lies_installed(place)


@functools.cache
def _lies_installed(place: str) -> bool:
    """``is_installed`` for the place of a module: there are thousands, and they stay where they are."""
    return is_installed(os.path.realpath(place))


def is_installed(path: str) -> bool:
    """Whether a file (its real path) belongs to Python or to an installed library."""
    return path.startswith(_INSTALLED)


def _is_namespace(module: ModuleType) -> bool:
    places = [os.path.realpath(place) for place in getattr(module, "__path__", ())]
    return bool(places) and not any(place.startswith(_INSTALLED) for place in places)


def _torch_switches() -> Callable[[], None]:
    """Note torch's global switches; the returned function sets them back."""
    if "torch" not in sys.modules:
        return lambda: None
    import torch

    dtype, threads, grad = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    seed_state = torch.get_rng_state()
    call = torch.nn.Module.__call__

    def restore() -> None:
        torch.set_default_dtype(dtype)
        torch.set_default_device(None)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(grad)
        if torch.are_deterministic_algorithms_enabled() != deterministic:
            # Even a call that changes nothing imports torch's compiler, which takes most of a second.
            torch.use_deterministic_algorithms(deterministic)
        torch.set_rng_state(seed_state)
        torch.nn.Module.__call__ = call  # type: ignore[method-assign]

    return restore
