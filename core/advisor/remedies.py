"""What to write instead of a construct that the script compiler refuses, found by reading the code at its line."""

import ast
import inspect
from collections.abc import Iterator
from typing import TypeVar

import msgspec
import torch

from ..errors import Failure
from .static_reading import function_at, source_line, statements_at, tree_of
from .unscriptable_syntax import unscriptable

_NUMPY = {
    "clip": "torch.clamp",
    "sqrt": "math.sqrt for a number, torch.sqrt for a tensor",
    "array": "torch.tensor",
    "concatenate": "torch.cat",
    "expand_dims": "torch.unsqueeze",
    "pi": "math.pi",
    "prod": "math.prod of a list that is written out, or x.numel()",
}


def explained(failure: Failure, root: torch.nn.Module | None) -> Failure:
    """Return a refusal with the place of the construct that caused it, and with what to write instead."""
    file, line = failure.file, failure.line
    reason = failure.details or failure.message
    if file is None or line is None:
        file, function = _forward_of(root, failure.module)
        found = _numpy(function) if function is not None and "numpy" in reason.lower() else None
        if found is None:
            return failure
        return _with(failure, file, *found)
    statements = statements_at(file, line)
    function = function_at(file, line)
    if not statements or function is None:
        return failure
    for rule in (_syntax, _text, _arguments, _attempted, _generator, _lambda, _numbers, _modules, _types):
        if (answer := rule(statements[0], function, reason, line)) is not None:
            return _with(failure, file, *answer)
    return failure


def explained_run(problem: str, module: str, root: torch.nn.Module | None) -> Failure | None:
    """Return a failure for a scripted module that compiles and then fails when it is run; None where none is known."""
    file, function = _forward_of(root, module)
    if function is None or file is None:
        return None
    line, hint = None, None
    if "Add new condition" in problem:
        for call in _calls(function, "tensor"):
            line, hint = call.lineno, "Make all values of torch.tensor([...]) of one type: float(n) beside 2.0."
    elif "Unable to cast set" in problem:
        line, hint = next(((found[0], found[2]) for found in _unscriptable_calls(function, "set")), (None, None))
    else:
        line, hint = next(((found[0], found[2]) for found in _unscriptable_calls(function, "autocast")), (None, None))
    if line is None:
        return None
    what = f"{module or 'The model'} compiles as a script, but fails when it is run: {problem}"
    return Failure(code="script.fails", message=what, module=module, file=file, line=line, hint=hint)


_Part = TypeVar("_Part", bound=ast.AST)
_Answer = tuple[int, str, str] | None
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _unscriptable_calls(function: _Function, name: str) -> Iterator[tuple[int, str, str]]:
    for statement in ast.walk(function):
        if isinstance(statement, ast.stmt) and not isinstance(statement, ast.FunctionDef):
            found = unscriptable(statement, "")
            if found is not None and name in found[1]:
                yield found


