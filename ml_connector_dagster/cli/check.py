"""``check``: proves a connection in both systems and writes nothing; ``--offline`` reads the files alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from ml_connector_dagster.cli.output import Row, json_option, progress, table
from ml_connector_dagster.connections.neighbours import refuse_neighbours
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.run_limit import check_run_limit
from ml_connector_dagster.connections.settings import ConnectionSettings, find_connections, read_connection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

_COLUMNS = ("connection", "subject", "holds", "says")


@click.command()
@click.argument("connections", nargs=-1)
@click.option("--offline", is_flag=True, help="Validate every defs.yaml without network, vault or database.")
@json_option
def check(connections: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """Probe CONNECTIONS (all, if none is named): files, credentials, permissions, imports, calendar, versions, members."""
    rows = list(_offline(connections) if offline else _online(connections))
    table(rows, _COLUMNS, as_json)
    wrong = [row for row in rows if not row["holds"]]
    if wrong:
        raise SettingWrong(
            f"{len(wrong)} of {len(rows)} probes do not hold, the first: {wrong[0]['subject']} of {wrong[0]['connection']}.",
            "What depends on them would not be read or loaded.",
            "Mend them from the top; later ones may hold by then.",
        )


def _offline(names: tuple[str, ...]) -> Iterator[Row]:
    from ml_connector_dagster.store.environment import Environment

    environment = Environment.read()
    check_run_limit(environment.run_limit_seconds)
    paths = find_connections(Path(environment.connections_root))
    read = {name: read_connection(path) for name, path in paths.items()}
    whole = {name: settings for name, (settings, _) in read.items() if settings is not None}
    for name in names or tuple(paths):
        if name not in paths:
            raise _unknown(name, tuple(paths))
        problems = read[name][1]
        yield from _shared(name, whole)
        for problem in problems:
            yield {
                "connection": name,
                "subject": f"line {problem.context['line']}",
                "holds": False,
                "says": str(problem),
            }
        if not problems:
            yield {"connection": name, "subject": "defs.yaml", "holds": True, "says": str(paths[name])}


def _shared(name: str, whole: Mapping[str, ConnectionSettings]) -> Iterator[Row]:
    targets: list[ListTarget | ModuleTarget] = [*whole[name].lists, *whole[name].modules] if name in whole else []
    for target in targets:
        try:
            refuse_neighbours(name, target.name, whole)
        except SettingWrong as error:
            subject = f"{'codes' if isinstance(target, ListTarget) else 'cells'} of {target.name}"
            yield {"connection": name, "subject": subject, "holds": False, "says": str(error)}


def _online(names: tuple[str, ...]) -> Iterator[Row]:
    from ml_connector_dagster.connections.checking import check_connection

    with Connector.of_process() as connector, progress("probing") as step:
        for name in names or connector.names():
            for finding in check_connection(connector.connection(name)):
                step(f"{name}: {finding.subject}")
                yield {"connection": name, "subject": finding.subject, "holds": finding.holds, "says": finding.says}


def _unknown(name: str, known: tuple[str, ...]) -> SettingWrong:
    return SettingWrong(
        f"There is no connection {name!r}.",
        "Nothing was checked for it.",
        f"Use one of: {', '.join(known) or 'none yet'}.",
    )


COMMANDS: tuple[click.Command, ...] = (check,)
