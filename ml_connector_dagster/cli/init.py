"""``init``: keys, database, folders, a sample connection on request; and what to do next."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ml_connector_dagster.cli.output import say
from ml_connector_dagster.connections.sample import SAMPLE
from ml_connector_dagster.errors import SettingWrong

PROJECT = Path(__file__).parents[2]


@click.command()
@click.option("--sample", metavar="NAME", help="Also write a commented defs.yaml for a connection of this name.")
def init(sample: str | None) -> None:
    """Make vault key, state database and folders; nothing that exists is touched, so it may be run again."""
    from ml_connector_dagster.connections.preparing import prepare
    from ml_connector_dagster.store.environment import Environment

    environment = Environment.read()
    made_key = prepare(environment)
    _instance_settings(environment.dagster_home)
    say(
        f"Vault key:  {environment.vault_key_file} ({'new; keep a copy apart from the database' if made_key else 'kept'})"
    )
    say(f"Database:   {environment.profile}, ready")
    say(f"Dagster:    {environment.dagster_home} (export DAGSTER_HOME={environment.dagster_home})")
    name = sample or "my_company"
    if sample:
        say(f"Connection: {_write_sample(environment.connections_root, sample)}")
    say(
        "\nNext:\n"
        f"  ml-connector credential set my_xero --vendor xero --kind oauth\n"
        f"  ml-connector credential set my_anaplan --vendor anaplan --kind certificate\n"
        f"  ml-connector connect my_xero\n"
        f"  ml-connector discover {name} --source-credential my_xero --anaplan-credential my_anaplan\n"
        "discover writes the connection's file and says what follows."
    )


def _instance_settings(dagster_home: Path) -> None:
    """Put the project's dagster.yaml where Dagster looks for it, unless somebody wrote one there."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    ours, theirs = PROJECT / "dagster.yaml", dagster_home / "dagster.yaml"
    if ours.exists() and not theirs.exists():
        shutil.copy(ours, theirs)


def _write_sample(root: Path, name: str) -> Path:
    path = root / name / "defs.yaml"
    if not name.isidentifier() or path.exists():
        raise SettingWrong(
            f"{name!r} cannot be the sample's name." if not name.isidentifier() else f"{path} exists already.",
            "Nothing was written over.",
            "Choose another name: letters, digits and underscores.",
        )
    path.parent.mkdir(parents=True)
    path.write_text(SAMPLE, encoding="utf-8")
    return path


COMMANDS: tuple[click.Command, ...] = (init,)
