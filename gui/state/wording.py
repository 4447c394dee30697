"""Sentences of the engine in the window's words: keys of a recipe become the labels of their fields."""

import re

from ...core.errors import Failure
from ...core.recipe.model import Checks, CoreML, Model, Recipe, TorchScript
from .words import words_of

_OWNERS = (CoreML, TorchScript, Model, Recipe)
_ASSIGNED = re.compile(r"""(?P<key>[a-z_][a-z0-9_]*) = (?P<value>"[^"]*"|true|false|[0-9.]+)""")
_KEY = re.compile(r" under \[(?P<table>model|torchscript|coreml|checks)\](?: (?P<key>[a-z_]+))?(?: in the recipe)?")
_FLAGS = (
    (re.compile(r"Give them with --arg .* Arguments field\."), "Fill them in under Setup, in Arguments."),
    (re.compile(r", or an \[\[inputs\]\] table in the recipe"), ", in the panel Inputs"),
    (
        re.compile(r"--check-input (?P<name>[^\s=]+)=\S+?(?=[.,;)]*(\s|$))"),
        r"a row for \g<name> in Further inputs to check with",
    ),
    (re.compile(r"--check-input"), "a row in Further inputs to check with"),
    (re.compile(r"--input (?P<name>[^\s=]+)=SHAPE"), r"an input \g<name>"),
    (re.compile(r"--input (?P<name>[^\s=]+)=(?P<rest>[^\s,][^\s)]*[^\s),.])"), r"an input \g<name> with \g<rest>"),
    (re.compile(r"--input"), "the input"),
    (re.compile(r"--arg (?P<name>\w+)=…"), r"\g<name>"),
    (re.compile(r"\(`--no-coreml`\)"), "(the switch “Make a Core ML package”)"),
    (re.compile(r" \(`?--[a-z][^)]*\)"), ""),
    (re.compile(r"`?--no-coreml`?"), "the switch “Make a Core ML package” off"),
    (re.compile(r"--set \S+?[.](?P<key>\w+)=(?P<value>\S+)"), r"\g<key> = \g<value>"),
    (re.compile(r" \(\w+ in the window\)"), ""),
)


_PATH = re.compile(r"""(?<![\w/.])(?:[A-Za-z]:\\|/)[^\s'":;,()“”]+""")
LONGEST_PATH = 40
LONGEST_TEXT = 700
"""Of a message above the work; a line of a generated file can have millions of characters."""
_LONGEST_REASON = 240
"""Of what a library says of a failure, so that what to do about it is in sight as well; the tip has all of it."""


def in_words_of_the_window(text: str) -> str:
    """Return a sentence without the words of the command line and the recipe, as far as fields stand for them."""
    for pattern, replacement in _FLAGS:
        text = pattern.sub(replacement, text)
    return _ASSIGNED.sub(_as_field, _KEY.sub(_as_label, text))


def with_labels(text: str) -> str:
    """Return a sentence that begins with a key of the recipe with the label of that key instead."""
    key, space, rest = text.partition(" ")
    owner = next((owner for owner in (*_OWNERS, Checks) if key in owner.__struct_fields__), None)
    return text if owner is None else f"{words_of(owner, key).label}{space}{rest}"


def failure_text(failure: Failure) -> str:
    """Return the paragraph of a failure: what, where, what to do."""
    return in_words_of_the_window(" ".join(_parts(failure)))


def short_failure_text(failure: Failure) -> str:
    """Return what has failed, in few lines, and what to do in lines of its own."""
    what, *rest = _parts(failure)
    if len(what) > _LONGEST_REASON:
        cut = what[:_LONGEST_REASON]
        what = f"{cut.rpartition(' ')[0] or cut} …"
    place = " ".join(rest[:-1] if failure.hint else rest)
    told = with_short_paths(in_words_of_the_window(f"{what} {place}".strip()))
    return f"{told}\n{with_short_paths(in_words_of_the_window(failure.hint))}" if failure.hint else told


def _parts(failure: Failure) -> list[str]:
    message = " ".join(failure.message.split())
    is_placed = failure.location and failure.location not in message
    return [message, *([f"({failure.location})"] if is_placed else []), *([failure.hint] if failure.hint else [])]


def with_short_paths(text: str) -> str:
    """Return a sentence whose long paths keep their last two parts: ``…/project/model.py``."""
    return _PATH.sub(_short, text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …")


def _short(found: re.Match[str]) -> str:
    parts = [part for part in re.split(r"[/\\]", found[0]) if part]
    return found[0] if len(found[0]) <= LONGEST_PATH or len(parts) < 4 else f"…/{parts[-2]}/{parts[-1]}"


def _as_label(found: re.Match[str]) -> str:
    owner = {"model": Model, "torchscript": TorchScript, "coreml": CoreML, "checks": Checks}[found["table"]]
    key = found["key"] or ""
    if key in owner.__struct_fields__:
        return f" under “{words_of(owner, key).label}”"
    return f" {key}".rstrip()


def _as_field(found: re.Match[str]) -> str:
    key, value = found["key"], found["value"].strip('"')
    for owner in _OWNERS:
        if key in owner.__struct_fields__:
            words = words_of(owner, key)
            if value in ("true", "false"):
                return f"“{words.label}” {'on' if value == 'true' else 'off'}"
            return f"“{words.label}: {words.choices.get(value, value)}”"
    return found[0]
