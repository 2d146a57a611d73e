"""``qwc``: writes the file that a Web Connector is introduced by, and issues its password."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ml_connector_dagster.sources.contract.session import OpensCompany


@click.command()
@click.argument("connection")
@click.option(
    "--public-url", default="http://localhost:8702", show_default=True,
    help="Address under which the Windows machine reaches `ml-connector serve`: https, with a host's name.",
)  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default CONNECTION.qwc.")
@click.option("--every-minutes", default=15, show_default=True, type=click.IntRange(1, 1440), help="How often it asks.")
@click.option("--rotate", is_flag=True, help="Issue another password; the one before counts for --grace-hours.")
@click.option("--grace-hours", default=24, show_default=True, type=click.IntRange(0, 720), help="See --rotate.")
@click.pass_obj
def qwc(
    opens: OpensCompany,
    *,
    connection: str,
    public_url: str,
    out: Path | None,
    every_minutes: int,
    rotate: bool,
    grace_hours: int,
) -> None:
    """Write CONNECTION's .qwc file for the Web Connector, and print its password once."""
    from ml_connector_dagster.sources.quickbooks_desktop.qwc import issue, written

    file = out or Path(f"{connection}.qwc")
    with opens(connection, "quickbooks_desktop") as company:
        facts = {"connection": connection, "company_id": company.company_id, "public_url": public_url}
        written(**facts, username="", every_minutes=every_minutes)  # refuses a wrong address before anything is issued
        grace = timedelta(hours=grace_hours)
        login = issue(company.store, company.company_id, connection, rotate=rotate, grace=grace)
        text = written(**facts, username=login.username, every_minutes=every_minutes, named=login.app_name)
    file.write_bytes(text.encode())
    click.echo(
        f"Wrote {file}. Copy it to the Windows machine, double-click it while the company file is open as Admin in"
    )
    click.echo("single-user mode, and choose 'Yes, always; allow access even if QuickBooks is not running'.")
    click.echo(f"User name: {login.username}")
    click.echo(f"Password:  {login.password or 'as issued before (--rotate issues another)'}")


COMMANDS: tuple[click.Command, ...] = (qwc,)
