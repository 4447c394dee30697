"""Which expressions of a file give a module, and of which class; which functions return one."""

import ast
from collections.abc import Iterator

from .classes import Classes
from .names import Names, module_statements
from .signatures import Function

_KEEPS_THE_MODULE = {
    "apply", "bfloat16", "compile", "cpu", "cuda", "double", "eval", "float", "half", "requires_grad_",
    "share_memory", "to", "to_empty", "train", "type", "xpu",
}  # fmt: skip
_WRAPS_A_MODULE = (
    "torch.jit.script", "torch.jit.trace", "torch.jit.trace_module", "torch.jit.freeze",
    "torch.jit.optimize_for_inference", "torch.compile", "torch.nn.utils.", "torch.ao.quantization.",
    "torch.quantization.", "torch.fx.symbolic_trace", "copy.deepcopy", "copy.copy",
)  # fmt: skip
_MAKES_A_MODULE = (
    "torch.jit.load", "torch.hub.load", "torchvision.models.", "torchaudio.models.", "timm.create_model",
    "segmentation_models_pytorch.",
)  # fmt: skip
_CLASS_METHODS = {"from_pretrained", "from_config", "_from_config", "load_from_checkpoint", "from_name"}
UNKNOWN_CLASS = ""
"""Class of a module whose class this file does not tell."""


class Values:
    """Judges expressions. Class names are full names, ``torch.nn.Sequential`` or ``Net``."""

    def __init__(self, tree: ast.Module, names: Names, classes: Classes) -> None:
        self._names = names
        self._classes = classes
        self.functions: dict[str, Function] = {
            statement.name: statement
            for statement in module_statements(tree.body)
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.factories: dict[str, str] = {}
        """Functions that return a module, and its class."""
        # A factory may return what a later one makes: repeat until nothing is added.
        while added := {
            name: made
            for name, function in self.functions.items()
            if name not in self.factories and (made := self._made_by(function)) is not None
        }:
            self.factories |= added

    def class_of(self, expression: ast.expr, local: dict[str, str]) -> str | None:
        """Return the class of the module that an expression gives, None where it gives none.

        Args:
            expression: any expression of the file.
            local: names that are known to be modules, and their classes.
        """
        while isinstance(expression, ast.Call) and self._keeps_the_module(expression.func):
            assert isinstance(expression.func, ast.Attribute)
            expression = expression.func.value
        match expression:
            case ast.Name(id=name):
                return local.get(name)
            case ast.NamedExpr(value=value):
                return self.class_of(value, local)
            case ast.IfExp(body=body, orelse=orelse):
                chosen = self.class_of(body, local)
                return chosen if chosen is not None else self.class_of(orelse, local)
            case ast.Call(func=func, args=args):
                return self._class_of_call(func, args, local)
        return None

    def _keeps_the_module(self, func: ast.expr) -> bool:
        if not (isinstance(func, ast.Attribute) and func.attr in _KEEPS_THE_MODULE):
            return False
        return not (self._names.resolve(func) or "").startswith("torch.")  # torch.compile(net) is no method

    def _class_of_call(self, func: ast.expr, args: list[ast.expr], local: dict[str, str]) -> str | None:
        full = self._names.resolve(func)
        if full is None:
            return None
        if full in self.factories:
            return self.factories[full]
        owner, _, method = full.rpartition(".")
        if method in _CLASS_METHODS and owner and self._classes.is_module(owner):
            return owner
        if full.startswith(_WRAPS_A_MODULE):
            return self.class_of(args[0], local) if args else None
        if full.startswith(_MAKES_A_MODULE):
            return UNKNOWN_CLASS
        return full if self._classes.is_module(full) else None

    def _made_by(self, function: Function) -> str | None:
        if isinstance(function, ast.AsyncFunctionDef):
            return None
        local: dict[str, str] = {}
        for name, value in assignments(function.body):
            if (made := self.class_of(value, local)) is not None:
                local[name] = made
        for value in returned_values(function):
            if (made := self.class_of(value, local)) is not None:
                return made
        return self.module_in_annotation(function.returns)

    def module_in_annotation(self, annotation: ast.expr | None) -> str | None:
        """Return the module class that an annotation names, such as ``nn.Module`` in ``Optional[nn.Module]``."""
        for name in annotation_names(annotation):
            full = self._names.resolve(name)
            if full is not None and full.rpartition(".")[2] == "Callable":
                return None
            if full is not None and self._classes.is_module(full):
                return UNKNOWN_CLASS if full == "torch.nn.Module" else full
        return None


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield name and value of each assignment of a body, in order; ``a, b = f(), g()`` gives two."""
    for statement in module_statements(body):
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _pairs(target, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.Expr(value=ast.NamedExpr(target=ast.Name(id=name), value=value)):
                yield name, value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ((ast.Tuple(elts=names) | ast.List(elts=names)), (ast.Tuple(elts=values) | ast.List(elts=values))):
            if len(names) == len(values):
                for member, part in zip(names, values, strict=True):
                    if isinstance(member, ast.Name):
                        yield member.id, part


def returned_values(function: Function) -> Iterator[ast.expr]:
    """Yield what a function returns, the values of functions inside it left out."""
    for statement in module_statements(function.body):
        if isinstance(statement, ast.Return) and statement.value is not None:
            yield statement.value


def annotation_names(annotation: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the names in an annotation, those inside a quoted one included."""
    waiting: list[ast.AST] = [annotation] if annotation is not None else []
    while waiting:
        node = waiting.pop(0)
        match node:
            case ast.Constant(value=str() as text):
                try:
                    waiting.append(ast.parse(text.strip(), mode="eval").body)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
            case ast.Name() | ast.Attribute():
                yield node
            case _:
                waiting += ast.iter_child_nodes(node)
