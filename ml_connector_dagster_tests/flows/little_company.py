"""A whole accounting system in memory, small enough to be right at a glance: a source, a reader, an opened connection.

Its ledger is its own: every document posts its lines against account 610 (receivables) or 800 (payables); its trial balance
comes from ``extra`` postings as well, which no document shows.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.connections.settings import ConnectionSettings
from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance, LedgerLine
from ml_connector_dagster.sources.contract.answers import Changes, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Locks
from ml_connector_dagster.transport.grant_policy import GrantPolicy

RECEIVABLES, PAYABLES, EQUITY = "acc-610", "acc-800", "acc-960"
CHART = {
    "acc-200": ("200", "Sales", "income"),
    "acc-260": ("260", "Other revenue", "income"),
    "acc-400": ("400", "Advertising", "expense"),
    "acc-429": ("429", "General", "expense"),
    RECEIVABLES: ("610", "Accounts receivable", "asset"),
    PAYABLES: ("800", "Accounts payable", "liability"),
    EQUITY: ("960", "Retained earnings", "equity"),
}
NORTH = '{"cat-region": "opt-north"}'


def _entity(name: str, kind: EntityKind, record: Any, key: tuple[str, ...], derived: tuple[str, ...] = ()) -> Entity:
    return Entity(name, kind, record, key, name, f"All {name}.", derived_from=derived, endpoint="" if derived else name)


ENTITIES = (
    _entity("ledger_accounts", EntityKind.REFERENCE, LedgerAccount, ("ledger_account_id",)),
    _entity("customers", EntityKind.REFERENCE, Party, ("party_id",)),
    _entity("tracking", EntityKind.REFERENCE, TrackingOption, ("option_id",)),
    _entity("invoices", EntityKind.DOCUMENT, DocumentLine, ("document_id", "line_id")),
    _entity("bills", EntityKind.DOCUMENT, DocumentLine, ("document_id", "line_id")),
    _entity(
        "ledger_lines",
        EntityKind.LEDGER,
        LedgerLine,
        ("record_id", "line_id"),
        ("ledger_accounts", "invoices", "bills"),
    ),
)


@dataclass
class Doc:
    """One invoice or bill with one line an account."""

    document_id: str
    kind: str
    on: date
    lines: dict[str, Decimal]
    party: str = "c-1"
    tracking: str = NORTH
    posts: bool = True
    number: str = ""

    def rows(self) -> list[DocumentLine]:
        total = sum(self.lines.values(), Decimal(0))
        version = hashlib.sha256(repr(self).encode()).hexdigest()
        return [
            DocumentLine(
                document_id=self.document_id, kind=self.kind, subkind="", number=self.number or self.document_id,
                document_date=self.on, due_date=None, status="AUTHORISED" if self.posts else "VOIDED", posts=self.posts,
                party_id=self.party, currency="GBP", rate=Decimal(1), total=total, amount_due=total,
                line_id=f"{self.document_id}-{number}", ledger_account_id=account, description="", net_amount=amount,
                tax_amount=Decimal(0), tracking=self.tracking, linked_id="", bank_account_id="", modified_at=None,
                version_hash=version,
            )
            for number, (account, amount) in enumerate(self.lines.items())
        ]  # fmt: skip

    def postings(self) -> Iterator[tuple[str, Decimal, str]]:
        """Account, debit-positive amount, line id; none where the document does not post."""
        if not self.posts:
            return
        sign = -1 if self.kind == "invoice" else 1
        for row in self.rows():
            yield row.ledger_account_id, sign * row.net_amount, row.line_id
        against = RECEIVABLES if self.kind == "invoice" else PAYABLES
        yield against, -sign * sum(self.lines.values(), Decimal(0)), f"{self.document_id}-against"


@dataclass
class LittleBooks:
    """The accounting system: documents, postings that no document shows, and a count of calls."""

    docs: dict[str, Doc] = field(default_factory=dict)
    extra: list[tuple[str, date, str, Decimal]] = field(default_factory=list)
    """Class, day, account, amount: in the books, in no document."""
    chart: dict[str, tuple[str, str, str]] = field(default_factory=lambda: dict(CHART))
    customers: dict[str, str] = field(default_factory=lambda: {"c-1": "Boom FM", "c-2": "City Agency"})
    fiscal_year_end_month: int = 12
    lock_on: date | None = None
    refused: list[RefusedRecord] = field(default_factory=list)
    calls: int = 0
    log: list[str] = field(default_factory=list)
    on_call: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Name of a call to what happens just before it is answered, once each."""
    changed: dict[str, frozenset[Period]] = field(default_factory=dict)

    def invoice(self, document_id: str, on: str, **lines: str | int) -> Doc:
        return self._write(document_id, "invoice", on, lines)

    def bill(self, document_id: str, on: str, **lines: str | int) -> Doc:
        return self._write(document_id, "bill", on, lines)

    def post(self, name: str, on: str, amounts: Mapping[str, str]) -> None:
        """Post something that no document shows, under the name of a residual class."""
        day = date.fromisoformat(on)
        self.extra += [(name, day, account, Decimal(amount)) for account, amount in amounts.items()]

    def edit(self, document_id: str, **changed: Any) -> None:
        self.docs[document_id] = replace(self.docs[document_id], **changed)

    def _write(self, document_id: str, kind: str, on: str, lines: Mapping[str, str | int]) -> Doc:
        amounts = {f"acc-{name.removeprefix('a')}": Decimal(amount) for name, amount in lines.items()}
        self.docs[document_id] = Doc(document_id, kind, date.fromisoformat(on), amounts)
        return self.docs[document_id]

    def postings(self) -> Iterator[tuple[date, str, Decimal]]:
        for doc in self.docs.values():
            yield from ((doc.on, account, amount) for account, amount, _ in doc.postings())
        yield from ((day, account, amount) for _, day, account, amount in self.extra)

    def quota(self) -> None:
        """Nobody counts the calls to these books."""

    def called(self, name: str) -> None:
        if self.on_call[name]:
            self.on_call[name].pop(0)()
        self.calls += 1
        self.log.append(name)


