"""Zoho Books as a whole: its accounts server, its one company, its limits, and what an operator may set about them."""

from collections import Counter
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.zoho_books.answers import Json
from ml_connector_dagster.sandbox.zoho_books.company import ZONE, Company
from ml_connector_dagster.sandbox.zoho_books.generate import generate
from ml_connector_dagster.sandbox.zoho_books.limits import Limits
from ml_connector_dagster.sandbox.zoho_books.oauth import Accounts
from ml_connector_dagster.sandbox.zoho_books.records import Doc
from ml_connector_dagster.sandbox.zoho_books.shelves import Shelf
from ml_connector_dagster.sandbox.zoho_books.webhooks import Webhooks


@dataclass
class Settings:
    """What a test may set; the defaults are what the reference page holds likely."""

    plan: str = "Professional"
    reports: bool = True
    collapse_rows: bool = True
    vendor_credits_key: str = "vendorcredits"
    fiscal_year_start_month: object = "april"
    language: str = "en"
    latency_seconds: float = 0.0
    forbidden: set[str] = field(default_factory=set)
    """Modules of the scope that the user may no longer read, whatever was granted."""
    drifting: set[str] = field(default_factory=set)
    """Lists into which a record is entered right after their next first page was answered."""
    failing_with_200: dict[str, int] = field(default_factory=dict)
    """Path to the code that its next answer carries, with HTTP 200."""


class ZohoCloud:
    """One Zoho in one world: `world.part(ZohoCloud)`. The books are generated when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts = Accounts(world.clock)
        self.limits = Limits(world.clock, ZONE)
        self.settings = Settings()
        self.webhooks = Webhooks()
        self.calls: Counter[str] = Counter()
        """Admitted calls by method and path, ids left out."""
        self._company: Company | None = None
        self._rows: dict[str, tuple[tuple[object, ...], list[Json]]] = {}

    @property
    def company(self) -> Company:
        """The books."""
        with self.world.lock:
            if self._company is None:
                self._company = generate(self.world.seed, self.world.clock.today(), self.world.clock.now_ms)
                self._company.listeners.append(self._note)
            return self._company

    def rows(self, shelf: Shelf) -> list[Json]:
        """All list rows of a shelf of records, hidden ones left out; made anew only after a change."""
        company, today = self.company, self.world.clock.today()
        state = (company.version, today)
        held = self._rows.get(shelf.kind)
        if held is None or held[0] != state:
            shown = [shelf.row(company, doc, today) for doc in company.of_kind(shelf.kind) if not doc.hidden]
            held = self._rows[shelf.kind] = (state, shown)
        return held[1]

    def _note(self, doc: Doc, verb: str) -> None:
        self.webhooks.note(doc, verb)
