"""A source's demo company against its own sandbox: read into memory, judged by the sandbox's own ledger.

``ml_connector_dagster_tests/sources/<system>/kit.py`` must hold ``BOOKS`` beside ``KIT``; see ``SandboxBooks``.
"""

import importlib
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

import ml_connector_dagster_tests.sources as folder
from ml_connector_dagster.cli.demo_credentials import enter_credentials
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.flows.books import ask_books, staged_movement, unexplained
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.connections.sandboxed import shell_of
from ml_connector_dagster_tests.sources.machine import Machine, machine_calling
from ml_connector_dagster_tests.sources.staged import StagedInMemory


class NotApplicable(str):
    """Why something cannot happen at this vendor: a whole sentence."""

    __slots__ = ()


@dataclass(frozen=True)
class VendorControl:
    """The control routes of one vendor: what happens behind the client's back."""

    base_url: str
    system: str
    company: Mapping[str, str] = field(default_factory=dict)
    """Sent with every act and question, where a sandbox has several companies."""

    def post(self, act: str, **body: Any) -> dict[str, Any]:
        """Do something in the books."""
        return _answered(
            httpx.post(f"{self.base_url}/_control/{self.system}/{act}", json={**self.company, **body}, verify=False)
        )

    def get(self, question: str, **query: str) -> dict[str, Any]:
        """Ask the sandbox's own ledger."""
        return _answered(
            httpx.get(
                f"{self.base_url}/_control/{self.system}/{question}", params={**self.company, **query}, verify=False
            )
        )

    def token_requests(self) -> int:
        """How often the token endpoint was asked so far."""
        query = {"vendor": self.system, "method": "POST", "path": "token"}
        return int(_answered(httpx.get(f"{self.base_url}/_control/log", params=query, verify=False))["count"])

    def advance(self, seconds: float) -> None:
        """Let the sandbox's clock run ahead."""
        httpx.post(
            f"{self.base_url}/_control/clock", json={"advance_seconds": seconds}, verify=False
        ).raise_for_status()

    def plant(self, **fault: Any) -> None:
        """Plant a fault in the vendor's answers."""
        httpx.post(
            f"{self.base_url}/_control/faults", json={"vendor": self.system, **fault}, verify=False
        ).raise_for_status()


Change = Callable[[VendorControl], Generator[None, None, Collection[Period]]]
"""Sets the books up, yields (the months are read now), changes them, and returns the months whose figures must have moved."""


class SandboxBooks(Protocol):
    """What a source's kit says of its demo company."""

    system: str
    demo: str
    """Folder of the company below ``defs/demo``."""
    company: Mapping[str, str]
    """What names it in the sandbox's control routes; empty where the sandbox has one."""
    months: tuple[Period, Period]
    """Two closed months, one after the other, that the changes touch."""
    changes: Mapping[str, Change | NotApplicable]
    """void, delete, edit_without_stamp, moved_date, late_document, foreign_currency."""
    merge: Callable[[VendorControl], tuple[str, str, str]] | NotApplicable
    """Merges two parties; answers entity name, loser's id and survivor's id."""

    def free(self, vendor: VendorControl) -> None:
        """Lift the vendor's call limits: these tests are about figures."""

    def ledger(self, vendor: VendorControl, period: Period) -> Mapping[str, Decimal]:
        """Answer what the sandbox's own ledger posted that documents or feed show: by account id, debit positive, no zeroes."""

    def plant_cent(self, vendor: VendorControl, period: Period) -> str:
        """Post a cent that no document or feed shows, against another account; answers the account's id."""

    def small_pages(self, monkeypatch: pytest.MonkeyPatch, entity: Entity) -> Entity:
        """Let a page of this list hold ten records; answers the entity to read with."""

    def hide(self, vendor: VendorControl, record_id: str, *, hidden: bool) -> None:
        """Take a record out of the lists, or put it back."""

    def spoil(self, vendor: VendorControl, period: Period) -> Callable[[], None]:
        """Make one record of the period unreadable on the wire; answers what repairs it."""

    def forbid(self, vendor: VendorControl) -> Callable[[], None]:
        """Take a permission away that reading needs; answers what gives it back."""

    tokens: NotApplicable
    """Only where nobody consents: why there is no token to refresh or to give away."""
    busy: NotApplicable
    """Only where nobody is asked over HTTP: what stands in the place of an answer of 503."""
    asks: tuple[type, str]
    """Only where nobody is asked over HTTP: class and method of the sandbox that answers one question."""


