"""README tells the truth: its commands exist, its errors are the tree's, its checks are the assets'."""

import re
from pathlib import Path

import click
import pytest

from ml_connector_dagster import errors
from ml_connector_dagster.cli import demo
from ml_connector_dagster.cli.main import main
from ml_connector_dagster.components.checks import check_names

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands_named() -> list[tuple[str, ...]]:
    named = re.findall(r"ml-connector ((?:[a-z]+ ?){1,2})", README)
    return sorted({tuple(text.split()) for text in named})


@pytest.mark.parametrize("words", _commands_named(), ids=" ".join)
def test_every_command_that_readme_names_exists(words: tuple[str, ...]) -> None:
    context = click.Context(main)
    command = main.get_command(context, words[0])
    assert command is not None, words
    if isinstance(command, click.Group) and len(words) > 1:
        assert command.get_command(context, words[1]) is not None, words


def _lines_to_copy() -> list[str]:
    shown = "\n".join([*re.findall(r"```\n(.*?)```", README, flags=re.DOTALL), demo.WHERE_NEXT])
    return [line.split("#")[0].strip() for line in re.findall(r"ml-connector ([a-z].*)", shown)]


@pytest.mark.parametrize("line", _lines_to_copy())
def test_every_command_line_that_is_shown_can_be_copied(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Command, arguments and options are taken by the command line as they are written."""
    monkeypatch.chdir(tmp_path)
    for word in line.split():
        if word.endswith(".csv"):
            (tmp_path / word).touch()
    command, words = main.get_command(click.Context(main), line.split(maxsplit=1)[0]), line.split()[1:]
    while isinstance(command, click.Group):
        command, words = command.get_command(click.Context(command), words[0]), words[1:]
    assert command is not None
    command.make_context(line, words)


def test_readmes_table_of_errors_is_the_error_tree() -> None:
    tree = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.ConnectorError) and kind is not errors.ConnectorError
    }
    assert set(re.findall(r"^\| ([A-Z]\w+) \|", README, flags=re.MULTILINE)) == tree


def test_readme_names_every_check() -> None:
    for name in check_names():
        assert f"`{name}`" in README


def test_readmes_pictures_are_there() -> None:
    for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README):
        assert (ROOT / picture).stat().st_size > 10_000, picture


def test_readmes_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.MULTILINE)) <= targets
