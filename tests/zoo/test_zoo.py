"""Every architecture of the zoo converts and gives PyTorch's numbers, or is known not to and says where."""

import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parent))

from architectures import BUILDERS  # noqa: E402
from run import run  # noqa: E402

KNOWN = {
    "bloom": "pythonop",
    "mixtral": "histc",
    "beit": "inplace_copy",
}
"""What does not convert yet, with a word of the reason."""


@pytest.mark.parametrize("name", BUILDERS)
def test_that_the_architecture_converts_and_gives_torchs_numbers(name: str) -> None:
    outcome = run(name)
    if name in KNOWN:
        assert KNOWN[name] in outcome.reason
        assert ".py:" in outcome.reason, "a failure names the Python line"
    else:
        assert outcome.is_good, outcome
