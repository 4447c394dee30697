"""The documents say what is there: commands, flags, targets, files and pictures."""

import re
from pathlib import Path

import pytest
from exportdesk.core.cli.app import app
from exportdesk.core.recipe.document import parse_recipe
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_that_links_and_pictures_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)#\s]+)", text(name)) + re.findall(r'(?:src|srcset)="([^"]+)"', text(name))
    missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_that_make_targets_exist(name):
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text(name), flags=re.MULTILINE))
    assert named <= targets


def test_that_the_readme_names_the_commands_and_flags_that_are_there():
    commands = get_command(app).commands
    named = set(re.findall(r"(?:^|`)exportdesk ([a-z]+)", text("README.md"), flags=re.MULTILINE))
    assert named <= set(commands)
    options = {option for command in commands.values() for parameter in command.params for option in parameter.opts}
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text("README.md"), flags=re.DOTALL))
    used = set(re.findall(r"(?<!\S)(--[a-z-]+)", shell))
    assert used <= options


def test_that_the_recipe_of_the_readme_is_one():
    (recipe,) = re.findall(r"```toml\n(.*?)```", text("README.md"), flags=re.DOTALL)
    assert parse_recipe(recipe).marks == {"": "script", "loop_body": "trace"}


def test_that_every_folder_of_the_engine_has_its_paragraph():
    folders = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "core").glob("*/__init__.py")}
    folders |= {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "gui").glob("*/__init__.py")}
    described = set(re.findall(r"\*\*`([a-z_/]+)`\*\*", text("CONTRIBUTING.md")))
    assert folders - described == set()
