"""Errors of torch's tracer and script compiler, located at the user's line with a remedy."""

import re
from typing import NoReturn

from ..errors import fail
from ..model_file.user_errors import users_place
from .torch_jit import TracingCheckError

_PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"f-strings? .*|JoinedStr",
        "an f-string",
        "Use str.format, or move the text out of forward.",
    ),
    (
        r"Compiled functions can't take variable number of arguments|variadic",
        "*args or **kwargs",
        "Name each argument of forward.",
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


def fail_to_script(error: Exception, module: str, type_name: str) -> NoReturn:
    """Raise an ExportDeskError for what ``torch.jit.script`` raised.

    The compiler's text begins with the reason and then names places, the innermost first.
    """
    text = str(error).strip()
    place = _PLACE.search(text)
    file, line = (place["file"], int(place["line"])) if place else users_place(error)
    reason = (text[: place.start()] if place else text).strip().rstrip(":") or type(error).__name__
    construct, hint = next(
        ((name, remedy) for pattern, name, remedy in _CAUSES if re.search(pattern, reason)),
        (None, "Rewrite this line, or trace this module and script only what needs it."),
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


def fail_to_trace(error: Exception, module: str, type_name: str) -> NoReturn:
    """Raise an ExportDeskError for what ``torch.jit.trace`` raised on a model that runs without it."""
    text = str(error).strip()
    file, line = users_place(error)
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


def is_not_repeatable(error: Exception) -> bool:
    """Whether torch's own check of a trace failed because two traces of the same input differ."""
    return isinstance(error, TracingCheckError)


def _called(module: str) -> str:
    return f"The module {module}" if module else "The model"


def _shortened(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return " ".join(line.strip() for line in lines[:3])[:400]
