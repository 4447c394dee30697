"""Errors of torch's tracer and script compiler, located at the user's line with a remedy."""

import inspect
import re
from typing import Any, NoReturn

import torch

from ..errors import fail
from ..model_file.module_tree import type_name
from ..model_file.user_errors import is_users_file, place_of_code, users_place

_PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_VALUES = re.compile(r"(?<=tensor\()\[[^()]*\]")
_INTERNAL = re.compile(r"__torch__\.|___torch_mangle_\d+\.| \(of Python compilation unit at: 0x[0-9a-f]+\)")
"""What torch puts around the names of classes."""
_NUMBERS_ALONE = re.compile(r"[\s\d.,e+\-]*(\[ \w+\{[\d,]*\} \])?")
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"f-strings? .*|JoinedStr",
        "an f-string",
        "Use str.format, or move the text out of forward.",
    ),
    (
        r"Compiled functions can't take variable number of arguments|variadic",
        "*args, **kwargs, or a keyword-only argument with a default",
        "Name each argument of forward, and let those with defaults be given by position too (no bare * before them).",
    ),
    (
        r"Expected a single top-level function|Could not get source|OSError: could not get source",
        "code whose source it cannot read, such as a lambda, a hook made of one, or a function made at run time",
        "Write it as a named function or method with type annotations, or trace this module.",
    ),
    (r"try blocks|Try\b", "try/except", "Test the condition with if instead of catching the exception."),
    (r"(Yield|GeneratorExp|generator)", "a generator", "Build a list in a for loop."),
    (r"(With statements|\bWith\b).*not supported", "this kind of with block", "Move it out of forward."),
    (r"Lambda|lambda", "a lambda", "Define a named function with type annotations."),
    (r"numpy|np\.", "NumPy", "Use the torch function of the same name."),
    (
        r"Expected integer literal for index|index.*ModuleList|Expected a literal",
        "a ModuleList indexed by a variable",
        "Loop over it with for or enumerate, or index it with a number.",
    ),
    (
        r"'__torch__\..*' object has no attribute or method '__call__'",
        "modules gathered into a tuple or a list in forward",
        "Call each by its name, or keep them in an nn.ModuleList that __init__ makes, and loop over that.",
    ),
    (
        r"module '.*' has no attribute|object has no attribute or method|Tried to access nonexistent attribute",
        "an attribute that the compiler cannot see",
        "Set it in __init__ to a tensor, number, text, list or module, with an annotation if it starts empty.",
    ),
    (
        r"Expected a value of type|[tT]ype mismatch|Return value was annotated|previously had type|is set to type",
        "values whose types the compiler cannot match",
        "Annotate arguments and variables (x: int, out: List[Tensor], y: Optional[Tensor]); an argument without "
        "annotation is a Tensor.",
    ),
    (
        r"Could not get name of python class|Unknown type name|unknown type|Unsupported annotation",
        "a type that TorchScript does not know",
        "Use Tensor, int, float, bool, str, List, Dict, Tuple and Optional of them.",
    ),
    (
        r"is not a.*supported|isn't supported|not supported|aren't supported|unsupported",
        "a construct that TorchScript does not have",
        "Rewrite this line, or trace this module and script only what needs it.",
    ),
    (
        r"undefined value",
        "a name that the compiler cannot find",
        "Define it before use, in every branch; globals must be constants marked Final or be passed in.",
    ),
)


def fail_to_script(error: Exception, module: str, kind: str, root: torch.nn.Module | None) -> NoReturn:
    """Raise an ExportDeskError for what ``torch.jit.script`` raised on ``root``, which is at the path ``module``.

    The compiler's text begins with the reason and then names places, the innermost first.
    """
    text = str(error).strip()
    file, line = _place(text, error)
    found = _PLACE.search(text)
    reason = (text[: found.start()] if found else text).strip().rstrip(":") or type(error).__name__
    construct, hint = next(
        ((name, remedy) for pattern, name, remedy in _CAUSES if re.search(pattern, reason)),
        (None, "Rewrite this line, or trace this module and script only what needs it."),
    )
    if root is not None and (missing := _missing_attribute(reason, root, module)):
        construct, hint = missing
    elif (
        root is not None
        and "'__call__'" not in reason
        and _is_about_parametrisation(text)
        and (names := _parametrised(root, module))
    ):
        construct, hint = (
            "a parametrised module (weight norm, spectral norm), whose Python it cannot compile",
            f"Mark {', '.join(names)} as trace, or bake the weights in first "
            "(torch.nn.utils.parametrize.remove_parametrizations, remove_weight_norm).",
        )
    if argument := re.search(r"for argument '(\w+)' but instead found type '([^']+)'\.\s*Inferred", text):
        hint = f"Annotate the argument, {argument[1]}: {argument[2]}; without an annotation it is taken for a Tensor."
    what = f"the script compiler met {construct}" if construct else "the script compiler refused it"
    fail(
        "script.refused",
        f"{_called(module)} ({kind}) cannot be scripted: {what}. It says: {_shortened(reason)}",
        module=module,
        file=file,
        line=line,
        hint=hint,
        details=text,
    )