def books_of(system: str) -> SandboxBooks:
    """Answer what the source's kit says of its sandbox.

    Raises:
        AttributeError: It says nothing: a source that no ledger judges cannot be trusted.
    """
    found: SandboxBooks = importlib.import_module(f"{folder.__name__}.{system}.kit").BOOKS
    return found


@dataclass
class SandboxedCompany:
    """The demo company of one source, opened as the product opens it."""

    connection: OpenConnection
    vendor: VendorControl
    books: SandboxBooks
    machine: Machine | None = None
    """Of a company that cannot be asked: it answers what was asked for when a test tells it to call."""
    staged: StagedInMemory = field(default_factory=StagedInMemory)

    def read(self, *periods: Period, without: EntityKind | None = None) -> None:
        """Read and derive every entity of the periods but those of one kind, as the books are now."""
        self._read([one for one in self.connection.source.entities if one.kind is not without], periods)

    def read_ledger(self, *periods: Period) -> None:
        """Read the ledger lines of the periods and what they are derived from, as the books are now."""
        wanted = {LEDGER_LINES}
        for entity in reversed(self.connection.source.entities):
            wanted |= set(entity.derived_from) if entity.name in wanted else set()
        self._read([entity for entity in self.connection.source.entities if entity.name in wanted], periods)

    def _read(self, entities: Sequence[Entity], periods: Sequence[Period]) -> None:
        reader = self.connection.reader()
        self._answered(*(partial(_first_of, reader, entity, period) for period in periods for entity in entities))
        for period in periods:
            self.staged.pull(reader, entities, period)

    def pages(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of one entity, as the books are now."""
        reader = self.connection.reader()
        self._answered(partial(_first_of, reader, entity, period))
        return reader.read(entity, period)

    def lines(self, period: Period) -> dict[str, Decimal]:
        """Answer the staged ledger lines by account."""
        return staged_movement(self.staged, LEDGER_LINES, period)  # type: ignore[arg-type]  # a StagedReader is enough

    def unexplained(self, period: Period, *, moved: bool = False) -> dict[str, Decimal]:
        """Answer what the vendor's own report says and neither lines nor named classes explain.

        Args:
            period: The month, just read.
            moved: Whether the books changed since: where the report came with the lines, it is asked for anew then.
        """
        if moved:
            reader = self.connection.reader()
            self._answered(lambda: reader.control(period))
        books = ask_books(self.connection, period, self.staged)  # type: ignore[arg-type]
        return unexplained(books.movement, self.lines(period), books.residuals.values())

    def refused(self, period: Period) -> int:
        """Answer how many records of the period could not be read."""
        kept = self.staged.refused.items()
        return sum(len(found) for (_, read_for), found in kept if read_for in (None, period))

    def _answered(self, *questions: Callable[[], object]) -> None:
        """Ask anew, and let the machine answer; nothing for a company that is asked while it is read."""
        if self.machine is None:
            return
        self.machine.forgets()
        for ask in questions:
            with suppress(AnswerAwaited):
                ask()
        self.machine.answers_all()


def _first_of(reader: CompanyReader, entity: Entity, period: Period) -> object:
    return next(reader.read(entity, period), None)


@contextmanager
def sandboxed_company(sandbox: Running, system: str, home: Path) -> Iterator[SandboxedCompany]:
    """Open the source's demo company over a fresh home, every credential of the demo entered and consented."""
    books = books_of(system)
    vendor = VendorControl(sandbox.base_url, system, books.company)
    books.free(vendor)
    with Connector(Environment.read(shell_of(home, sandbox.base_url, books.demo))) as connector, ExitStack() as running:
        enter_credentials(connector)
        connection = connector.connection(books.demo)
        connection.settings.source.__dict__["quota_share"] = 1_000.0
        calls_us = connection.source.later is not None
        machine = running.enter_context(machine_calling(connector, books.demo)) if calls_us else None
        yield SandboxedCompany(connection, vendor, books, machine)


def _answered(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    return dict(answer.json())
