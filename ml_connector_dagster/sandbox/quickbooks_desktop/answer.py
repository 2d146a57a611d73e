"""Answers as trees of names and values, written as the request processor writes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ml_connector_dagster.sandbox.books.cents import text as money
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import escaped, stamp

Value = str | int | bool | date | datetime | None | Sequence[tuple[str, Any]]
Child = tuple[str, Value]
"""An element: a text, or children in order. None leaves it out."""


@dataclass
class Answer:
    """One *Rs element. body is ready XML; the query adds counts and iterator."""

    name: str
    request_id: str | None
    code: int = 0
    severity: str = "Info"
    message: str = "Status OK"
    attributes: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    recovery: str = ""
    """What a stored message set says later instead of the body."""
    rows: int = 0
    """Objects or report rows in it: what makes an answer slow."""

    def xml(self, *, with_body: bool = True) -> str:
        """The element, alone with its status where the message set asked for includeNone."""
        known = {} if self.request_id is None else {"requestID": self.request_id}
        shown = known | {
            "statusCode": str(self.code),
            "statusSeverity": self.severity,
            "statusMessage": self.message,
            **self.attributes,
        }
        start = f"<{self.name}{attributes(shown)}"
        return f"{start}>\n{self.body}</{self.name}>\n" if with_body and self.body else f"{start} />\n"


def cents(amount: int) -> str:
    """An amount as AMTTYPE."""
    return money(amount)


def element(name: str, value: Value) -> str:
    """One element with all below it; a datetime is written with the standard offset, a bool as true or false."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"<{name}>{escaped(value)}</{name}>\n"
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>\n"
    if isinstance(value, datetime):
        return f"<{name}>{stamp(value)}</{name}>\n"
    if isinstance(value, int | date):
        return f"<{name}>{value}</{name}>\n"
    return f"<{name}>\n{elements(value)}</{name}>\n"


def elements(children: Iterable[Child]) -> str:
    """Elements one after the other."""
    return "".join(element(name, value) for name, value in children)


def kept_children(children: Iterable[Child], wanted: Sequence[str]) -> Iterator[Child]:
    """Only the elements that IncludeRetElement names; all, where it names none."""
    return (child for child in children if not wanted or child[0] in wanted)


def spoilt(children: Iterable[Child], fields: Mapping[str, str]) -> Iterator[Child]:
    """Elements with other texts than they should have: damage on the wire, for tests."""
    return ((name, fields.get(name, value)) for name, value in children)


def attributes(values: Mapping[str, str]) -> str:
    """Attributes of a report's rows and columns."""
    return "".join(f' {name}="{escaped(value)}"' for name, value in values.items())
