"""The rows C1–C14 of the guides as data: a model, what is asked for, and what must hold of the result.

What is asked for is said once, as keys of the recipe; each way of asking (a recipe, the command line, the window) puts
it into its own form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from exportdesk.core.errors import Failure
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.results import CoreMLSummary, ExportResult

HEAD = "import torch\nfrom torch import nn\n\n"
NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(64, 64)

    def forward(self, x):
        return self.l(x).relu()

    def encode(self, x):
        return self.l(x)

    def decode(self, z):
        return z @ self.l.weight
"""
BRANCH = """
class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x - 1
"""
PICTURE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.c(x)
"""
SCORES = """
class Net(nn.Module):
    def forward(self, x):
        return x.softmax(-1)
"""
COUNTING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 64))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 2
"""
NESTED = """
class Net(nn.Module):
    def forward(self, x):
        return {"sum": x + 1, "parts": (x * 2, x - 1)}
"""
INTEGERS = """
class Net(nn.Module):
    def forward(self, tensor):
        return tensor * 2
"""
HOPELESS = """
class Net(nn.Module):
    def forward(self, x):
        y = torch.linalg.svdvals(x.reshape(8, 8))
        return torch.i0(y.abs())
"""


@dataclass(frozen=True)
class Row:
    """``asked`` are keys of the recipe with their values as TOML; ``holds`` gets an Outcome."""

    name: str
    source: str
    asked: dict[str, str]
    holds: Callable[["Outcome"], None]
    shape: str = "1,64"
    """As on the command line; the recipe's form is made of it."""
    dtype: str = "float32"
    input: str = "x"
    saved: bool = False
    """Whether the model is given as a ``.pt`` alone."""


@dataclass(frozen=True)
class Outcome:
    """What one way of asking gave: a result, or the failure instead."""

    result: ExportResult | None
    failure: Failure | None = None

    @property
    def good(self) -> ExportResult:
        assert self.result is not None, self.failure
        assert all(check.status == "passed" for check in self.result.checks), self.result.checks
        return self.result

    @property
    def package(self) -> Path:
        return Path(self.good.files["coreml"])

    @property
    def summary(self) -> CoreMLSummary:
        assert self.good.coreml is not None
        return self.good.coreml

    def model(self, function: str | None = None) -> ReferenceModel:
        return ReferenceModel(self.package, function)

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.good.diagnostics]


def converts_a_saved_file(outcome: Outcome) -> None:
    assert outcome.summary.operations["linear"] == 1


def has_a_default(outcome: Outcome) -> None:
    [feature] = outcome.model().interface.inputs
    assert feature.is_optional
    assert outcome.model().predict({}).keys() == {"output"}


def keeps_both_branches(outcome: Outcome) -> None:
    assert outcome.summary.operations["cond"] == 1
    for sign in (1.0, -1.0):
        [answer] = outcome.model().predict({"x": np.full((1, 64), sign, dtype=np.float32)}).values()
        assert np.allclose(answer, 2.0 if sign > 0 else -2.0)


def runs_at_every_size(outcome: Outcome) -> None:
    assert outcome.summary.inputs[0].shape == ("1..8", "64")
    for size in (1, 3, 8):
        [answer] = outcome.model().predict({"x": np.zeros((size, 64), dtype=np.float32)}).values()
        assert answer.shape == (size, 64)
    checked = {check.name: check.probes for check in outcome.good.checks}
    assert checked["coreml"] >= 3


def lists_its_sizes(outcome: Outcome) -> None:
    assert outcome.summary.inputs[0].shape == ("1 | 2 | 4", "64")


def refuses_unbounded_ranges(outcome: Outcome) -> None:
    assert outcome.failure is not None
    assert outcome.failure.code == "recipe.unbounded-range"


def takes_a_picture(outcome: Outcome) -> None:
    [feature] = outcome.summary.inputs
    assert (feature.kind, feature.dtype, feature.shape) == ("image", "BGR", ("8", "8"))
    [note] = [item for item in outcome.good.diagnostics if item.code == "convert.image-input"]
    assert "blue, green, red" in note.message


def names_a_class(outcome: Outcome) -> None:
    answers = outcome.model().predict({"x": np.array([[0.0, 5.0, 1.0]], dtype=np.float32)})
    assert answers["classLabel"] == "dog"


def keeps_a_state(outcome: Outcome) -> None:
    model = outcome.model()
    state = model.make_state()
    ones = {"x": np.ones((1, 64), dtype=np.float32)}
    [first], [second] = (model.predict(ones, state=state).values() for _ in range(2))
    assert np.allclose(2 * first, second)


def has_the_outputs_asked_for(outcome: Outcome) -> None:
    assert [(item.name, item.dtype) for item in outcome.summary.outputs] == [("whole", "float32"), ("less", "float16")]


def is_what_was_asked_for(outcome: Outcome) -> None:
    assert (outcome.summary.minimum_deployment_target, outcome.summary.precision) == ("iOS16", "float32")


def keeps_one_kind_in_float32(outcome: Outcome) -> None:
    assert outcome.summary.precision == "mixed"


