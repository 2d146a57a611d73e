"""Xero as a whole: its tenants, its identity service, its limits, and what an operator may set about them."""

from collections import Counter
from typing import TYPE_CHECKING

from ml_connector_dagster.sandbox.books import firm
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.xero.bulk import BulkInvoices
from ml_connector_dagster.sandbox.xero.idempotency import IdempotencyCache
from ml_connector_dagster.sandbox.xero.limits import Limits
from ml_connector_dagster.sandbox.xero.oauth import Identity
from ml_connector_dagster.sandbox.xero.shelves import Shelves
from ml_connector_dagster.sandbox.xero.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping


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

    def tenant(self, tenant_id: str) -> Tenant:
        """The organisation; KeyError for an unknown one."""
        with self.world.lock:
            if not self._tenants:
                self._generate()
            return self._tenants[tenant_id.lower()]

    def tenants(self) -> "Mapping[str, Tenant]":
        """All organisations by id."""
        with self.world.lock:
            if not self._tenants:
                self._generate()
            return self._tenants

    def shelves(self, tenant: Tenant) -> Shelves:
        """The rendered records of a tenant."""
        return self._shelves.setdefault(tenant.tenant_id, Shelves(tenant))

    def choose_tier(self, tier: str) -> None:
        """Put the app on another commercial tier: starter, core, plus or advanced."""
        self.limits.choose_tier(tier)
        self.tier = tier

    def _generate(self) -> None:
        today = self.world.clock.today()
        market = firm.market(self.world.seed, today)
        for profile in firm.PROFILES:
            tenant = Tenant(profile, market, self.world.seed, today, self.world.clock.now_ms)
            self._tenants[tenant.tenant_id] = tenant
