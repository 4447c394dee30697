"""Shapes as people write them, in annotations, docstrings and comments: ``B,3,H,W`` or ``(batch, seq_len)``."""

import re
from dataclasses import dataclass

_WORDS = {
    1: "b bs bsz n batch batch_size batchsize nbatch num_batches n_batch samples",
    3: "c ch channels channel in_channels num_channels n_channels c_in cin rgb",
    224: "h w height width h_in w_in img_size image_size img_h img_w hin win",
    16: "t l s seq seq_len seqlen sequence sequence_length seq_length len length time steps timesteps n_tokens "
    "num_tokens tokens frames num_frames max_len ctx context d_seq depth f k m p q",
    64: "d e dim embed embed_dim emb hidden hidden_size hidden_dim d_model features feature feat n_features "
    "num_features in_features input_size input_dim in_dim latent latent_dim z",
}
ASSUMED_SIZES = {word: size for size, words in _WORDS.items() for word in words.split()}
"""What a size is taken to be that a text gives a name only."""
CHANNEL_WORDS = frozenset(_WORDS[3].split())
FEATURE_WORDS = frozenset(_WORDS[64].split())

_DIMENSION = r"(?:\d+|[A-Za-z_]\w*(?:\s*[*/+-]\s*\d+)?)"
_BRACKETED = re.compile(rf"[(\[]\s*({_DIMENSION}(?:\s*[,x×]\s*{_DIMENSION})*\s*,?)\s*[)\]]")
_BARE = re.compile(rf"(?<![\w.])({_DIMENSION}(?:\s*[,×]\s*{_DIMENSION})+|\d+(?:x\d+)+|[A-Z\d]\w*(?: x [A-Z\d]\w*)+)")
_DTYPE_WORDS = (
    (re.compile(r"\b(int64|LongTensor|long|token ids|indices)\b", re.IGNORECASE), "int64"),
    (re.compile(r"\b(int32|IntTensor)\b"), "int32"),
    (re.compile(r"\b(bool|boolean|BoolTensor)\b", re.IGNORECASE), "bool"),
    (re.compile(r"\b(float16|HalfTensor)\b"), "float16"),
    (re.compile(r"\b(uint8|ByteTensor)\b"), "uint8"),
)
_JAXTYPING_DTYPES = {
    "Int": "int64", "Integer": "int64", "Int64": "int64", "Int32": "int32", "Int16": "int16", "Int8": "int8",
    "UInt8": "uint8", "UInt": "uint8", "Bool": "bool", "Float16": "float16", "Float64": "float64",
    "BFloat16": "bfloat16", "Complex64": "complex64", "Complex": "complex64",
}  # fmt: skip
_JAXTYPING = re.compile(
    r"\b(?P<kind>[A-Z]\w*)\[\s*(?:[\w.]*Tensor|[\w.]*ndarray|[\w.]*Array)\s*,\s*f?['\"](?P<text>[^'\"]*)['\"]"
)
_TORCHTYPING = re.compile(r"\bTensorType\[(?P<text>[^\]]*)\]")
_ANNOTATED = re.compile(r"\bAnnotated\[\s*[\w.]*Tensor\s*,\s*['\"](?P<text>[^'\"]*)['\"]")


@dataclass(frozen=True)
class TextShape:
    """Sizes as written; a name where no number is given."""

    dimensions: tuple[int | str, ...]
    dtype: str | None
    text: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(size for size in self.dimensions if isinstance(size, str)))

    def sizes(self, known: dict[str, int]) -> tuple[int, ...]:
        """Return numbers: those written, those of ``known`` by name, and assumptions for the rest."""
        return tuple(size if isinstance(size, int) else _size_of(size, known) for size in self.dimensions)


