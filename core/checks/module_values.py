"""Which value of a Core ML program is the output of which submodule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..mil.program import Block, Operation, TensorType

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class ProgramValue:
    """A value that operations outside its module read, or that the program returns."""

    name: str
    operation: str
    module: str
    shape: Shape


@dataclass
class _Reading:
    """Who makes and who reads the values of a program."""

    makers: dict[str, tuple[Operation, int]] = field(default_factory=dict)
    """Value name to its operation, and the place of the value among the results."""
    readers: dict[str, set[str | None]] = field(default_factory=dict)
    """Value name to the modules of its readers; None stands for a block that ends with it."""


def values_of_modules(body: Block, paths: Sequence[str]) -> Mapping[str, tuple[ProgramValue, ...]]:
    """Return for each module path the values that leave the module, in the order of the program.

    A module whose work was merged into another operation (a convolution before its batch norm) has none.
    """
    reading = _Reading()
    _read(body, reading)
    found: dict[str, list[ProgramValue]] = {path: [] for path in paths}
    for name, (operation, place) in reading.makers.items():
        if operation.module is None or operation.type == "const":
            continue
        kind = operation.outputs[place].type
        shape = kind.shape if isinstance(kind, TensorType) else ()
        value = ProgramValue(name, operation.type, operation.module, tuple(shape))
        for path in _enclosing(operation.module):
            if path in found and any(not is_within(reader, path) for reader in reading.readers.get(name, {None})):
                found[path].append(value)
    return {path: tuple(values) for path, values in found.items()}


def is_within(module: str | None, path: str) -> bool:
    """Whether a module is the one at ``path`` or below it."""
    return module is not None and (path == "" or module == path or module.startswith(f"{path}."))


def fits(value: ProgramValue, shape: tuple[int, ...]) -> bool:
    """Whether a value may have this shape; dimensions of one element do not count."""
    if len(value.shape) == len(shape):
        return all(size is None or size == wanted for size, wanted in zip(value.shape, shape, strict=True))
    if None in value.shape:
        return False
    return [size for size in value.shape if size != 1] == [size for size in shape if size != 1]


def _enclosing(module: str) -> Iterator[str]:
    yield module
    while module:
        module = module.rpartition(".")[0]
        yield module


def _read(block: Block, reading: _Reading) -> None:
    for operation in block.operations:
        for place, named in enumerate(operation.outputs):
            reading.makers[named.name] = (operation, place)
        for items in operation.inputs.values():
            for item in items:
                if isinstance(item, str):
                    # A cast belongs to whoever reads its result; so does a value that it is made of.
                    reading.readers.setdefault(item, set()).add(operation.module)
        for inner in operation.blocks:
            _read(inner, reading)
    for name in block.outputs:
        reading.readers.setdefault(name, set()).add(None)
