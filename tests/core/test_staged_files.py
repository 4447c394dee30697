"""A bundle is replaced whole or not at all."""

from pathlib import Path

import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.staged_files import discard, staged_folder, staging_beside, write_whole


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "old").touch()
    return out


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_that_a_new_bundle_takes_the_place_of_the_old_one(out: Path) -> None:
    with staged_folder(out, staging_beside(out)) as folder:
        (folder / "new").touch()
        assert names(out) == {"old"}
    assert names(out) == {"new"}
    assert names(out.parent) == {"bundle"}


def test_that_a_failure_leaves_the_old_bundle_and_nothing_else(out: Path) -> None:
    def write_half() -> None:
        with staged_folder(out, staging_beside(out)) as folder:
            (folder / "new").touch()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half"):
        write_half()
    assert names(out) == {"old"}
    assert names(out.parent) == {"bundle"}


def test_that_a_death_before_the_exchange_leaves_the_old_bundle(out: Path) -> None:
    staging = staging_beside(out)
    staging.mkdir()
    discard(out, staging)
    assert names(out) == {"old"}
    assert names(out.parent) == {"bundle"}


def test_that_a_death_between_the_two_renames_brings_the_old_bundle_back(out: Path) -> None:
    staging = staging_beside(out)
    staging.mkdir()
    out.rename(staging.with_suffix(".previous"))
    discard(out, staging)
    assert names(out) == {"old"}
    assert names(out.parent) == {"bundle"}


def test_that_a_file_is_readable_like_any_other(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"whole")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_that_a_place_that_takes_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    with pytest.raises(ExportDeskError, match="Nothing can be written") as caught, staged_folder(out, out / "staging"):
        pass
    assert caught.value.failure.code == "call.out"
