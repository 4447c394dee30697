"""Every warning that torch's tracer can give is a diagnostic at the user's line, once, with what to do."""

import warnings

import pytest
import torch
from exportdesk.core.diagnostics import Severity
from exportdesk.core.torchscript.tracer_warnings import warnings_as_diagnostics

X = '[[inputs]]\nname = "x"\nshape = [2, 3]\n'
MODEL = """
class Inner(nn.Module):
    def forward(self, x):
{body}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.register_buffer("held", torch.zeros(2, 3))

    def forward(self, x):
        return self.inner(x)
"""

LINES = {
    "trace.branch-on-tensor": "y = x + 1 if x.sum() > 0 else x  #",
    "trace.tensor-to-int": "y = x * int(x.sum())  #",
    "trace.tensor-to-float": "y = x * float(x.sum())  #",
    "trace.tensor-to-number": "y = x * complex(x.sum()).real  #",
    "trace.tensor-to-index": "y = x + len([0] * x.shape[1])  #",
    "trace.len-of-tensor": "y = x * len(x)  #",
    "trace.iterate-tensor": "y = torch.stack([row for row in x])  #",
    "trace.constant": "y = x + torch.tensor([1.0, 2.0, 3.0])  #",
}


@pytest.mark.parametrize("code", LINES)
def test_that_a_tracer_warning_is_one_diagnostic_at_its_line(desk, code):
    outcome = desk.recipe(MODEL.format(body=f"        {LINES[code]}\n        return y"), f"Net\n{X}")
    found = outcome.found(code)
    assert found.line == outcome.line_of(LINES[code])
    assert found.file == str(desk.folder / "m.py")
    assert found.module == "inner"
    assert found.source == LINES[code]
    assert found.hint
    assert found.original


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("y = x + torch.from_numpy(x.numpy())", "trace.tensor-to-numpy"),
        ("y = x + torch.tensor(x.tolist())", "trace.tensor-to-numpy"),
        ("y = x + x.sum().item()", "trace.tensor-to-float"),
        ("y = x if bool((x > 9).any()) else -x", "trace.branch-on-tensor"),
    ],
)
def test_that_a_tensor_that_leaves_torch_is_told_whatever_the_way(desk, line, code):
    outcome = desk.recipe(MODEL.format(body=f"        {line}\n        return y"), f"Net\n{X}")
    assert outcome.line_of(line) in {
        row.line for row in outcome.diagnostics if row.code.startswith("trace.tensor-to")
    } | {row.line for row in outcome.diagnostics if row.code == code}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # torch.jit.trace changes in place as the model does; only the ONNX exporter's way of tracing says this.
        (
            "There are 2 live references to the data region being modified when tracing in-place operator add_.",
            "trace.in-place-on-view",
        ),
        (
            "Encountering a list at the output of the tracer might cause the trace to be incorrect",
            "trace.container-output",
        ),
        ("a text that torch may say one day", "trace.warning"),
    ],
)
def test_that_a_text_that_no_model_triggers_has_its_diagnostic_too(text, code):
    found = []
    with warnings_as_diagnostics(None, found.append, fallback_module="inner"):
        warnings.warn(text, torch.jit.TracerWarning, stacklevel=1)
    assert [row.code for row in found] == [code]
    assert found[0].module == "inner"


def test_that_a_range_over_a_size_is_told_and_a_slice_is_not(desk):
    body = "        for i in range(x.shape[1]):\n            x = x + i\n        return x[:, : x.shape[1] - 1]"
    outcome = desk.recipe(MODEL.format(body=body), f"Net\n{X}")
    assert outcome.found("trace.tensor-to-index").line == outcome.line_of("range(")


def test_that_an_operation_without_a_record_is_told(desk):
    body = "        a = x.clone()\n        a.resize_(6)\n        return a + 0"
    outcome = desk.recipe(MODEL.format(body=body), f"Net\n{X}")
    assert outcome.found("trace.not-recorded").line == outcome.line_of("resize_")


def test_that_random_outputs_and_differing_traces_are_told(desk):
    outcome = desk.recipe("def f(x):\n    return F.dropout(x, 0.3)\n", f"f\n{X}")
    assert outcome.found("trace.random").severity is Severity.WARNING
    assert outcome.found("trace.outputs-differ").severity is Severity.WARNING
    assert "audit.training-flag" in outcome.codes
    assert {status for _, status, _ in outcome.checks} == {"not run"}


def test_that_a_trace_that_differs_between_runs_is_told_with_its_line(desk):
    source = """
class Net(nn.Module):
    calls = 0

    def forward(self, x):
        Net.calls += 1
        if Net.calls % 2:
            return x * 2 + 1
        return (x + 0.5) * 2
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    assert "trace.not-repeatable" in outcome.codes


def test_that_a_dict_output_is_told_where_it_is_let_through(desk):
    outcome = desk.recipe(MODEL.format(body='        return {"y": x}'), f"Net\n{X}[torchscript]\nstrict = false\n")
    assert outcome.is_good


def test_that_a_function_without_an_output_is_told(desk):
    outcome = desk.recipe("def f(x):\n    x + 1\n", f"f\n{X}")
    assert outcome.failure is not None
    assert outcome.code == 1
    assert "Return the result" in outcome.failure["hint"]


def test_that_a_warning_in_a_library_that_torch_hides_is_seen(desk):
    # torch hides what comes from modules that match `torch.(?!jit)`, which torchvision and torchaudio do.
    (desk.folder / "torchvizzy.py").write_text("def pick(x):\n    return x if x.sum() > 0 else -x\n")
    source = """
from torchvizzy import pick

class Net(nn.Module):
    def forward(self, x):
        return pick(x)
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    found = outcome.found("trace.branch-on-tensor")
    assert found.file == str(desk.folder / "torchvizzy.py")
    assert found.line == 2


def test_that_the_deprecation_of_torch_jit_is_never_told(desk):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        outcome = desk.recipe(MODEL.format(body="        return x * 2"), f'Net\n{X}[marks]\ninner = "script"\n')
    assert outcome.is_good
    assert outcome.diagnostics == ()


def test_that_a_warning_of_the_users_own_is_a_note(desk):
    body = '        import warnings\n        warnings.warn("careful", stacklevel=1)\n        return x'
    outcome = desk.recipe(MODEL.format(body=body), f"Net\n{X}")
    found = outcome.found("python.warning")
    assert found.severity is Severity.NOTE
    assert "careful" in found.message
    assert found.line == outcome.line_of("warnings.warn")