def shape_in_annotation(annotation: str) -> TextShape | None:
    """Return what ``Float[Tensor, "b 3 h w"]`` and its relatives say."""
    if found := _JAXTYPING.search(annotation):
        dimensions = _dimensions(found["text"].split())
        return (
            None
            if dimensions is None
            else TextShape(dimensions, _JAXTYPING_DTYPES.get(found["kind"], "float32"), found["text"])
        )
    for pattern in (_ANNOTATED, _TORCHTYPING):
        if found := pattern.search(annotation):
            dimensions = _dimensions(re.split(r"[\s,]+", found["text"].replace('"', "").replace("'", "").strip()))
            return None if dimensions is None else TextShape(dimensions, None, found["text"])
    return None


def dtype_in_annotation(annotation: str) -> str | None:
    """Return the dtype that ``torch.LongTensor`` and the like name."""
    return next(
        (dtype for pattern, dtype in _DTYPE_WORDS if "Tensor" in annotation and pattern.search(annotation)), None
    )


def shape_in_comment(comment: str) -> TextShape | None:
    """Return the shape that a comment beside a parameter gives, with or without brackets."""
    return _first_shape(comment, (_BRACKETED, _BARE))


def shape_in_docstring(docstring: str, parameter: str) -> TextShape | None:
    """Return the shape that a docstring gives for a parameter, in the paragraph that begins with its name."""
    begins = re.compile(
        rf"^[ \t]*(?:[-*]\s*)?(?::param\s+(?:[\w.]+\s+)?)?[`*]*{re.escape(parameter)}[`*]*\s*(?=[:(\[-])(?P<rest>.*)$",
        re.M,
    )
    found = begins.search(docstring)
    if found is None:
        return None
    following = docstring[found.end() :]
    # Another parameter's line, or an empty one, ends what is said of this one.
    end = re.search(r"\n\s*\n|\n[ \t]*(?:[-*]\s*)?(?::\w+|[`*]*\w+[`*]*\s*(?:\([^)]*\))?\s*:)", following)
    text = found["rest"] + following[: end.start() if end else 400]
    return _first_shape(text.replace("``", "").replace("`", ""), (_BRACKETED, _BARE))


def _first_shape(text: str, patterns: tuple[re.Pattern[str], ...]) -> TextShape | None:
    for pattern in patterns:
        for found in pattern.finditer(text):
            dimensions = _dimensions(re.split(r"\s*[,×]\s*|\s+x\s+|(?<=\d)x(?=\d)", found[1].strip().rstrip(",")))
            if dimensions is not None and (len(dimensions) > 1 or isinstance(dimensions[0], int)):
                dtype = next((dtype for words, dtype in _DTYPE_WORDS if words.search(text)), None)
                return TextShape(dimensions, dtype, found[0].strip())
    return None


def _dimensions(parts: list[str]) -> tuple[int | str, ...] | None:
    """Return sizes and names; None where one part is neither, so that ``(Tensor, optional)`` is no shape."""
    found: list[int | str] = []
    for part in parts:
        word = part.strip().lstrip("#").split("=")[-1]
        if word.startswith(("*", "...")):
            continue
        if word.isdigit():
            found.append(int(word))
        elif word == "_" or _is_size_name(word):
            found.append(word)
        else:
            return None
    return tuple(found) or None


def _is_size_name(word: str) -> bool:
    base = re.split(r"\s*[*/+-]\s*", word)[0]
    return re.fullmatch(r"[A-Za-z]\d*(_\w+)?", base) is not None or base.lower() in ASSUMED_SIZES


def _size_of(name: str, known: dict[str, int]) -> int:
    base, *rest = re.split(r"\s*([*/+-])\s*", name)
    lowered = base.lower()
    size = known.get(base, known.get(lowered))
    if size is None:
        size = ASSUMED_SIZES.get(lowered, ASSUMED_SIZES.get(lowered.rstrip("0123456789").partition("_")[0], 8))
    if len(rest) == 2:
        sign, amount = rest[0], int(rest[1])
        size = {"*": size * amount, "/": size // (amount or 1), "+": size + amount, "-": size - amount}[sign]
    return max(size, 1)
