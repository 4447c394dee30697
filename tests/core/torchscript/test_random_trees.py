"""Random module trees with random marks: the export equals the model, and the model is as it was afterwards."""

import contextlib
from pathlib import Path

import pytest
import torch
from exportdesk.core.checks.compare import compare
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.job_context import JobContext
from exportdesk.core.model_file.loading import LoadedModel
from exportdesk.core.recipe.model import TorchScript
from exportdesk.core.torchscript import compile as compile_module
from exportdesk.core.torchscript.compile import MethodExample, compile_entry
from exportdesk.core.torchscript.kept_state import inference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WIDTH = 4


class Leaf(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(WIDTH, WIDTH)
        self.register_buffer("runs", torch.zeros(1))

    def forward(self, x):
        self.runs += 1
        return torch.tanh(self.linear(x))


class Chain(torch.nn.Module):
    def __init__(self, members):
        super().__init__()
        self.members = torch.nn.ModuleList(members)

    def forward(self, x):
        for member in self.members:
            x = member(x)
        return x


class Table(torch.nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, x):
        return self.first(x) + 0.5 * self.second(x)


class Branch(torch.nn.Module):
    """Depends on the data: right only where it is scripted."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        if bool(x.sum() > 0):
            return self.inner(x) + 1
        return self.inner(self.inner(-x))


@st.composite
def trees(draw, depth: int = 5):
    """Return a module tree of at most ``depth`` levels, in which some objects come twice."""
    pool: list[torch.nn.Module] = []

    def make(level: int) -> torch.nn.Module:
        if pool and draw(st.integers(0, 4)) == 0:
            return draw(st.sampled_from(pool))
        kind = "leaf" if level <= 1 else draw(st.sampled_from(["leaf", "chain", "table", "branch", "sequential"]))
        made: torch.nn.Module
        if kind == "leaf":
            made = Leaf()
        elif kind == "branch":
            made = Branch(make(level - 1))
        elif kind == "table":
            made = Table(make(level - 1), make(level - 1))
        else:
            members = [make(level - 1) for _ in range(draw(st.integers(1, 2)))]
            made = Chain(members) if kind == "chain" else torch.nn.Sequential(*members)
        pool.append(made)
        return made

    return Table(make(depth - 1), make(depth - 1)).eval()


def markable(root: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Return the first path of each object that can be marked."""
    return {path: m for path, m in root.named_modules() if not isinstance(m, torch.nn.ModuleList)}


@st.composite
def marked_trees(draw):
    """Return a tree and marks that cover every branch: each Branch is scripted."""
    root = draw(trees())
    marks = {}
    for path, module in markable(root).items():
        if isinstance(module, Branch):
            marks[path] = "script"
        elif not any(isinstance(inner, Branch) for inner in module.modules()) and draw(st.booleans()):
            marks[path] = draw(st.sampled_from(["trace", "script"]))
        elif draw(st.integers(0, 3)) == 0:
            marks[path] = "script"
    return root, marks


def loaded(root: torch.nn.Module) -> LoadedModel:
    return LoadedModel(file=Path(__file__), entry="model", module=root)


def probes(count: int = 6) -> list[Arguments]:
    generator = torch.Generator().manual_seed(1)
    shifts = [0.0, 1.0, -1.0, 0.3, -0.3, 3.0]
    return [
        Arguments(positional=(torch.randn(2, WIDTH, generator=generator) + shifts[i % 6],), keyword={})
        for i in range(count)
    ]


def picture_of(root: torch.nn.Module) -> list[object]:
    """Return all that must be the same afterwards, objects by identity."""
    found: list[object] = []
    for path, module in root.named_modules(remove_duplicate=False):
        found.append((path, id(module), type(module), module.training))
        found.append([(name, id(p), p.requires_grad) for name, p in module._parameters.items() if p is not None])
        found.append([(name, id(b), b.tolist()) for name, b in module._buffers.items() if b is not None])
        found.append([(name, id(child)) for name, child in module._modules.items()])
        found.append([list(hooks) for hooks in (module._forward_hooks, module._forward_pre_hooks)])
        found.append(sorted(module.__dict__))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(marked_trees())
def test_that_the_export_equals_the_model_where_every_branch_is_scripted(tree):
    root, marks = tree
    before = picture_of(root)
    calls = probes()
    options = TorchScript(check_trace=False)
    compiled = compile_entry(
        loaded(root), marks, {"forward": MethodExample(calls=calls)}, options, JobContext()
    ).compiled
    assert picture_of(root) == before
    for call in calls:
        with inference():
            assert compare(compiled(*call.positional), root(*call.positional)).relative < 1e-5


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(marked_trees())
def test_that_many_exports_equal_their_models(tree):
    root, marks = tree
    calls = probes()
    options = TorchScript(check_trace=False)
    compiled = compile_entry(
        loaded(root), marks, {"forward": MethodExample(calls=calls)}, options, JobContext()
    ).compiled
    for call in calls:
        with inference():
            assert compare(compiled(*call.positional), root(*call.positional)).relative < 1e-5


class Stop(Exception):
    pass


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(marked_trees(), st.integers(0, 8))
def test_that_a_failure_at_any_point_leaves_the_model_as_it_was(tree, point):
    root, marks = tree
    before = picture_of(root)
    passed = 0

    def failing(real):
        def run(*args, **kwargs):
            nonlocal passed
            passed += 1
            if passed > point:
                raise Stop
            return real(*args, **kwargs)

        return run

    names = ("traced_module", "scripted_module", "run_eager", "with_attributes", "define_method")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(compile_module, name, failing(getattr(compile_module, name)))
        with contextlib.suppress(Stop, ExportDeskError):
            compile_entry(
                loaded(root),
                marks,
                {"forward": MethodExample(calls=probes(2))},
                TorchScript(check_trace=False),
                JobContext(),
            )
    assert picture_of(root) == before
