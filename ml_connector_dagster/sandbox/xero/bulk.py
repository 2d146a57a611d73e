"""Hundreds of thousands of invoices that cost next to nothing to serve: a thousand patterns and arithmetic.

Invoice i repeats pattern i mod 1000; only its ids and its number are its own. So filters are judged on the patterns,
a page is arithmetic, and the ledger gets one entry a pattern, multiplied.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from ml_connector_dagster.sandbox.books.ledger import EntryLine
from ml_connector_dagster.sandbox.books.records import Document, Line
from ml_connector_dagster.sandbox.xero.notation import Json
from ml_connector_dagster.sandbox.xero.posting import Posting
from ml_connector_dagster.sandbox.xero.tenant import Tenant
from ml_connector_dagster.sandbox.xero.wire import Wire

PATTERNS = 1_000
_LINES = 3
_CODES = ("200", "210", "220")


@dataclass(frozen=True)
class _Pattern:
    document: Document
    shown: Json
    template: bytes
    head: bytes
    """Without lines, as an unpaged list and a summary show it."""


class BulkInvoices:
    """N sales invoices of three lines, spread over the days of one month, all stamped with one moment."""

    def __init__(self, tenant: Tenant, wire: Wire, count: int, month: date) -> None:
        self.count = count
        self.updated_ms = tenant.stamp()
        self._prefix = uuid.uuid5(uuid.UUID(tenant.tenant_id), f"bulk:{month}:{count}").hex[:16]
        self._stem = f"{self._prefix[:8]}-{self._prefix[8:12]}-{self._prefix[12:]}"
        contacts = [contact.contact_id for contact in tenant.company.contacts.values() if contact.is_customer]
        by_code = {account.code: account.account_id for account in tenant.company.accounts.values()}
        accounts = [by_code[code] for code in _CODES]
        options = [option.option_id for option in tenant.company.categories[0].options]
        tax = next(iter(tenant.company.tax_rates))
        self._patterns = [
            self._pattern(wire, self._document(number, month, contacts, accounts, options, tax, tenant))
            for number in range(min(count, PATTERNS))
        ]
        self._rules = tenant.rules
        self._post(tenant)

    def matching(self, test: Callable[[Json], bool]) -> list[int]:
        """Which patterns pass the test."""
        return [number for number, pattern in enumerate(self._patterns) if test(pattern.shown)]

    def size(self, matched: Sequence[int]) -> int:
        """How many invoices follow the matched patterns."""
        whole, rest = divmod(self.count, PATTERNS)
        return whole * len(matched) + sum(1 for number in matched if number < rest)

    def encoded(self, matched: Sequence[int], first: int, last: int, *, heads: bool = False) -> list[bytes]:
        """The matched invoices from first up to last (not included), rendered; heads without their lines."""
        width = len(matched)
        found = []
        for position in range(first, min(last, self.size(matched))):
            block, place = divmod(position, width)
            pattern, index = self._patterns[matched[place]], block * PATTERNS + matched[place]
            found.append(self._head(pattern.head, index) if heads else self._render(pattern.template, index))
        return found

    def render(self, record_id: str) -> bytes | None:
        """One invoice by its id; None where the id is not one of these."""
        index = self.index(record_id)
        return None if index is None else self._render(self._patterns[index % PATTERNS].template, index)

    def index(self, record_id: str) -> int | None:
        """The invoice's place; None where the id is not one of these."""
        plain = record_id.lower().replace("-", "")
        if not plain.startswith(self._prefix) or len(plain) != 32:
            return None
        index = int(plain[16:], 16)
        return index if index < self.count else None

    def posting(self, index: int) -> Posting:
        """What one of these invoices posts."""
        posting = self._rules.document(self._patterns[index % PATTERNS].document)
        assert posting is not None
        return posting

    def _render(self, template: bytes, index: int) -> bytes:
        lines = tuple(f"{self._stem}-{line + 1:04x}-{index:012x}".encode() for line in range(_LINES))
        return template % (self._id(index), *lines, index)

    def _head(self, template: bytes, index: int) -> bytes:
        return template % (self._id(index), index)

    def _id(self, index: int) -> bytes:
        return f"{self._stem}-{index >> 48:04x}-{index & 0xFFFFFFFFFFFF:012x}".encode()

    def _document(
        self,
        number: int,
        month: date,
        contacts: list[str],
        accounts: list[str],
        options: list[str],
        tax: str,
        tenant: Tenant,
    ) -> Document:
        points = tenant.company.tax_rates[tax].basis_points
        lines = []
        for line in range(_LINES):
            amount = 10_000 + (number * 37 + line * 1_113) % 90_000
            taxed = (amount * points + 5_000) // 10_000
            tracking = (options[number % len(options)],)
            lines.append(Line(f"@line{line}@", accounts[line], "Bulk consulting", amount, tax, taxed, tracking))
        return Document(
            kind="Invoices",
            doc_id="00000000-0000-4000-8000-000000000000",
            type="ACCREC",
            number="@number@",
            contact_id=contacts[number % len(contacts)],
            day=month.replace(day=number % 28 + 1),
            due_on=month.replace(day=28),
            status="AUTHORISED",
            lines=lines,
            currency=tenant.profile.base,
            created_ms=self.updated_ms,
            updated_ms=self.updated_ms,
        )

    def _pattern(self, wire: Wire, document: Document) -> _Pattern:
        shown = wire.invoice(document, full=False)
        return _Pattern(document, shown, self._template(shown), self._template(shown | {"LineItems": []}))

    @staticmethod
    def _template(shown: Json) -> bytes:
        encoded = msgspec.json.encode(shown).replace(b"%", b"%%")
        encoded = encoded.replace(b'"InvoiceID":"' + str(shown["InvoiceID"]).encode(), b'"InvoiceID":"%b')
        for line in range(_LINES):
            encoded = encoded.replace(f"@line{line}@".encode(), b"%b")
        return encoded.replace(b"@number@", b"BULK-%07d")

    def _post(self, tenant: Tenant) -> None:
        for number in range(len(self._patterns)):
            posting = self.posting(number)
            times = self.size([number])
            lines = [
                EntryLine(line.account_id, line.amount * times, line.document_amount * times, "", line.tracking)
                for line in posting.lines
            ]
            source_id = f"{self._prefix}-{number}"
            tenant.ledger.post(posting.posted_on, "ACCREC", source_id, lines, created_ms=self.updated_ms)
