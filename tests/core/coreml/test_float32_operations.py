"""Single operations kept in float32, and the map of modules that tells which one a value came from."""

from pathlib import Path

import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.float32_operations import operation_name
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil.package import read_package
from exportdesk.core.mil.program import Operation, TensorType
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.first(x).tanh())
        return self.last(x.reshape(1, -1).sigmoid())


def operations(folder: Path, *float32_operations: str) -> list[Operation]:
    traced = torch.jit.trace(Net().eval(), torch.ones(1, 4))
    made = convert(traced, [ConvertedInput("x", (1, 4))], CoreML(float32_operations=float32_operations), JobContext())
    body = read_package(made.save(folder / "m.mlpackage")).program.functions["main"].body
    return [operation for operation in body.operations if operation.type not in ("const", "cast")]


def in_float32(rows: list[Operation]) -> list[str]:
    kinds = [(row.type, row.outputs[0].type) for row in rows]
    return [name for name, kind in kinds if isinstance(kind, TensorType) and kind.dtype == "fp32"]


def test_that_a_named_operation_and_its_readers_stay_in_float32(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = operations(tmp_path / "plain")
    assert in_float32(plain) == []
    second = [row for row in plain if row.type == "linear"][1]
    kept = operations(tmp_path, operation_name(second.label))
    # The reshape moves the values, the sigmoid is the first to compute with them.
    assert in_float32(kept) == [name for name in ("linear", "reshape", "sigmoid") if name in {row.type for row in kept}]


def test_that_a_type_names_all_its_operations(tmp_path: Path) -> None:
    assert in_float32(operations(tmp_path, "tanh"))[:1] == ["tanh"]


def test_that_a_name_that_is_a_type_is_given_in_full() -> None:
    assert operation_name("add_cast_fp16") == "add_cast_fp16"
    assert operation_name("input_5_cast_fp16") == "input_5"


def test_that_a_saved_package_tells_which_module_a_value_came_from(tmp_path: Path) -> None:
    rows = operations(tmp_path)
    assert [row.module for row in rows if row.type == "linear"] == ["first", "second", "last"]
    assert {row.module for row in rows if row.type in ("tanh", "sigmoid")} == {""}
