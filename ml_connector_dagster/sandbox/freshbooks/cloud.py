"""FreshBooks as a whole: its businesses, its token server, its limits, and what an operator may set about them."""

from collections import Counter

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster.sandbox.freshbooks.callbacks import Callbacks
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.limits import Limits
from ml_connector_dagster.sandbox.freshbooks.oauth import TokenServer
from ml_connector_dagster.sandbox.world import World

PLANS = {"lite": frozenset[str](), "plus": frozenset({"bills"}), "premium": frozenset({"bills", "accounting"})}
"""What each plan opens beyond invoices, expenses and the profit and loss: nobody has verified the real gating."""


class FreshBooksCloud:
    """One FreshBooks in one world: `world.part(FreshBooksCloud)`. Books are generated when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = TokenServer(world.clock)
        self.limits = Limits(world.clock)
        self.callbacks = Callbacks(world.clock)
        self.plan = "premium"
        self.withheld: frozenset[str] = frozenset()
        """Scopes that tokens lack, whatever was consented to."""
        self.errors_with_200 = False
        self.calls: Counter[str] = Counter()
        """Calls by method and resource, refused ones too."""
        self._companies: dict[str, Company] = {}

    @property
    def agency(self) -> Company:
        """Lantern & Loom: the company that control routes mean."""
        return self.company(firm.ACCOUNT_ID)

    def company(self, account_id: str) -> Company:
        """The business with this account_id; KeyError where the person is no member of any such."""
        with self.world.lock:
            if account_id not in self._companies:
                self._companies[account_id] = self._generate(account_id)
            return self._companies[account_id]

    def allows(self, feature: str) -> bool:
        """Whether the plan opens bills or accounting."""
        return feature in PLANS[self.plan]

    def _generate(self, account_id: str) -> Company:
        today = self.world.clock.today()
        if account_id == firm.ACCOUNT_ID:
            return firm.agency(self.world.seed, today)
        if account_id == firm.SIDE_ACCOUNT_ID:
            return firm.side_business(today)
        raise KeyError(account_id)
