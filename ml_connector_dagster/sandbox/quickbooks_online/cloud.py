"""QuickBooks as a whole: the company, Intuit's identity service, the limits, and what an operator may set about them."""

from collections import Counter

from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.limits import Limits
from ml_connector_dagster.sandbox.quickbooks_online.oauth import Identity
from ml_connector_dagster.sandbox.quickbooks_online.webhooks import Webhooks
from ml_connector_dagster.sandbox.quickbooks_online.wire import Wire
from ml_connector_dagster.sandbox.world import World


class QuickBooksCloud:
    """One QuickBooks in one world: `world.part(QuickBooksCloud)`. Books are generated when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits(world.clock)
        self.identity = Identity(world.clock)
        self.webhooks = Webhooks(world.clock)
        self.calls: Counter[str] = Counter()
        """Calls by kind, refused ones too: query Invoice, cdc, report TrialBalance, read invoice."""
        self.refuses = ""
        """A fault code that every call gets: 120, 130, 140, 150, 3100, 5020 or 6190; empty for none."""
        self.may_report = True
        self.writes = False
        self.report_cells = 400_000
        self.cdc_objects = 1_000
        self.cdc_cuts = False
        """Older than 30 days: False refuses, True answers the last 30 days and says nothing."""
        self.gateway_timeouts = 0
        self.empty_reports = 0
        self.faults_inside = 0
        self.book_close_date = ""
        self.company = Company(world.seed, world.clock.today(), lambda: int(world.clock.now().timestamp()))
        self.company.listeners.append(self.webhooks.note)
        self.wire = Wire(self.company)
