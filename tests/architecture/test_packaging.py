"""What a wheel of ExportDesk brings, and that nothing is forgotten."""

import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "out", "tests", "docs")


def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


def test_that_every_folder_with_code_is_in_the_list_of_packages(repository):
    """A forgotten sub-package is silently left out of the wheel."""
    folders = {
        ".".join(["exportdesk", *path.relative_to(repository).parent.parts])
        for top in ("core", "gui", "resources")
        for path in (repository / top).rglob("*.py")
        if not path.is_relative_to(repository / "resources" / "examples")
    }
    listed = project(repository)["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(folders)
    for package in listed:
        folder = repository.joinpath(*package.split(".")[1:])
        assert (folder / "__init__.py").is_file(), f"{package} has no __init__.py"


def test_that_every_file_of_the_resources_is_packaged(repository):
    patterns = project(repository)["tool"]["setuptools"]["package-data"]["exportdesk.resources"]
    resources = repository / "resources"
    packaged = {path for pattern in patterns for path in resources.glob(pattern)}
    files = {path for path in resources.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in files - packaged if path.parent != resources} == set()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory, repository) -> Path:
    """A wheel built from a copy, so that the build leaves nothing in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    shutil.copytree(repository, copy, ignore=LEFT_OUT)
    code = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=copy, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


def test_that_the_wheel_brings_one_name_and_all_files(wheel, repository):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        entry_points = next(archive.read(n).decode() for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert {name.partition("/")[0] for name in names} == {"exportdesk"}
    for folder in ("core", "gui", "resources"):
        expected = {
            f"exportdesk/{path.relative_to(repository).as_posix()}"
            for path in (repository / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected - set(names) == set()
    assert "exportdesk = exportdesk.core.cli:main" in entry_points
    assert "exportdesk-gui = exportdesk.gui.__main__:main" in entry_points


def test_that_an_installed_wheel_answers_to_no_name_but_its_own(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # Unpacking is what pip does with a pure wheel; without dependencies, nothing has to be fetched.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = """
import importlib.util
print([name for name in ("core", "gui", "resources", "tests", "exportdesk") if importlib.util.find_spec(name)])
from exportdesk.resources import examples
print(len(examples()), all(example.path.is_file() for example in examples()))
"""
    done = subprocess.run([python, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "['exportdesk']"
    assert second.endswith("True")


def test_that_the_worker_starts_from_a_folder_with_a_core_of_its_own(tmp_path):
    """RAFT and its followers have a package called ``core``; the worker must not find it, and it not ours."""
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('the wrong core')\n")
    code = "import runpy, sys; sys.argv = ['worker']; import exportdesk.core.events; print('core' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
