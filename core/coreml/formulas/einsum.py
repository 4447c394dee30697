"""Einstein sums that coremltools does not read: an ellipsis, no arrow, nothing left over, more than two operands."""

import math
from string import ascii_letters

import torch
from torch import Tensor

from .constants import sizes_of
from .rearranging import diagonal
from .table import formula


def _is_unread(equation: str, operands: list[Tensor], *_: object) -> bool:
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    return "." in left or not arrow or not right or any(len(set(term)) != len(term) for term in terms)


@formula("einsum", instead=_is_unread)
def einsum(equation: str, operands: list[Tensor], path: object = None) -> Tensor:
    terms, result = _written_out(equation.replace(" ", ""), [operand.dim() for operand in operands])
    term, value = _without_repeats(terms[0], operands[0])
    for position in range(1, len(terms)):
        wanted = set(result).union(*terms[position + 1 :])
        other, operand = _without_repeats(terms[position], operands[position])
        term, value = _contracted(term, value, other, operand, wanted)
    gone = [axis for axis, letter in enumerate(term) if letter not in result]
    if gone:
        value = value.sum(gone)
        term = "".join(letter for letter in term if letter in result)
    return value.permute([term.index(letter) for letter in result]) if result else value


def _written_out(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the terms and the result with letters for ellipses, and the result that a missing arrow means."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    free = [letter for letter in ascii_letters if letter not in equation]
    widths = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True) if "..." in term]
    if len(set(widths)) > 1:
        raise ValueError("ellipses of different lengths")
    dots = "".join(free[: widths[0]]) if widths else ""
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        right = ("..." if widths else "") + "".join(sorted(item for item in set(letters) if letters.count(item) == 1))
    return [term.replace("...", dots) for term in terms], right.replace("...", dots)


def _without_repeats(term: str, value: Tensor) -> tuple[str, Tensor]:
    while letter := next((item for item in term if term.count(item) > 1), None):
        first, second = term.index(letter), term.rindex(letter)
        value = diagonal(value, 0, first, second)
        term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return term, value


def _contracted(first: str, x: Tensor, second: str, y: Tensor, wanted: set[str]) -> tuple[str, Tensor]:
    """Return the product of two operands as one product of matrices; letters that nobody wants are summed."""
    sizes = dict(zip(first, sizes_of(x), strict=True)) | dict(zip(second, sizes_of(y), strict=True))
    for term in (first, second):
        other = second if term is first else first
        alone = [axis for axis, letter in enumerate(term) if letter not in wanted and letter not in other]
        if alone and term is first:
            x, first = x.sum(alone), "".join(letter for axis, letter in enumerate(term) if axis not in alone)
        elif alone:
            y, second = y.sum(alone), "".join(letter for axis, letter in enumerate(term) if axis not in alone)
    batch = [letter for letter in first if letter in second and letter in wanted]
    summed = [letter for letter in first if letter in second and letter not in wanted]
    rows = [letter for letter in first if letter not in second]
    columns = [letter for letter in second if letter not in first]
    left = x.permute([first.index(letter) for letter in (*batch, *rows, *summed)])
    right = y.permute([second.index(letter) for letter in (*batch, *summed, *columns)])
    counts = [math.prod(sizes[letter] for letter in group) for group in (batch, rows, summed, columns)]
    product = torch.matmul(
        left.reshape(counts[0], counts[1], counts[2]), right.reshape(counts[0], counts[2], counts[3])
    )
    term = "".join((*batch, *rows, *columns))
    return term, product.reshape([sizes[letter] for letter in term])
