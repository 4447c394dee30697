"""A model that gives up on its inputs: the line, the submodule, and what that one expects."""

import pytest

SOURCE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential({layer})

    def forward(self, x):
        y = x + 0
        return self.body(y)
"""


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        ("nn.Linear(3, 4)", "2,5", "takes 3 features in the last dimension, and was given 2×5"),
        ("nn.Conv2d(3, 4, 3)", "1,1,8,8", "takes 3 channels, and was given 1"),
        ("nn.Conv2d(3, 4, 3)", "8,8", "takes 4 dimensions"),
        ("nn.Linear(3, 4)", "2,3:int64", "weights of float32, and was given int64"),
        ("nn.Embedding(9, 4)", "2,3", "takes whole numbers"),
    ],
)
def test_that_a_wrong_input_is_explained_at_the_users_line(desk, layer, shape, words):
    outcome = desk.command(SOURCE.format(layer=layer), "Net", f"--input=x={shape}")
    assert outcome.code == 1
    failure = outcome.failure
    assert failure["code"] == "model.run"
    assert failure["module"] == "body.0"
    assert failure["file"] == str(desk.folder / "m.py")
    assert failure["line"] == outcome.line_of("return self.body(y)")
    assert words in failure["hint"]


def test_that_a_row_outside_a_table_is_explained(desk):
    inputs = '[[inputs]]\nname = "x"\nshape = [4, 9]\ndtype = "int64"\nhigh = 50\n'
    outcome = desk.recipe(SOURCE.format(layer="nn.Embedding(9, 4)"), f"Net\n{inputs}")
    assert "has 9 rows" in outcome.failure["hint"]