class LittleReader:
    """Reads the little books as a source's reader does."""

    def __init__(self, books: LittleBooks) -> None:
        self.books = books

    def company(self) -> Company:
        return Company("little", "Little Ltd", "GBP", self.books.fiscal_year_end_month, "UTC", self.books.lock_on, None)

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        self.books.called(entity.name)
        if entity.kind is EntityKind.REFERENCE:
            rows = self._reference(entity.name)
            yield Page(rows=rows, read=len(rows), raw=b"{}")
            return
        docs = [doc for doc in self._docs(entity.name) if Period.of(doc.on) == period]
        refused = self.books.refused if entity.name == "invoices" else []
        yield Page(
            rows=[row for doc in docs for row in doc.rows()], read=len(docs) + len(refused), refused=refused, raw=b"{}"
        )

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        self.books.called(f"{entity.name} by id")
        docs = [doc for doc in self._docs(entity.name) if doc.document_id in record_ids]
        yield Page(rows=[row for doc in docs for row in doc.rows()], read=len(docs), raw=b"{}")

    def derive(self, entity: Entity, period: Period, staged: Any) -> Iterator[Page]:
        assert entity.name == "ledger_lines"
        for name in ("invoices", "bills"):
            for table in staged.batches(name, period):
                lines = list(self._lines(rows_of(DocumentLine, table), period))
                yield Page(rows=lines, read=len({line.record_id for line in lines}))

    def control(self, period: Period, *, measure_basis: str = "accrual") -> list[ControlBalance]:
        self.books.called("control")
        movement: dict[str, Decimal] = defaultdict(Decimal)
        to_date: dict[str, Decimal] = defaultdict(Decimal)
        year = period.fiscal_year_start(self.books.fiscal_year_end_month).first_on
        for day, account, amount in self.books.postings():
            result = self.books.chart[account][2] in ("income", "expense")
            if day <= period.last_on and (day >= year or not result):
                to_date[account] += amount
                movement[account] += amount if day >= period.first_on else 0
        rolled = self._rolled(period)
        to_date[EQUITY] += sum((amount for on, amount in rolled if on <= period), Decimal(0))
        movement[EQUITY] += sum((amount for on, amount in rolled if on == period), Decimal(0))
        return [ControlBalance(account, movement[account], to_date[account]) for account in sorted(to_date)]

    def residuals(self, period: Period, staged: Any) -> dict[str, dict[str, Decimal]]:
        found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for name, day, account, amount in self.books.extra:
            if Period.of(day) == period and not name.startswith("hidden"):
                found[name][account] += amount
        for on, amount in self._rolled(period):
            if on == period and amount:
                found["retained_earnings"][EQUITY] += amount
        return {name: dict(amounts) for name, amounts in found.items()}

    def changes(self, since: datetime, staged: Any) -> Changes:
        self.books.called("changes")
        return Changes(self.books.changed, since)

    def close(self) -> None:
        pass

    def _rolled(self, until: Period) -> list[tuple[Period, Decimal]]:
        """First period of each fiscal year to the old year's result (debit +, so a profit is negative)."""
        sums: dict[Period, Decimal] = defaultdict(Decimal)
        for day, account, amount in self.books.postings():
            if self.books.chart[account][2] in ("income", "expense"):
                starts = Period.of(day).fiscal_year_start(self.books.fiscal_year_end_month).shift(12)
                if starts <= until:
                    sums[starts] += amount
        return sorted(sums.items())

    def _docs(self, entity: str) -> list[Doc]:
        return [doc for doc in self.books.docs.values() if f"{doc.kind}s" == entity]

    def _reference(self, name: str) -> list[Any]:
        if name == "ledger_accounts":
            return [
                LedgerAccount(account, code, title, kind, kind, "", "", True, None, code + title + kind)
                for account, (code, title, kind) in self.books.chart.items()
            ]
        if name == "customers":
            return [Party(key, title, "", True, "", None, title) for key, title in self.books.customers.items()]
        return [TrackingOption("opt-north", "North", "cat-region", "Region", True, "1")]

    def _lines(self, rows: Iterable[Any], period: Period) -> Iterator[LedgerLine]:
        by_document = itertools.groupby(rows, key=lambda row: row.document_id)
        for document_id, own in by_document:
            first = next(own)
            lines = {row.ledger_account_id: row.net_amount for row in (first, *own)}
            doc = Doc(document_id, first.kind, first.document_date, lines, first.party_id, first.tracking, first.posts)
            for account, amount, line_id in doc.postings():
                yield LedgerLine(
                    period=str(period), posting_date=first.document_date, ledger_account_id=account, amount=amount,
                    document_amount=amount, currency="GBP", rate=Decimal(1),
                    customer_id=first.party_id if first.kind == "invoice" else "", vendor_id="", tracking=first.tracking,
                    kind=first.kind, record_id=document_id, line_id=line_id, version_hash=first.version_hash,
                )  # fmt: skip