def _syntax(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    return unscriptable(statement, reason)


def _text(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    for node in _nodes(statement, ast.JoinedStr):
        return (
            node.lineno,
            "an f-string with a format",
            (
                'Leave the format out (f"{x}"), or write "{}".format(x); number formats such as :.3f are '
                "unknown there. Text "
                "that is only printed belongs out of forward."
            ),
        )
    return None


def _arguments(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    if "variable number of arguments" not in reason:
        return None
    extra = function.args.kwarg or function.args.vararg
    if extra is None:
        return None
    stars = "**" if function.args.kwarg else "*"
    return (
        function.lineno,
        f"{stars}{extra.arg}",
        (
            f"Name what {stars}{extra.arg} stands for, each with a type and a default: "
            f"def {function.name}(self, x: Tensor, scale: float = 1.0)."
        ),
    )


def _attempted(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    if isinstance(statement, ast.Try) or "try blocks" in reason:
        return line, "try/except", "Test beforehand, with if, what would raise, and leave try and except out."
    if isinstance(statement, ast.With):
        return line, "a with block", "Move it out of forward; torch.no_grad() is the only one that a script knows."
    return None


def _generator(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    for call in _nodes(statement, ast.Call):
        if any(isinstance(argument, ast.GeneratorExp) for argument in call.args):
            name = call.func.id if isinstance(call.func, ast.Name) else "the call"
            return (
                call.lineno,
                "a generator",
                (
                    f"Take {name}(… for …) apart: start with a first value, and add to it in a for loop; or make "
                    "a list "
                    "first: torch.stack([… for …]).sum(0)."
                ),
            )
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
        return line, "a generator", "Collect the values in a list, and return the list."
    return None


def _lambda(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    for node in _nodes(statement, ast.Lambda):
        return node.lineno, "a lambda", "Write it as a function at the top of the file, with annotated arguments."
    return None


def _numbers(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    if "index type 'number'" in reason or "index type 'Scalar'" in reason:
        return line, "an index made by .item()", "Write int(…) around it: table[int(i)] instead of table[i.item()]."
    if "aten::Tensor" in reason and any(_calls(statement, "Tensor")):
        return line, "torch.Tensor(…)", "Write torch.tensor([...]), or make it a buffer in __init__."
    if found := _numpy(statement):
        return found
    if "has no attribute or method" in reason and "Tensor" in reason:
        name = reason.split("attribute or method '", 1)[-1].split("'", 1)[0]
        return line, f"the method {name} of a tensor", f"Call it as a function: torch.{name}(x) instead of x.{name}()."
    if "statically infer the expected size of a list" in reason:
        return line, "a list spread with *", "Pass the list itself: x.view(sizes) instead of x.view(*sizes)."
    return None


def _modules(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    if "emit iteration over modulelists" in reason:
        word = "break" if isinstance(statement, ast.Break) else "continue"
        instead = (
            "Keep a flag, done = False before the loop, and put the body under: if not done."
            if word == "break"
            else "Put what follows it in the loop under the opposite condition: if rows.numel() > 0: …"
        )
        return line, f"{word} in a loop over modules", instead
    if "cannot be used as a tuple" in reason or "Provided list" in reason:
        return line, "a list that is taken apart", "Take its members by index: found = torch.where(m); rows = found[0]."
    if "Expected integer literal" in reason or ("ModuleList" in reason and "index" in reason):
        return (
            line,
            "a ModuleList indexed by a variable",
            ("Go through the list, and pick: for i, layer in enumerate(self.layers): if i == wanted: x = layer(x)."),
        )
    if "failed to convert" in reason and "has no attribute" in reason:
        name = reason.split("has no attribute '", 1)[-1].split("'", 1)[0]
        return (
            line,
            f"self.{name}, which the compiler cannot convert",
            (
                f"If self.{name} is a list of modules, make it nn.ModuleList([...]) in __init__ (a dict: "
                "nn.ModuleDict). "
                "Otherwise keep there tensors, numbers, texts, and lists, dicts and tuples of one type."
            ),
        )
    if "closed over global variable" in reason or "cannot be used as a value" in reason:
        return (
            line,
            "a global value",
            "Read it in __init__, self.scale = TABLE['scale'], and use self.scale in forward.",
        )
    if "attribute assignment" in reason and "NoneType" in reason:
        return (
            line,
            "an attribute that starts as None",
            ("Annotate it at the top of the class: cache: Optional[Tensor] (and keep self.cache = None in __init__)."),
        )
    return None


def _types(statement: ast.stmt, function: _Function, reason: str, line: int) -> _Answer:
    used = {node.id for node in _nodes(statement, ast.Name)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            continue
        name, value = node.targets[0].id, node.value
        if name not in used:
            continue
        if isinstance(value, ast.List) and not value.elts:
            kind = _element(function, name)
            return (
                line,
                "a list without a type",
                (
                    f"Give its type where it is made (line {node.lineno}): {name}: List[{kind}] = []. Without "
                    "one, an empty "
                    "list holds tensors."
                ),
            )
        if isinstance(value, ast.Dict) and not value.keys:
            return (
                line,
                "a dict without a type",
                (
                    f"Give its type where it is made (line {node.lineno}), as in {name}: Dict[int, float] = "
                    f"{{}}. Without "
                    "one, an empty dict goes from str to Tensor."
                ),
            )
        members = value.elts if isinstance(value, ast.List) else value.values if isinstance(value, ast.Dict) else []
        if len({_kind(member) for member in members}) > 1:
            what = "list" if isinstance(value, ast.List) else "dict"
            return (
                line,
                f"a {what} with values of several types",
                (
                    f"Put the values of {name} (line {node.lineno}) into variables of their own, or into a "
                    "tuple, whose "
                    "members may differ."
                ),
            )
    return None


def _element(function: _Function, name: str) -> str:
    for call in _calls(function, "append"):
        if (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == name
        ):
            kind = _kind(call.args[0]) if call.args else "Tensor"
            return kind if kind != "other" else "Tensor"
    return "Tensor"


def _kind(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("int", "float", "bool", "str")
    ):
        return node.func.id
    return "other"


def _numpy(node: ast.AST) -> _Answer:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in ("np", "numpy"):
            name = part.attr
            instead = _NUMPY.get(name, f"torch.{name}")
            return (
                part.lineno,
                f"NumPy ({part.value.id}.{name})",
                (f"Use {instead}, and keep x a tensor (no .numpy(), no torch.from_numpy())."),
            )
        if isinstance(part, ast.Attribute) and part.attr == "numpy":
            return part.lineno, "NumPy", "Keep the value a tensor, and use torch's functions on it."
    return None


def _calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == name:
            yield part


def _nodes(node: ast.AST, kind: type[_Part]) -> Iterator[_Part]:
    for part in ast.walk(node):
        if isinstance(part, kind):
            yield part


def _forward_of(root: torch.nn.Module | None, path: str | None) -> tuple[str | None, _Function | None]:
    """Return the file of a submodule's ``forward`` and its syntax tree."""
    if root is None or path is None:
        return None, None
    forward = getattr(type(root.get_submodule(path) if path else root), "forward", None)
    code = getattr(inspect.unwrap(forward), "__code__", None) if forward is not None else None
    if code is None or tree_of(code.co_filename) is None:
        return None, None
    first = code.co_firstlineno
    return code.co_filename, function_at(code.co_filename, first) or function_at(code.co_filename, first + 1)


def _with(failure: Failure, file: str | None, line: int, construct: str, hint: str) -> Failure:
    said = failure.message.partition(" It says:")
    called = failure.message.partition(" cannot be scripted")[0]
    message = f"{called} cannot be scripted: the script compiler met {construct}.{said[1]}{said[2]}"
    shown = source_line(file, line)
    return msgspec.structs.replace(
        failure, message=message if shown is not None else failure.message, file=file, line=line, hint=hint
    )
