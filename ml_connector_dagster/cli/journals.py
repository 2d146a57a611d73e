"""``journals``: post journals into the books, show what became of them, void, correct, amend and try again."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector

if TYPE_CHECKING:
    from ml_connector_dagster.flows.post import Posted
    from ml_connector_dagster.ledger.journal_posting import JournalPosting

COLUMNS = (
    "connection", "journal", "entry", "action", "state", "date", "debits", "lines", "number", "transaction_id", "approved_by",
    "says",
)  # fmt: skip
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_BY = click.option("--by", default=getpass.getuser, show_default="your login", help="Who approves.")


@click.group()
def journals() -> None:
    """Post journals into the books, each exactly once.

    FILE is a CSV with the columns connection, journal, date, account, debit, credit, and if wanted class, memo, adjustment:
    one row a line; rows with the same journal are one. Dates are 2026-10-31, amounts 1250.00 in the home currency. An account
    is its number, full name or id; a class its full name or id. A journal's name stands for one content for ever.
    """


@journals.command()
@_FILE
@_BY
@json_option
def post(file: Path, by: str, as_json: bool) -> None:
    """Approve FILE and post its journals; the same file again posts nothing and says so."""
    from ml_connector_dagster.flows.post import post_file

    _take(post_file, file, by, as_json)


@journals.command()
@_FILE
@_BY
@json_option
def correct(file: Path, by: str, as_json: bool) -> None:
    """Turn posted journals into what FILE says under the same names: one journal that reverses the old and posts the new."""
    from ml_connector_dagster.flows.post import correct_file

    _take(correct_file, file, by, as_json)


@journals.command()
@_FILE
@_BY
@json_option
def amend(file: Path, by: str, as_json: bool) -> None:
    """Change our own unedited entries, in an open period, to what FILE says under the same names."""
    from ml_connector_dagster.flows.post import amend_file

    _take(amend_file, file, by, as_json)


@journals.command()
@click.argument("connection", required=False)
@click.argument("journal", default="")
@json_option
def show(connection: str | None, journal: str, as_json: bool) -> None:
    """Show what became of journals, of CONNECTION or of all, of one JOURNAL or of all."""
    from ml_connector_dagster.flows.post import postings_of

    with Connector.of_process() as connector:
        rows = [
            row
            for name in ((connection,) if connection else connector.names())
            for row in _rows(name, postings_of(connector.connection(name), journal))
        ]
    table(rows, COLUMNS, as_json, title="Journals")


@journals.command()
@click.argument("connection")
@click.argument("journal")
@_BY
@json_option
def void(connection: str, journal: str, by: str, as_json: bool) -> None:
    """Void JOURNAL in the books of CONNECTION; an entry that does not stand there is let go."""
    from ml_connector_dagster.flows.post import void_journal

    _act_on(void_journal, connection, journal, as_json, by=by)


@journals.command()
@click.argument("connection")
@click.argument("journal")
@_BY
@json_option
def retry(connection: str, journal: str, by: str, as_json: bool) -> None:
    """Post JOURNAL again after it was refused and the cause mended, or after you looked into its conflict.

    What a user deleted, or what looks alike, is posted anew under another number: your word overrides what was found.
    """
    from ml_connector_dagster.flows.post import retry_journal

    _act_on(retry_journal, connection, journal, as_json, by=by)


@journals.command()
@click.argument("connection")
@click.argument("journal", default="")
@json_option
def verify(connection: str, journal: str, as_json: bool) -> None:
    """Look again at what was posted: changed, voided and deleted entries show with the next `journals show`."""
    from ml_connector_dagster.flows.post import verify_journals

    _act_on(verify_journals, connection, journal, as_json)


def _act_on(
    act: Callable[..., Sequence[JournalPosting]], connection: str, journal: str, as_json: bool, **approval: str
) -> None:
    with Connector.of_process() as connector:
        done = act(connector.connection(connection), journal, **approval)
    table(_rows(connection, done), COLUMNS, as_json, title="Journals")


def _take(act: Callable[..., Sequence[Posted]], file: Path, by: str, as_json: bool) -> None:
    with Connector.of_process() as connector:
        done = act(connector, file, by=by)
    rows = [row for one in done for row in _rows(one.connection, [one.posting])]
    table(rows, COLUMNS, as_json, title="Journals")
    new = sum(one.is_new for one in done)
    if new:
        say(f"{new} entries were taken; `ml-connector journals show` tells when they stand in the books.")
    if new < len(done):
        say(f"{len(done) - new} entries were taken before from the same journals: nothing of them is posted again.")


def _rows(connection: str, postings: Iterable[JournalPosting]) -> Iterator[dict[str, object]]:
    for one in postings:
        yield {
            "connection": connection,
            "journal": one.key,
            "entry": f"{one.entry} of {one.entries}",
            "action": one.action,
            "state": one.state.value,
            "date": one.posting_date,
            "debits": one.debits,
            "lines": one.lines,
            "number": one.number,
            "transaction_id": one.transaction_id,
            "approved_by": one.approval.by,
            "says": one.says,
        }


COMMANDS = (journals,)
