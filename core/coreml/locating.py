"""Where in the user's model a node of a TorchScript graph comes from."""

import linecache
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..model_file.user_errors import is_ours

_TRACED_FRAME = re.compile(r"^(?P<file>.+)\((?P<line>\d+)\): (?P<function>.*)$", re.MULTILINE)
_SCRIPTED_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_SCOPE = re.compile(r"(?P<name>[^.()]+)\((?P<type>[^()]*)\)")
_NOT_MODULES = ("SELF", "UNKNOWN_INSTANCE", "UNKNOWN_SCOPE_NAME")
_LIBRARY = str(Path(torch.__file__).parent)


@dataclass(frozen=True)
class Location:
    """Module path, and the innermost Python line outside torch (torch's own line where there is no other)."""

    module: str | None = None
    file: str | None = None
    line: int | None = None


def all_nodes(block: torch._C.Graph | torch._C.Block) -> Iterator[torch._C.Node]:
    """Yield the nodes of a graph, those of nested blocks after the node that holds them."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from all_nodes(inner)


def find_node(graph: torch._C.Graph, output: str, kind: str, inputs: Sequence[str] = ()) -> torch._C.Node | None:
    """Return the node that makes the value ``output``; failing that, one of its ``kind`` that shares most inputs."""
    # coremltools joins an assignment (y[0] = …) into an operation of its own, and names it so.
    plain = kind.lower().removeprefix("_internal_op_tensor_inplace_").rstrip("_")
    of_kind = []
    for node in all_nodes(graph):
        is_of_kind = node.kind().rpartition("::")[2].lower().rstrip("_") == plain
        if any(value.debugName() == output for value in node.outputs()) and (is_of_kind or plain == kind.lower()):
            return node
        if is_of_kind:
            of_kind.append(node)
    shared = [sum(value.debugName() in inputs for value in node.inputs()) for node in of_kind]
    return of_kind[shared.index(max(shared))] if of_kind else None


def locate(node: torch._C.Node, module: torch.nn.Module | None) -> Location:
    """Return the place of a node of an inlined graph; ``module`` is the compiled model, None for a function."""
    path = None if module is None else module_path(node, module)
    frames = source_frames(node)
    own = [frame for frame in frames if not is_library(frame[0])]
    if not own and module is not None and path:
        # A scripted node in torch's library knows only its own line; the user's is the call of the module.
        own = _call_site(module, path)
    known = own or frames
    return Location(path, *known[0]) if known else Location(path)


def source_line(place: Location) -> str | None:
    """Return the text of a located line, stripped; None where the file cannot be read."""
    if place.file is None or place.line is None:
        return None
    return linecache.getline(place.file, place.line).strip() or None


def is_library(file: str) -> bool:
    """Whether a file belongs to torch or to ExportDesk, and not to the user."""
    return file.startswith((_LIBRARY, "<")) or "/torch/nn/" in file or is_ours(file)


def source_frames(node: torch._C.Node) -> list[tuple[str, int]]:
    """Return (file, line) pairs of a node, innermost first; empty where the node has none."""
    text = str(node.sourceRange())
    frames = [(found["file"], int(found["line"])) for found in _SCRIPTED_FRAME.finditer(text)]
    if not frames:
        frames = [(found["file"], int(found["line"])) for found in _TRACED_FRAME.finditer(text)]
    return frames


def module_path(node: torch._C.Node, module: torch.nn.Module) -> str:
    """Return the path of the submodule that a node belongs to, ``""`` for the model itself."""
    scope: str = node.scopeName().rpartition("/")[2].removeprefix("__module").lstrip(".")
    walked = _walked_path(node, module)
    # A trace notes all of the path, but from the module that was traced; that one may lie in a scripted model.
    return scope if scope and not walked.endswith(f".{scope}") else walked


def _walked_path(node: torch._C.Node, module: torch.nn.Module) -> str:
    path, current = "", module
    for found in _SCOPE.finditer(node.getModuleHierarchy()):
        if found["name"] in _NOT_MODULES:
            continue
        step = _step(current, found["name"], found["type"])
        if step is None:
            break
        path = f"{path}.{step}".lstrip(".")
        current = submodule(current, step)
    return path


def submodule(module: torch.nn.Module, path: str) -> torch.nn.Module:
    """Return the submodule at ``path``; a ScriptModule refuses ``get_submodule``."""
    for name in filter(None, path.split(".")):
        module = dict(module.named_children())[name]
    return module


def _step(module: torch.nn.Module, name: str, type_name: str) -> str | None:
    """Return the relative path of a child; torch leaves containers (``layers`` of ``layers.0``) out of its scopes."""
    children = dict(module.named_children())
    if name in children and _type_name(children[name]) in (type_name, None):
        return name
    for container, child in children.items():
        if name in dict(child.named_children()) and _type_name(submodule(child, name)) in (type_name, None):
            return f"{container}.{name}"
    return name if name in children else None


def _type_name(module: torch.nn.Module) -> str | None:
    return getattr(module, "original_name", None)


def _call_site(module: torch.nn.Module, path: str) -> list[tuple[str, int]]:
    """Return the line in which the nearest module with code outside torch calls the one at ``path``."""
    parts = path.split(".")
    for length in range(len(parts) - 1, -1, -1):
        parent = submodule(module, ".".join(parts[:length]))
        graph = getattr(getattr(parent, "forward", None), "graph", None)
        if graph is None:
            continue
        for node in all_nodes(graph):
            if node.kind() == "prim::CallMethod" and attribute_path(next(node.inputs())) == parts[length:]:
                own = [frame for frame in source_frames(node) if not is_library(frame[0])]
                if own:
                    return own
    return []


def attribute_path(value: torch._C.Value) -> list[str]:
    """Return the names through which a submodule was reached: ``["layers", "0"]``."""
    node = value.node()
    if node.kind() != "prim::GetAttr":
        return []
    return [*attribute_path(next(node.inputs())), node.s("name")]
