"""Errors of torch's tracer and script compiler, located at the user's line with a remedy."""

import re
from typing import Any, NoReturn

import torch

from ..errors import fail
from ..model_file.user_errors import is_users_file, place_of_code, users_place

_PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_VALUES = re.compile(r"(?<=tensor\()\[[^()]*\]")
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


def fail_to_script(error: Exception, module: str, type_name: str, root: torch.nn.Module | None) -> NoReturn:
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
    if root is not None and _is_about_parametrisation(text) and (names := _parametrised(root, module)):
        construct, hint = (
            "a parametrised module (weight norm, spectral norm), whose Python it cannot compile",
            f"Mark {', '.join(names)} as trace, or bake the weights in first "
            "(torch.nn.utils.parametrize.remove_parametrizations, remove_weight_norm).",
        )
    what = f"the script compiler met {construct}" if construct else "the script compiler refused it"
    fail(
        "script.refused",
        f"{_called(module)} ({type_name}) cannot be scripted: {what}. It says: {_shortened(reason)}",
        module=module,
        file=file,
        line=line,
        hint=hint,
        details=text,
    )


def fail_to_trace(error: Exception, module: str, type_name: str, target: Any) -> NoReturn:
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
    elif "Tracer cannot infer type" in text or "Only tensors" in text or "cannot be traced" in text:
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
        f"{_called(module)} ({type_name}) cannot be traced: {_shortened(text)}",
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


def _is_about_parametrisation(text: str) -> bool:
    return bool(re.search(r"parametri[sz]|weight_norm|spectral_norm|WeightNorm|SpectralNorm|Parametrized", text))


def _parametrised(root: torch.nn.Module, path: str) -> list[str]:
    """Return paths of modules whose weights are computed anew in each run, by parametrisations or by hooks."""
    names = []
    for name, module in root.named_modules():
        hooks = module._forward_pre_hooks.values()
        if hasattr(module, "parametrizations") or any("norm" in type(hook).__module__ for hook in hooks):
            names.append(".".join(part for part in (path, name) if part))
    return names


def _called(module: str) -> str:
    return f"The module {module}" if module else "The model"


def _shortened(text: str) -> str:
    lines = [line for line in _VALUES.sub("…", text).splitlines() if not _NUMBERS_ALONE.fullmatch(line)]
    return " ".join(line.strip() for line in lines[:3])[:400]
