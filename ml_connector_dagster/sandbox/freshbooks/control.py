"""/_control/freshbooks: change the books behind the client's back, set FreshBooks itself, ask the ledger for the truth.

Bodies and answers are JSON; ids are FreshBooks' own, as texts; amounts are texts like "12.34"; days are ISO.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.control import vendor_routes
from ml_connector_dagster.sandbox.freshbooks import feed
from ml_connector_dagster.sandbox.freshbooks.book_acts import BOOK_ACTS, Act, Json
from ml_connector_dagster.sandbox.freshbooks.cloud import PLANS, FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.records import DELETED


def control_routes(cloud: FreshBooksCloud) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    return vendor_routes(cloud, _ACTS, _QUESTIONS)


def _settings(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """What belongs to FreshBooks and not to one business.

    {"reads"?: 600, "writes"?: 250, "burst"?: next calls to refuse, "plan"?: "lite" | "plus" | "premium",
    "withheld"?: ["user:reports:read"], "denies_consent"?, "old_access_dies"?, "created_at_lag_seconds"?,
    "errors_with_200"?, "forget_calls"?}
    """
    unknown = set(body) - _SETTINGS
    if unknown:
        raise ValueError(f"There is no setting {sorted(unknown)}; there are {sorted(_SETTINGS)}.")
    for name in ("reads", "writes", "burst"):
        setattr(cloud.limits, name, int(body.get(name, getattr(cloud.limits, name))))
    plan = str(body.get("plan", cloud.plan))
    if plan not in PLANS:
        raise ValueError(f"There is no plan {plan}; there are {sorted(PLANS)}.")
    cloud.plan = plan
    cloud.withheld = frozenset(body.get("withheld", cloud.withheld))
    cloud.errors_with_200 = bool(body.get("errors_with_200", cloud.errors_with_200))
    tokens = cloud.tokens
    tokens.denies = bool(body.get("denies_consent", tokens.denies))
    tokens.old_access_dies = bool(body.get("old_access_dies", tokens.old_access_dies))
    tokens.created_at_lag_seconds = int(body.get("created_at_lag_seconds", tokens.created_at_lag_seconds))
    if body.get("forget_calls"):
        cloud.limits.forget()
        cloud.calls.clear()
    return {"plan": cloud.plan, "reads": cloud.limits.reads, "withheld": sorted(cloud.withheld)}


_SETTINGS = frozenset(
    {
        *("reads", "writes", "burst", "plan", "withheld", "errors_with_200", "forget_calls"),
        *("denies_consent", "old_access_dies", "created_at_lag_seconds"),
    }
)


def _announce(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"event", "record"}: prepare an event, even of a record that does not exist."""
    cloud.callbacks.announce(cloud.agency.account_id, str(body["event"]), int(body["record"]))
    return {}


def _deliver(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"twice"?, "backwards"?}: send what waits; the answers."""
    twice, backwards = bool(body.get("twice")), bool(body.get("backwards"))
    return {"answers": cloud.callbacks.deliver(twice=twice, backwards=backwards)}


def _ledger(cloud: FreshBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=&currency=USD: what the feed shows, by uuid of the ledger account, debit positive; and every currency's."""
    company = cloud.agency
    moved: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for _entry, line, currency in feed.rows(company, *_span(query)):
        moved[currency][line.account_id] += line.amount
    shown = {
        currency: {account: text(cents) for account, cents in found.items() if cents}
        for currency, found in moved.items()
    }
    return {"movement": shown.get(str(query.get("currency", company.currency)), {}), "by_currency": shown}


def _parties(cloud: FreshBooksCloud, _query: Mapping[str, Any]) -> Json:
    """The ids of those that are not deleted."""
    company = cloud.agency
    return {
        "customers": [str(one.client_id) for one in company.clients.values() if one.vis_state != DELETED],
        "vendors": [str(one.vendor_id) for one in company.vendors.values() if one.vis_state != DELETED],
    }


def _documents(cloud: FreshBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: ids by kind of what is dated in the span and not deleted."""
    first, last = _span(query)
    found: dict[str, list[str]] = defaultdict(list)
    for one in cloud.agency.documents.values():
        if first <= one.day <= last and one.vis_state != DELETED and not one.hidden:
            found[one.kind].append(str(one.doc_id))
    return dict(found)


def _details(cloud: FreshBooksCloud, query: Mapping[str, Any]) -> Json:
    """?document=: the ids of its rows in the feed."""
    wanted = str(query["document"])
    company = cloud.agency
    standing = [one for ledger in company.books.values() for one in ledger.standing(wanted)]
    return {"details": [line.line_id for entry in standing for line in entry.lines]}


def _calls(cloud: FreshBooksCloud, _query: Mapping[str, Any]) -> Json:
    return {"calls": dict(cloud.calls)}


def _span(query: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))


_ACTS: dict[str, Act] = BOOK_ACTS | {"settings": _settings, "announce": _announce, "webhooks-deliver": _deliver}
_QUESTIONS: dict[str, Act] = {
    "ledger": _ledger,
    "parties": _parties,
    "documents": _documents,
    "details": _details,
    "calls": _calls,
}
