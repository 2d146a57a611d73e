"""What the control routes that the sandboxes have in common make of a company's books: the changes and answers of most kits."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster_tests.sources.in_sandbox import Change, VendorControl

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)


def late(vendor: VendorControl, day: str = "2026-10-12", **body: Any) -> str:
    """Enter a document now, dated then; a bill where nothing else is said. Answers its id."""
    return str(vendor.post("late-document", **{"date": day, "amount": "123.45"} | body)["document"])


def voided(**document: Any) -> Change:
    """Void a document that was just entered."""
    return _changed("void", **document)


def deleted(**document: Any) -> Change:
    """Delete a document that was just entered."""
    return _changed("delete", **document)


def recoded(account: str, **body: Any) -> Change:
    """Put a line on another account; the stamp stays where it was."""

    def change(vendor):
        entered = late(vendor)
        yield
        vendor.post("recode", document=entered, account=account, **body)
        return {OCTOBER}

    return change


def moved(vendor):
    """Move a document into the month before."""
    entered = late(vendor)
    yield
    vendor.post("move-date", document=entered, date="2026-09-21")
    return {SEPTEMBER, OCTOBER}


def entered_late(vendor):
    """Enter a document into a month that was read already."""
    yield
    late(vendor, "2026-09-12")
    return {SEPTEMBER}


def entered_in(currency: str, **document: Any) -> Change:
    """Enter a document in a foreign currency."""

    def change(vendor):
        yield
        late(vendor, currency=currency, **document)
        return {OCTOBER}

    return change


def span_of(period: Period) -> dict[str, str]:
    """The days of a period as the control routes take them."""
    return {"first": str(period.first_on), "last": str(period.last_on)}


def movement_of(answer: Mapping[str, str]) -> dict[str, Decimal]:
    """Amounts by account, zeroes left out."""
    return {account: amount for account, text in answer.items() if (amount := Decimal(text))}


class ControlledBooks:
    """The answers of a kit whose sandbox has the common routes; a kit overrides what its vendor does otherwise."""

    system: ClassVar[str]
    months = (SEPTEMBER, OCTOBER)
    company: ClassVar[Mapping[str, str]] = {}

    def ledger(self, vendor: VendorControl, period: Period) -> Mapping[str, Decimal]:
        return movement_of(vendor.get("ledger", **span_of(period))["movement"])

    def plant_cent(self, vendor: VendorControl, period: Period, **account: str) -> str:
        return str(vendor.post("plant", date=str(period.first_on), amount="0.01", **account)["account"])

    def merge(self, vendor: VendorControl) -> tuple[str, str, str]:
        loser, survivor = vendor.get("parties")["customers"][:2]
        vendor.post("merge", loser=loser, survivor=survivor)
        return "customers", loser, survivor

    def small_pages(self, monkeypatch: pytest.MonkeyPatch, entity: Entity) -> Entity:
        monkeypatch.setattr(f"ml_connector_dagster.sources.{self.system}.client.PAGE_SIZE", 10)
        return entity

    def hide(self, vendor: VendorControl, record_id: str, *, hidden: bool) -> None:
        vendor.post("hide", document=record_id, hidden=hidden)

    def damaged(self, vendor: VendorControl, document: str, **body: Any) -> Callable[[], None]:
        """Spoil a record on the wire; answers what repairs it."""
        vendor.post("damage", document=document, **body)
        return lambda: _nothing(vendor.post("damage", document=document, **(body | {"fields": {}})))

    def set_for_now(
        self, vendor: VendorControl, now: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Callable[[], None]:
        """Change the vendor's settings; answers what sets them back."""
        vendor.post("settings", **now)
        return lambda: _nothing(vendor.post("settings", **after))


def _changed(act: str, **document: Any) -> Change:
    def change(vendor):
        entered = late(vendor, **document)
        yield
        vendor.post(act, document=entered)
        return {OCTOBER}

    return change


def _nothing(_answer: object) -> None:
    """Let an answer go."""