def is_a_neural_network(outcome: Outcome) -> None:
    assert outcome.result is not None
    assert outcome.result.files["coreml"].endswith(".mlmodel")


def says_what_does_not_fit(outcome: Outcome) -> None:
    assert outcome.failure is not None
    assert outcome.failure.code == "recipe.target-too-old"
    assert outcome.failure.hint


def has_small_weights(outcome: Outcome) -> None:
    assert any(name.startswith("constexpr_") for name in outcome.summary.operations)
    assert sum(file.stat().st_size for file in outcome.package.rglob("weight.bin")) < 64 * 64 * 2 * 0.6


def carries_its_description(outcome: Outcome) -> None:
    package = outcome.model().package.description
    assert package.metadata["author"] == "A. Person"
    assert package.user_defined["team"] == "vision"
    assert outcome.summary.inputs[0].description == "a row"


def runs_on_this_system(outcome: Outcome) -> None:
    assert outcome.package.suffix == ".mlpackage"
    assert {check.name for check in outcome.good.checks} >= {"coreml", "coreml.float32"}


def turns_the_converters_words_into_notes(outcome: Outcome) -> None:
    assert {"convert.int64-to-int32", "convert.renamed-input"} <= set(outcome.codes)


def lists_all_that_is_in_the_way(outcome: Outcome) -> None:
    assert outcome.failure is not None
    assert outcome.failure.code == "convert.unsupported-operation"
    assert outcome.failure.line == 7
    assert "linalg_svdvals" in outcome.failure.message
    assert "i0" in outcome.failure.message


def has_two_functions(outcome: Outcome) -> None:
    assert [item.name for item in outcome.summary.functions] == ["there", "back"]
    assert {"coreml.there", "coreml.back"} <= {check.name for check in outcome.good.checks}
    assert outcome.model("back").input_names == ("z",)


IOS18 = {"coreml.minimum_deployment_target": '"iOS18"'}
ROWS = (
    Row("C1-file", NET, {}, converts_a_saved_file, saved=True),
    Row("C1-default", NET, {"coreml.inputs": "{ x = { default = 0.5 } }"}, has_a_default),
    Row("C2", BRANCH, {"marks": '{ "" = "script" }'}, keeps_both_branches),
    Row("C3-range", NET, {}, runs_at_every_size, shape="1..8=2,64"),
    Row("C3-list", NET, {}, lists_its_sizes, shape="1|2|4,64"),
    Row("C3-rule", NET, {}, refuses_unbounded_ranges, shape=f"1..{2**31}=2,64"),
    Row(
        "C4",
        PICTURE,
        {"coreml.inputs": '{ x = { image = { layout = "bgr", mean = [0.5], std = [0.25] } } }'},
        takes_a_picture,
        shape="1,3,8,8",
    ),
    Row("C5", SCORES, {"coreml.classifier": '{ labels = ["cat", "dog", "fox"] }'}, names_a_class, shape="1,3"),
    Row("C6", COUNTING, {**IOS18, "coreml.states": '["total"]'}, keeps_a_state),
    Row(
        "C7",
        NESTED,
        {
            "torchscript.strict": "false",
            "coreml.outputs": '[{ name = "whole", dtype = "float32" }, { name = "twice", keep = false }, { name = "less", dtype = "float16" }]',
        },
        has_the_outputs_asked_for,
    ),
    Row(
        "C8-typed",
        NET,
        {
            "coreml.minimum_deployment_target": '"iOS16"',
            "coreml.precision": '"float32"',
            "coreml.compute_units": '"cpu_and_ne"',
        },
        is_what_was_asked_for,
    ),
    Row("C8-mixed", NET, {"coreml.float32_operations": '["relu"]'}, keeps_one_kind_in_float32),
    Row(
        "C8-network",
        NET,
        {
            "coreml.minimum_deployment_target": '"iOS14"',
            "coreml.precision": '"float32"',
            "coreml.convert_to": '"neuralnetwork"',
        },
        is_a_neural_network,
    ),
    Row("C8-rule", NET, {"coreml.minimum_deployment_target": '"iOS14"'}, says_what_does_not_fit),
    Row(
        "C9",
        NET,
        {"coreml.compression": '[{ method = "palettize", bits = 4, granularity = "tensor" }]'},
        has_small_weights,
    ),
    Row(
        "C10",
        NET,
        {"coreml.metadata": '{ author = "A. Person", inputs = { x = "a row" }, user = { team = "vision" } }'},
        carries_its_description,
    ),
    Row("C11", NET, {}, runs_on_this_system),
    Row("C12", INTEGERS, {}, turns_the_converters_words_into_notes, dtype="int64", input="tensor"),
    Row("C13", HOPELESS, {}, lists_all_that_is_in_the_way),
    Row(
        "C14",
        NET,
        {
            **IOS18,
            "coreml.functions": '[{ name = "there", method = "encode" }, { name = "back", method = "decode" }]',
            "inputs": '[{ name = "x", shape = [1, 64] }, { name = "z", shape = [1, 64] }]',
        },
        has_two_functions,
    ),
)
