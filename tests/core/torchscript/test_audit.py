"""The audit finds what of the example is in the file, at its line, and is silent where nothing is."""

import pytest

X = '[[inputs]]\nname = "x"\nshape = [2, 3]\n'
PICTURE = '[[inputs]]\nname = "x"\nshape = [1, 3, 16, 16]\n'
CLEAN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3), nn.MaxPool2d(2)
        )
        self.head = nn.Linear(8 * 8 * 8, 5)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))
"""
TABLE = """
class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(64, 8))

    def forward(self, x):
        length = {length}
        return x + self.table[:length]

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.positions = Positions()
        self.l = nn.Linear(8, 8)

    def forward(self, x):
        return self.l(self.positions(x))
"""
SEQUENCE = '[[inputs]]\nname = "x"\nshape = [1, 16, 8]\n'


def net(body: str) -> str:
    return f"class Net(nn.Module):\n    def forward(self, x):\n        {body}\n"


def audited(outcome) -> list[str]:
    return [code for code in outcome.codes if code.startswith("audit.")]


def test_that_a_clean_convolutional_network_gives_no_finding(desk):
    outcome = desk.recipe(CLEAN, f"Net\n{PICTURE}")
    assert outcome.is_good
    assert outcome.diagnostics == ()


def test_that_a_size_that_stays_a_size_gives_no_finding(desk):
    outcome = desk.recipe(TABLE.format(length="x.shape[1]"), f"Net\n{SEQUENCE}")
    assert outcome.is_good
    assert audited(outcome) == []


@pytest.mark.parametrize("line", ["torch.zeros(3, device=x.device)", "torch.ones(2, 3)", "torch.arange(3)"])
def test_that_a_fixed_device_is_found(desk, line):
    found = desk.recipe(net(f"return x + {line}"), f"Net\n{X}").found("audit.device")
    assert found.source == f"return x + {line}"
    assert found.module == ""
    assert found.hint


def test_that_a_script_asks_for_the_device_and_gives_no_finding(desk):
    marks = '[marks]\n"" = "script"\n'
    assert audited(desk.recipe(net("return x + torch.zeros(3, device=x.device)"), f"Net\n{X}{marks}")) == []


def test_that_a_fixed_batch_size_is_found_with_its_evidence(desk):
    outcome = desk.recipe(net("return x.view(int(x.shape[0]), -1) * 2"), f"Net\n{PICTURE}")
    found = outcome.found("audit.batch-size")
    assert found.line == outcome.line_of("int(x.shape[0])")
    assert "batch 2" in found.evidence


def test_that_a_position_table_cut_at_the_example_is_found(desk):
    outcome = desk.recipe(TABLE.format(length="int(x.shape[1])"), f"Net\n{SEQUENCE}")
    found = outcome.found("audit.position-table")
    assert found.module == "positions"
    assert found.line == outcome.line_of("self.table[:length]")


def test_that_a_loop_over_a_size_is_found(desk):
    body = "y = x[:, 0] * 0\n        for t in range(x.shape[1]):\n            y = torch.tanh(y + x[:, t])\n        return y"
    outcome = desk.recipe(net(body), f"Net\n{SEQUENCE}")
    assert outcome.found("audit.example-shape").file == str(desk.folder / "m.py")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("return F.dropout(x, 0.2)", "audit.training-flag"),
        ("return F.scaled_dot_product_attention(x[None], x[None], x[None], dropout_p=0.5)", "audit.training-flag"),
        ("return x + torch.randn_like(x)", "audit.random"),
        ("torch.manual_seed(1)\n        return x + torch.rand(2, 3)", "audit.seed"),
    ],
)
def test_that_training_flags_random_numbers_and_seeds_are_found(desk, line, code):
    assert code in desk.recipe(net(line), f"Net\n{X}").codes


def test_that_a_constant_table_is_found_and_a_buffer_is_not(desk):
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = torch.randn(3)\n"
        '        self.register_buffer("b", torch.randn(3))\n    def forward(self, x):\n        y = x + self.{}\n        return y\n'
    )
    assert "audit.constant-tensor" in desk.recipe(source.replace("{}", "a"), f"Net\n{X}").codes


def test_that_dropout_in_train_mode_is_found(desk):
    source = CLEAN
    outcome = desk.recipe(source, f'[model]\nfile = "m.py"\nentry = "Net"\nmode = "train"\n{PICTURE}')
    assert "audit.training-flag" in outcome.codes
    assert "features.3" in outcome.found("trace.train-mode").message


def test_that_a_model_that_draws_random_numbers_is_told_its_batch_size(desk):
    source = """
class Net(nn.Module):
    def forward(self, x):
        return x.view(int(x.shape[0]), -1) + torch.rand(1)
"""
    outcome = desk.recipe(source, 'Net\n[[inputs]]\nname = "x"\nshape = [2, 3, 4]\n')
    assert outcome.found("audit.batch-size").line == outcome.line_of("x.view(")
    assert "audit.random" in outcome.codes
