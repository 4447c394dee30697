"""Tokens of TorchScript's printed graph: values, operators, types, literals and source comments."""

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, String, Text


class GraphLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    name = "TorchScript graph"
    tokens: ClassVar = {
        "root": [
            (r"#.*$", Comment),
            (r'"(\\.|[^"\\])*"', String),
            (r"%[\w.]+", Name.Variable),
            (r"\b(prim|aten|torch|quantized|__torch__)(::|\.)[\w.:]+", Name.Builtin),
            (r"\b(graph|return|block\d*|fork_\d+|def|value)\b", Keyword),
            (r"-?\b\d+(\.\d*)?(e[+-]?\d+)?\b", Number),
            (r"[A-Za-z_]\w*", Text),
            (r"\s+", Text),
            (r".", Text),
        ]
    }
