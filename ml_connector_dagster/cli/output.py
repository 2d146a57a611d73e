"""What the command line prints: tables or JSON on standard output, words and progress on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ml_connector_dagster.errors import (
    AnswerAwaited,
    ConnectorError,
    CredentialRefused,
    FiguresDiffer,
    HeldForPerson,
    LoadIncomplete,
    OutcomeUnknown,
    QuotaExhausted,
    RecordRefused,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)

if TYPE_CHECKING:
    from rich.console import Console

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Row = Mapping[str, object]

WIDTH_OF_A_FILE = 140
"""Columns of a table where nobody says how wide the screen is: a figure must not be broken over two lines."""
EXIT_CODES: Mapping[type[ConnectorError], int] = {
    SettingWrong: 2,
    CredentialRefused: 3,
    RequestRejected: 4,
    TemporarilyRefused: 4,
    OutcomeUnknown: 4,
    AnswerAwaited: 4,
    QuotaExhausted: 5,
    LoadIncomplete: 6,
    RecordRefused: 6,
    FiguresDiffer: 7,
    HeldForPerson: 8,
}
"""0 is success, 1 an error nobody expected, 2 also a wrong use of the command line."""


def json_option(command: Decorated) -> Decorated:
    """Give a command ``--json``; it arrives as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(command)


def table(
    rows: Iterable[Row], columns: Sequence[str] | Mapping[str, str], as_json: bool = False, *, title: str = ""
) -> None:
    """Print rows on standard output.

    Args:
        rows: One mapping a row; a missing key prints as nothing.
        columns: Keys in their order, or keys to headings.
        as_json: Print a list of objects with exactly these keys; decimals and times become texts, never floats.
        title: Above the table; JSON has none.
    """
    headings = columns if isinstance(columns, Mapping) else {key: key.replace("_", " ") for key in columns}
    kept = [{key: row.get(key) for key in headings} for row in rows]
    if as_json:
        click.echo(json.dumps([{key: _plain(value) for key, value in row.items()} for row in kept], indent=2))
        return
    _print_table(kept, headings, title)


def say(text: str) -> None:
    """Print a sentence for the person at the terminal; standard error, so that pipes carry the table alone."""
    click.echo(text, err=True)


def exit_code(error: ConnectorError) -> int:
    """Answer the exit code of the error's class."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)


def show_error(error: ConnectorError) -> None:
    """Print the three sentences of an error, and of those that came with it, on standard error."""
    others = error.context.get("others", ())
    for one in (error, *(others if isinstance(others, tuple) else ())):
        click.secho(one.happened, err=True, fg="red", bold=True)
        click.echo(f"  {one.means}\n  {one.do}", err=True)


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """Show a bar on standard error while work runs; call the answer after each step with what comes next.

    Nothing is drawn where standard error is no terminal, so that logs stay readable.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = _console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(title, total=total)

        def step(description: str = title) -> None:
            shown.update(task, advance=1, description=description)

        yield step


def _print_table(rows: Sequence[Row], headings: Mapping[str, str], title: str) -> None:
    from rich import box
    from rich.table import Table

    drawn = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left")
    for key, heading in headings.items():
        numeric = bool(rows) and all(_is_number(row[key]) for row in rows)
        drawn.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_shown(row[key]) for key in headings))
    _console(stderr=False).print(drawn)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    return console


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _shown(value: object) -> str:
    from rich.markup import escape

    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:,.2f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S %Z}"
        case _:
            return escape(str(value))


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
        case _:
            return str(value)
