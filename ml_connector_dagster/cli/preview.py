"""``preview``: the files, totals and differences of a period before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.ledger.period import Period

if TYPE_CHECKING:
    from ml_connector_dagster.flows.file_plan import FilePlan
    from ml_connector_dagster.flows.preview import SlicePreview

MOST_SHOWN = 15


@click.command()
@click.argument("connection")
@click.argument("period")
@click.option("--target", "targets", multiple=True, help="Only this list or module; may be given several times.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("preview"), show_default=True)
@click.option("--offline", is_flag=True, help="Do not ask Anaplan for cells that must be zeroed at a first load.")
@click.option(
    "--from-model", is_flag=True, help="As load --from-model: zero what Anaplan shows and the books do not have."
)
@json_option
def preview(
    connection: str,
    period: str,
    *,
    targets: tuple[str, ...],
    out: Path,
    offline: bool,
    from_model: bool,
    as_json: bool,
) -> None:
    """Write the files of CONNECTION for PERIOD (2026-10), and show totals, differences to the last load, and what is unmapped."""
    from ml_connector_dagster.flows.preview import preview as preview_slice

    if offline and from_model:
        raise click.UsageError("--from-model asks Anaplan, --offline does not; choose one.")
    asked = str(Period.parse(period))
    with Connector.of_process() as connector:
        opened = connector.connection(connection)
        lists, modules = opened.settings.lists, opened.settings.modules
        named = targets or (*(one.name for one in lists), *(one.name for one in modules))
        shown = [
            preview_slice(opened, name, asked, out, ask_model=not offline, from_model=from_model) for name in named
        ]
    columns = ("target", "rows", "zero_rows", "zeroed", "total", "compared_with", "changes", "unmapped", "held", "file")
    table([_summary(one) for one in shown], columns, as_json, title=f"{connection} {asked}")
    if not as_json:
        for one in shown:
            _details(one, asked=not offline)


def show_zeroes(plan: FilePlan) -> None:
    """Print every figure of the model that a load of this plan sets to 0; nothing where there is none."""
    if plan.zeroes:
        rows = [{"cell": ", ".join(one.cell), "stands": one.stands} for one in plan.zeroes]
        table(
            rows, ("cell", "stands"), title=f"{plan.target.name}: in the model, not in the books; a load sets it to 0"
        )


def _summary(one: SlicePreview) -> dict[str, object]:
    return {
        "target": one.plan.target.name,
        "rows": one.plan.rows,
        "zero_rows": one.plan.zero_rows,
        "zeroed": len(one.plan.zeroes),
        "total": one.plan.total,
        "compared_with": one.compared_with,
        "changes": len(one.changes),
        "unmapped": len(one.plan.unmapped),
        "held": " ".join(hold.says for hold in one.plan.held),
        "file": str(one.file),
    }


def _details(one: SlicePreview, *, asked: bool) -> None:
    name = one.plan.target.name
    if one.totals:
        rows = [{"member": member, "amount": amount} for member, amount in one.totals.items()]
        table(rows, ("member", "amount"), title=f"{name}: totals")
    show_zeroes(one.plan)
    if one.changes:
        changes = [
            {"cell": change.cell, "before": change.before, "after": change.after, "delta": change.delta}
            for change in one.changes[:MOST_SHOWN]
        ]
        than = (
            f"load {one.compared_with}" if one.compared_with else "what the model holds" if asked else "an empty model"
        )
        table(
            changes, ("cell", "before", "after", "delta"), title=f"{name}: {len(one.changes)} cells differ from {than}"
        )
    if one.plan.unmapped:
        unmapped = [
            {
                "dimension": u.dimension,
                "id": u.source_id,
                "code": u.source_code,
                "name": u.source_name,
                "amount": u.amount,
            }
            for u in one.plan.unmapped
        ]
        table(unmapped, ("dimension", "id", "code", "name", "amount"), title=f"{name}: without a member")
        say(f"Complete them with ml-connector mapping suggest {one.plan.connection} {one.plan.unmapped[0].dimension}")


COMMANDS = (preview,)
