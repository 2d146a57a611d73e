"""Xero as a whole: its tenants, its identity service, its limits, and what an operator may set about them."""

from collections import Counter

from ml_connector_dagster.sandbox.books import firm
from ml_connector_dagster.sandbox.books.records import Document
from ml_connector_dagster.sandbox.books.scribe import FirmProfile
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.xero.bulk import BulkInvoices
from ml_connector_dagster.sandbox.xero.idempotency import IdempotencyCache
from ml_connector_dagster.sandbox.xero.limits import Limits
from ml_connector_dagster.sandbox.xero.oauth import Identity
from ml_connector_dagster.sandbox.xero.shelves import Shelves
from ml_connector_dagster.sandbox.xero.tenant import Tenant
from ml_connector_dagster.sandbox.xero.webhooks import Webhooks

_PROFILES = {profile.tenant_id: profile for profile in firm.PROFILES}


class XeroCloud:
    """One Xero in one world: `world.part(XeroCloud)`. Books are generated when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits(world.clock)
        self.identity = Identity(world.clock, [profile.tenant_id for profile in firm.PROFILES])
        self.idempotency = IdempotencyCache(world.clock)
        self.calls: Counter[str] = Counter()
        """Calls by endpoint and tenant, refused ones too."""
        self.tier = "core"
        self.latency_seconds = 0.0
        self.user_may_report = True
        self.organisation_offline = False
        self._tenants: dict[str, Tenant] = {}
        self._shelves: dict[str, Shelves] = {}
        self.bulk: dict[str, BulkInvoices] = {}
        self.webhooks = Webhooks()

    def tenant(self, tenant_id: str) -> Tenant:
        """The organisation, generated when first asked for; KeyError for an unknown one."""
        tenant_id = tenant_id.lower()
        with self.world.lock:
            if tenant_id not in self._tenants:
                self._tenants[tenant_id] = self._generate(_PROFILES[tenant_id])
            return self._tenants[tenant_id]

    def shelves(self, tenant: Tenant) -> Shelves:
        """The rendered records of a tenant."""
        return self._shelves.setdefault(tenant.tenant_id, Shelves(tenant))

    def choose_tier(self, tier: str) -> None:
        """Put the app on another commercial tier: starter, core, plus or advanced."""
        self.limits.choose_tier(tier)
        self.tier = tier

    def _generate(self, profile: FirmProfile) -> Tenant:
        today = self.world.clock.today()
        market = firm.market(self.world.seed, today)
        tenant = Tenant(profile, market, self.world.seed, today, self.world.clock.now_ms)
        tenant.listeners.append(self._note)
        return tenant

    def _note(self, tenant: Tenant, record: Document, created: bool) -> None:  # noqa: FBT001 - a listener's shape
        self.webhooks.note(
            tenant.tenant_id,
            record.kind,
            record.doc_id,
            created=created,
            type_=record.type,
            status=record.status,
        )