def fail_to_trace(error: Exception, module: str, kind: str, target: Any) -> NoReturn:
    """Raise an ExportDeskError for what ``torch.jit.trace`` raised on ``target``, which runs without it."""
    text = str(error).strip()
    file, line = users_place(error)
    if file is None:
        file, line = place_of_code(target.forward if isinstance(target, torch.nn.Module) else target)
    code, hint = "trace.refused", "Mark this module as script, or see the details for what torch said."
    if re.search(r"Encountering a (dict|list) at the output|strict=False", text):
        code = "trace.container-output"
        hint = (
            "Set strict = false under [torchscript] (Strict in the window): the dict or list is then kept with the "
            "keys and the length that the example gave."
        )
    elif "must have consistent type" in text:
        code = "trace.not-tensors"
        hint = (
            "The values of a dict must all be of one kind: return a tuple instead, or give lists and numbers places of "
            "their own outside of the dict; or mark this module as script."
        )
    elif "Only tensors, lists" in text or "of traced region cannot be understood" in text:
        code = "trace.not-tensors"
        hint = (
            "A trace returns tensors, lists of tensors, tuples of all these, and dicts with tensors. Return tuple(rows)"
            " for a list of tuples, and leave out None and numbers, which no input changes."
        )
    elif "Tracer cannot infer type" in text or "cannot be traced" in text:
        code = "trace.not-tensors"
        hint = (
            "A trace takes and returns tensors, and tuples, lists and dicts of them. Return the tensors of this "
            "object (with transformers: return_dict=False), or set strict = false under [torchscript] for dicts."
        )
    elif "didn't return any values" in text:
        hint = "Return the result: what a function only prints, stores or changes is not in a trace."
    elif "observable data dependence" in text:
        hint = (
            "An output is a tensor that does not come from the inputs (a Python attribute, or NumPy in between). Keep "
            "it with self.register_buffer(...), or compute it from the inputs with torch."
        )
    elif "Parametrization is not working with scripting" in text:
        hint = (
            "A parametrised module (weight norm, spectral norm) cannot be scripted: mark it as trace, or bake its "
            "weights in first (torch.nn.utils.parametrize.remove_parametrizations)."
        )
    elif "Cannot insert a Tensor that requires grad as a constant" in text and isinstance(target, torch.nn.Module):
        hint = (
            "The model uses weights that torch does not know as its own, such as layers in a plain Python list: keep "
            "layers in torch.nn.ModuleList or ModuleDict, and tensors with register_buffer or torch.nn.Parameter."
        )
    elif "Cannot insert a Tensor that requires grad as a constant" in text:
        hint = (
            "The function uses weights of a model that it only refers to. Export the model itself (file.py:model, or "
            "file.py:model.method), or make the function a method of it."
        )
    elif found := re.search(r"Argument (\w+) not provided", text):
        hint = (
            f"The tracer cannot pass {found[1]!r} to a scripted module, since it can only be given by name there. "
            "Remove the bare * before it in forward, or mark the module above as script."
        )
    elif found := re.search(r"'RecursiveScriptModule' object has no attribute '(\w+)'", text):
        hint = (
            f"A module above a scripted one uses {found[1]!r} of it, which its TorchScript form does not have. If it "
            "is a method, put @torch.jit.export above it; or mark the module that uses it as script too."
        )
    elif isinstance(error, AttributeError):
        hint = (
            "A module above a scripted one reads an attribute that its TorchScript form does not have. Mark the "
            "module that reads it as script too, or read the attribute in __init__."
        )
    fail(
        code,
        f"{_called(module)} ({kind}) cannot be traced: {_shortened(text)}",
        module=module,
        file=file,
        line=line,
        hint=hint,
        cause=error,
    )


def _place(text: str, error: BaseException) -> tuple[str | None, int | None]:
    """Return the user's innermost line that a compiler's text names; where it names none, that of the exception."""
    places = [(found["file"], int(found["line"])) for found in _PLACE.finditer(text)]
    own = next((place for place in places if is_users_file(place[0])), None)
    return own or (places[0] if places else users_place(error))


def _missing_attribute(reason: str, root: torch.nn.Module, path: str) -> tuple[str, str] | None:
    """Say why a module below ``root`` lacks what the code asks of it; None where the reason is another."""
    found = re.search(r"Module '(\w+)' has no attribute '(\w+)'(?! \(This attribute exists)", reason)
    if found is None:
        return None
    owner, attribute = found.groups()
    for name, module in root.named_modules():
        if type_name(module) != owner:
            continue
        place = ".".join(part for part in (path, name) if part)
        if isinstance(module, torch.jit.ScriptModule):
            return (
                f"{attribute}, which {place} does not have once it is compiled on its own",
                f"A trace keeps forward only. Mark {place} as script too; or, where it is TorchScript already, put "
                f"@torch.jit.export above {attribute} in its source.",
            )
        value = inspect.getattr_static(type(module), attribute, None)
        if isinstance(value, bool | int | float | str):
            return (
                f"{attribute}, a constant of the class {owner}",
                f"Annotate it in the class, {attribute}: Final[{type(value).__name__}] = {value!r} (from typing), or "
                f"set self.{attribute} in __init__.",
            )
    return None


def _is_about_parametrisation(text: str) -> bool:
    return bool(re.search(r"parametri[sz]|weight_norm|spectral_norm|WeightNorm|SpectralNorm|Parametrized", text))


def _parametrised(root: torch.nn.Module, path: str) -> list[str]:
    """Return paths of modules whose weights are computed anew in each run, by parametrisations or by hooks."""
    names = []
    for name, module in root.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        hooks = module._forward_pre_hooks.values()
        if hasattr(module, "parametrizations") or any("norm" in type(hook).__module__ for hook in hooks):
            names.append(".".join(part for part in (path, name) if part))
    return names


def _called(module: str) -> str:
    return f"The module {module}" if module else "The model"


def _shortened(text: str) -> str:
    text = _INTERNAL.sub("", text)
    lines = [line for line in _VALUES.sub("…", text).splitlines() if not _NUMBERS_ALONE.fullmatch(line)]
    return " ".join(line.strip() for line in lines[:3])[:400]
