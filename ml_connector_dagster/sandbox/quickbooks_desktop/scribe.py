"""What the bookkeepers of Brackenridge share: dice, business days, times of entry, lines."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Named, Txn


class Scribe:
    """Enters transactions up to today, each a little after its day and in business hours."""

    def __init__(self, company: Company, seed: int, today: date) -> None:
        self.company = company
        self.today = today
        self.dice = random.Random(f"brackenridge:{seed}")
        self.by_class = {company.full_name(list_id): list_id for list_id in company.lists["Class"]}

    def day(self, month: date, first: int, last: int) -> date:
        """A day of the month, between two of its days."""
        return month.replace(day=self.dice.randint(first, last))

    def entered_at(self, day: date, days_later: int = 0) -> datetime:
        """When somebody typed it in: never after the books' last day."""
        on = min(day + timedelta(days=days_later), self.today)
        at = time(8 + self.dice.randrange(9), self.dice.randrange(60), self.dice.randrange(60))
        return min(datetime.combine(on, at), self.company.now())

    def line(self, amount: int, at: datetime, account: str = "", tag: str = "", **more: Any) -> Line:
        """A line on an account by number and a class by full name."""
        account_id = self.company.account(account) if account else ""
        class_id = self.by_class[tag] if tag else ""
        return self.company.new_line(amount, at, account_id=account_id, class_id=class_id, **more)

    def enter(self, kind: str, day: date, at: datetime, lines: Sequence[Line], **more: Any) -> Txn | None:
        """Enter it, unless its day is still to come."""
        return self.company.enter(kind, day, lines, at=at, **more) if day <= self.today else None

    def vendor(self, start: str) -> Named:
        """The vendor whose name starts so."""
        return next(one for one in self.company.lists["Vendor"].values() if one.name.startswith(start))
