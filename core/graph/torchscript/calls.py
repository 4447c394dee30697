"""Calls: of a submodule's method, and of a function; each becomes a box with what is called inside."""

import re
from typing import Any

from ..model import GroupKind
from ..values import Constant, Submodule, Value
from .functions import CalledFunction
from .values_of_torch import class_name
from .walk import Scope, Walk


def call_method(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    module, method = operands[0], node.s("name")
    if not isinstance(module, Submodule) or not module.handle._has_method(method):
        return None
    file, line = walk.place(node, scope)
    name = module.path.rpartition(".")[2] or "model"
    is_forward = re.fullmatch(r"forward\d*", method) is not None
    is_own = module.path == scope.module
    title = f"{name} · {class_name(module.handle)}"
    group = walk.builder.add_group(
        (module.path or "model") + ("" if is_forward else f".{method}"),
        title if is_forward else f"{method}()" if is_own else f"{title}.{method}()",
        kind=GroupKind.FUNCTION if is_own else GroupKind.MODULE,
        parent=scope.group,
        module=module.path,
        file=file,
        line=line,
    )
    path = (*scope.path, node.outputsAt(0).debugName())
    inner = Scope(f"{walk.builder.group_id(group)}/", module.path, group, (file, line), path)
    return walk.graph(module.handle._get_method(method).graph, inner, operands)


def call_function(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    function = operands[0]
    if not (isinstance(function, Constant) and isinstance(function.value, CalledFunction)):
        return None
    body, arguments = function.value.body_of_call(node, operands)
    file, line = walk.place(node, scope)
    group = walk.builder.add_group(
        f"{scope.prefix}{function.name}",
        f"{function.name}()",
        kind=GroupKind.FUNCTION,
        parent=scope.group,
        module=scope.module,
        file=file,
        line=line,
    )
    path = (*scope.path, node.outputsAt(0).debugName())
    inner = Scope(f"{walk.builder.group_id(group)}/", scope.module, group, (file, line), path)
    return walk.graph(body, inner, arguments)
