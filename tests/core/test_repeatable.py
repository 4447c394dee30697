"""The same recipe gives the same bytes: artefacts can be compared by their checksums."""

from pathlib import Path

from exportdesk.core.cli.app import run
from exportdesk.resources import EXAMPLES_DIR


def test_that_two_exports_of_one_recipe_are_equal_to_the_byte(tmp_path: Path) -> None:
    # Each command has a worker of its own: in one that is warm, torch numbers the classes of a second model onwards.
    first, second = tmp_path / "first" / "bundle", tmp_path / "second" / "bundle"
    for out in (first, second):
        assert run(["export", str(EXAMPLES_DIR / "control_flow_net_2.toml"), "--out", str(out), "--json"]) == 0
    files = [path.relative_to(first) for path in sorted(first.rglob("*")) if path.is_file()]
    assert any(path.suffix == ".mlmodel" for path in files)
    different = [str(path) for path in files if (first / path).read_bytes() != (second / path).read_bytes()]
    assert different == []