def expected_calls(records: Mapping[str, int]) -> int:
    """One call an entity that is read; the derived one makes its control call."""
    return len(records)


LITTLE = Source(
    system="little",
    title="Little",
    company_id_name="companyId",
    company_id_pattern=".+",
    grant=GrantPolicy("", "", "", ()),
    api_url="",
    api_version="1",
    sunset_on=None,
    limits=(),
    concurrency=1,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula="one an entity",
    expected_calls=expected_calls,
    open_company=lambda session: None,
    discover_companies=lambda http, url, consent: (),
)

ACTUALS: dict[str, Any] = {
    "name": "actuals",
    "from": "ledger_lines",
    "import": "Actuals from Xero",
    "columns": {
        "Entity": "=UK", "Version": "=Actual", "Period": "period", "Account": "ledger_account", "Customer": "customer",
        "Region": "tracking.Region", "Amount": "amount",
    },
    "clear": {
        "Entity": "in_file", "Version": "in_file", "Period": "in_file", "Account": "all", "Customer": "all", "Region": "all",
    },
    "read_back": {
        "view": "Actuals by entity",
        "line_item": "Amount",
        "columns": {
            "Entity": "Entities", "Version": "Versions", "Period": "Time", "Account": "Accounts", "Customer": "Customers",
            "Region": "Regions",
        },
    },
}  # fmt: skip
BALANCES: dict[str, Any] = {
    "name": "balances",
    "from": "ledger_lines",
    "import": "Balances from Xero",
    "columns": {
        "Entity": "=UK",
        "Version": "=Actual",
        "Period": "period",
        "Account": "ledger_account",
        "Amount": "amount",
    },
    "measure": "closing_balance",
    "accounts": "balance_sheet",
    "sign": "debit_positive",
    "clear": {"Entity": "in_file", "Version": "in_file", "Period": "in_file", "Account": "all"},
    "read_back": {
        "view": "Balances by entity",
        "line_item": "Closing Balance",
        "columns": {"Entity": "Entities", "Version": "Versions", "Period": "Time", "Account": "Accounts"},
    },
}
REGISTER: dict[str, Any] = {
    "name": "invoice_register",
    "from": "invoices",
    "import": "Invoices from Xero",
    "columns": {
        "Document": "record_id", "Entity": "=UK", "Customer": "customer", "Number": "number", "Date": "document_date",
        "Due": "due_date", "Status": "status", "Amount": "amount", "Transaction": "transaction_id", "Loaded": "loaded_at",
        "Active": "active",
    },
    "grain": "document",
    "read_back": {"view": "Invoice Register", "line_item": "Amount", "columns": {"Document": "Invoices"}},
}  # fmt: skip
LISTS: list[dict[str, Any]] = [
    {
        "name": "accounts", "from": "ledger_accounts", "import": "Accounts from Xero", "anaplan_list": "Accounts",
        "columns": {"Code": "code", "Name": "name", "Active": "active", "Class": "account_class"},
    },
    {"name": "customers", "from": "customers", "import": "Customers from Xero", "anaplan_list": "Customers"},
]  # fmt: skip


