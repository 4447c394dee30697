"""What every test stands on: no screen, no settings of the user's, the same random numbers each time."""

import os
import random
import sys
import tempfile
from pathlib import Path

# Before anything imports Qt or torch. HOME is a folder of this run, so that no test reads or writes a user's settings.
_HOME = tempfile.TemporaryDirectory(prefix="exportdesk-tests-")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
for _name, _folder in {
    "HOME": "",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
}.items():
    os.environ[_name] = str(Path(_HOME.name) / _folder)

import pytest  # noqa: E402 - Qt's platform is chosen above, and pytest-qt looks at it


@pytest.fixture(autouse=True)
def _same_random_numbers():
    random.seed(0)
    # Only where they are loaded: the tests of plain data stay free of torch.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder of the checkout that the tests belong to."""
    return Path(__file__).resolve().parents[1]
