"""Operations to keep in float32 that no simulation finds, since their constants are lost in the package already."""

from exportdesk.core import export
from exportdesk.core.recipe.document import parse_recipe

SOURCE = """
from torch import nn

class Loud(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(16, 16), nn.Linear(16, 4)
        self.up.weight.data *= 4000

    def forward(self, x):
        return self.down(self.up(x) * 50) / 2e5

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.loud, self.head = nn.Linear(8, 16), Loud(), nn.Linear(4, 4)

    def forward(self, x):
        return self.head(self.loud(self.stem(x).relu()))
"""
RECIPE = """
exportdesk = 1
[model]
file = "{file}"
entry = "Net"
[[inputs]]
name = "x"
shape = [1, 8]
[coreml]
float32_operations = {kept}
"""


def test_that_a_set_is_found_by_converting_and_passes_when_it_is_applied(tmp_path) -> None:
    file = tmp_path / "model.py"
    file.write_text(SOURCE)
    first = export(parse_recipe(RECIPE.format(file=file.as_posix(), kept="[]")), tmp_path / "first")
    assert not first.is_good
    assert {row.module for row in first.diagnostics if row.code == "fp16.overflow"} == {"loud"}
    suggestion = first.float32_suggestion
    assert suggestion is not None
    assert suggestion.is_verified
    kept = list(suggestion.operations)
    assert len(kept) <= 2
    again = export(parse_recipe(RECIPE.format(file=file.as_posix(), kept=kept)), tmp_path / "again")
    assert again.is_good
