"""`ml-connector sandbox`: the accounting systems and Anaplan on loopback, for demos, tests and trying things out."""

import os
from datetime import datetime
from pathlib import Path

import click

from ml_connector_dagster.sandbox.exchanges import into_file, observe
from ml_connector_dagster.sandbox.server import serve
from ml_connector_dagster.sandbox.world import World


@click.command("sandbox")
@click.option("--port", default=8700, show_default=True, help="Port on 127.0.0.1.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day in the books; without it they run up to the real today.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed writes the same books.")
@click.option("--task-seconds", default=0.3, show_default=True, help="How long an Anaplan task takes.")
@click.option("--exchanges", type=Path, hidden=True, envvar="ML_CONNECTOR_SANDBOX_EXCHANGES")
def sandbox(port: int, today: datetime | None, seed: int, task_seconds: float, exchanges: Path | None) -> None:
    """Run the sandbox until interrupted; it forgets everything when it ends."""
    if exchanges is not None:  # a folder: tests judge every exchange of their run
        observe(into_file(exchanges / f"{os.getpid()}.jsonl"))
    day = today.date() if today is not None else None
    world = World.new(seed=seed, today=day, task_seconds=task_seconds)
    click.echo(f"Sandbox on http://127.0.0.1:{port} (books end {world.clock.today().isoformat()}); Ctrl-C stops it.")
    serve(world, port)


COMMANDS: tuple[click.Command, ...] = (sandbox,)
