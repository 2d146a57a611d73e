"""``ml-connector``: finds every command in this folder and in the sources, and turns errors into sentences and exit codes.

A file here adds commands by a module value ``COMMANDS: tuple[click.Command, ...]``; nothing else has to be edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

import ml_connector_dagster.cli as folder
from ml_connector_dagster.cli.output import exit_code, show_error
from ml_connector_dagster.errors import ConnectorError, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.sources.contract.session import NamedCompany

NO_COMMANDS = {"main", "__main__", "output"}


class ConnectorCommands(click.Group):
    """A group that mounts its commands when they are first asked for, and prints a ConnectorError as three sentences."""

    _mounted = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Answer the names of all commands, sorted."""
        self._mount()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Answer the command of that name; a file of its own name is asked first, so that one command starts fast."""
        if cmd_name in {module.name for module in pkgutil.iter_modules(folder.__path__)} - NO_COMMANDS:
            for command in _commands_of(cmd_name):
                self.add_command(command)
        if cmd_name not in self.commands:
            self._mount()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a ConnectorError ends it with its sentences and the exit code of its class."""
        ctx.obj = company_of
        try:
            return super().invoke(ctx)
        except ConnectorError as error:
            show_error(error)
            ctx.exit(exit_code(error))

    def _mount(self) -> None:
        if self._mounted:
            return
        self._mounted = True
        for command in _commands():
            self.add_command(command)


@contextmanager
def company_of(connection: str, system: str) -> Iterator[NamedCompany]:
    """Open the company of a connection for a command of its source.

    Raises:
        SettingWrong: There is no such connection, or it is of another system.
    """
    from ml_connector_dagster.connections.opening import Connector
    from ml_connector_dagster.sources.contract.session import NamedCompany

    with Connector.of_process() as connector:
        named = connector.connection(connection).settings.source
        if named.system != system:
            raise SettingWrong(
                f"The connection {connection!r} is of {named.system}, not of {system}.",
                "Nothing was done.",
                f"Name a connection of {system}.",
            )
        yield NamedCompany(connector.store, named.company_id)


def _commands() -> Iterator[click.Command]:
    from ml_connector_dagster.sources.registry import all_sources

    for module in pkgutil.iter_modules(folder.__path__):
        if module.name not in NO_COMMANDS:
            yield from _commands_of(module.name)
    for source in all_sources().values():
        yield from source.commands


def _commands_of(module: str) -> tuple[click.Command, ...]:
    commands: tuple[click.Command, ...] = getattr(
        importlib.import_module(f"{folder.__name__}.{module}"), "COMMANDS", ()
    )
    return commands


@click.command(cls=ConnectorCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ml-connector-dagster")
def main() -> None:
    """Actuals by period from accounting systems into Anaplan, tied out to the cent.

    Exit codes: 0 done, 2 wrong setting or use, 3 credential refused, 4 refused or unknown outcome, 5 quota spent,
    6 load incomplete, 7 figures differ, 8 held for a person, 1 anything else. A command that waits for a run ends with the
    code of what stopped the run.
    """