def settings(**changed: Any) -> ConnectionSettings:
    """The settings of a little connection; ``changed`` replaces whole sections."""
    chosen: dict[str, Any] = {
        "version": 1,
        "source": {"system": "little", "company_id": "little", "credential": "little"},
        "anaplan": {
            "workspace": "8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c",
            "model": "B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F",
            "credential": "planning",
        },
        "periods": {"start": "2026-09", "open_months": 3},
        "lists": LISTS,
        "modules": [ACTUALS, BALANCES, REGISTER],
        "mapping": {
            "ledger_account": {"file": "mapping/accounts.csv"},
            "customer": {"prefix": "UK-"},
            "tracking.Region": {"prefix": "UK-"},
        },
    }
    return ConnectionSettings.model_validate({**chosen, **changed})


class LittleConnection(OpenConnection):
    """A real opened connection whose clients are the little books and, where given, a sandbox model."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        books: LittleBooks,
        chosen: ConnectionSettings,
        model: Any = None,
        name: str = "uk",
    ) -> None:
        self.connector: Any = SimpleNamespace(
            store=store, blobs=Blobs(str(folder / "blobs")), locks=Locks(store), limits=None, paths={}
        )
        self.name = name
        self.path = folder / name / "defs.yaml"
        self.settings = chosen
        self.source = LITTLE
        self.books = books
        self.records_read: dict[str, int] = {}
        self._closing = ExitStack()
        self.__dict__["_reader"] = LittleReader(books)
        self.__dict__["_source_http"] = books
        self.__dict__["_model"] = model or NoModel()

    def reader(self) -> LittleReader:
        return self.__dict__["_reader"]

    def map_accounts(self, members: Mapping[str, str] | None = None) -> None:
        """Write the crosswalk of accounts: each to its own code, or as told."""
        from ml_connector_dagster.mapping.crosswalk import CrosswalkRow, write_crosswalk

        chosen = (
            members if members is not None else {account: code for account, (code, _, _) in self.books.chart.items()}
        )
        rows = [CrosswalkRow(account, self.books.chart[account][0], "", member) for account, member in chosen.items()]
        write_crosswalk(self.folder / "mapping" / "accounts.csv", rows)

    def pull(self, period: str, *names: str) -> None:
        """Read these entities of a period, or all of them in their order."""
        from ml_connector_dagster.flows.pull import pull

        for name in names or tuple(entity.name for entity in ENTITIES):
            pull(self, name, period)


class NoModel:
    """A model that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise RequestRejected(f"Anaplan was asked for {name}.", "This test needs no model.", "Look why.")


def little(store: Store, folder: Path, *, model: Any = None, **changed: Any) -> LittleConnection:
    """Open a little connection with two invoices and a bill in October 2026 and one invoice in September."""
    books = LittleBooks()
    books.invoice("inv-1", "2026-10-05", a200="100.00", a260="20.50")
    books.invoice("inv-2", "2026-10-20", a200="40.00").party = "c-2"
    books.bill("bill-1", "2026-10-07", a400="30.25")
    books.invoice("inv-0", "2026-09-15", a200="10.00")
    connection = LittleConnection(store, folder, books, settings(**changed), model)
    connection.map_accounts()
    return connection
