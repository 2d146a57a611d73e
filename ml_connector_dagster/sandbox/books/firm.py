"""The demonstration firm: 200 people, two trading entities, three years of books up to today, from one seed."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books import chart, parties
from ml_connector_dagster.sandbox.books.buying import Buying
from ml_connector_dagster.sandbox.books.closing import Closing
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.books.records import Company, Document
from ml_connector_dagster.sandbox.books.scribe import PROFILES_BY_KEY, FirmProfile, Scribe, next_month
from ml_connector_dagster.sandbox.books.selling import Selling

PROFILES = tuple(PROFILES_BY_KEY.values())
YEARS = 3


def first_month(today: date) -> date:
    """The month the books begin: three years before the current one."""
    return date(today.year - YEARS, today.month, 1)


def market(seed: int, today: date) -> Market:
    """The exchange rates both entities trade at."""
    return Market(seed, first_month(today) - timedelta(days=1), today)


def generate(seed: int, profile: FirmProfile, rates: Market, today: date) -> Company:
    """Write the whole firm. The same seed and day give the same books, to the last id and stamp."""
    first = first_month(today)
    scribe = Scribe(seed, profile, rates, first, today)
    _open(scribe)
    standard_out, standard_in, reduced_in, zero_out, exempt_in, _ = (
        rate.tax_type for rate in chart.tax_rates(profile.country)
    )
    selling = Selling(scribe, standard_out, zero_out)
    buying = Buying(scribe, (standard_in, reduced_in, exempt_in))
    closing = Closing(scribe, standard_in)
    month = first
    while month <= today:
        selling.month(month)
        buying.month(month)
        closing.month(month)
        month = next_month(month)
    _oddities(scribe)
    return scribe.company


def _open(scribe: Scribe) -> None:
    company, profile = scribe.company, scribe.profile
    began_ms = scribe.stamp(scribe.first)
    company.tax_rates = {rate.tax_type: rate for rate in chart.tax_rates(profile.country)}
    for account in chart.accounts(profile.tenant_id, profile.country, began_ms):
        company.accounts[account.account_id] = account
    company.categories = parties.tracking(profile.tenant_id, profile.country)
    regions = [option.option_id for option in company.categories[0].options]
    found = parties.contacts(
        profile.tenant_id, base=profile.base, foreign=profile.foreign, regions=regions, count=profile.contacts
    )
    for contact in found:
        contact.updated_ms = began_ms
        company.contacts[contact.contact_id] = contact


def _oddities(scribe: Scribe) -> None:
    """Typing errors that real books hold: a due date in 1926, a draft dated in 1970, a draft without account."""
    contact = next(iter(scribe.company.contacts.values()))
    for number, (day, due_on, status) in enumerate(
        (
            (scribe.first + timedelta(days=40), date(1926, 3, 14), "AUTHORISED"),
            (date(1970, 1, 1), date(1970, 1, 31), "DRAFT"),
            (date(1926, 4, 2), None, "DELETED"),
            (scribe.today, scribe.today + timedelta(days=30), "SUBMITTED"),
        )
    ):
        line = scribe.line("429", 12_345 + number, "NONE", "Mistyped date", (), inclusive=False)
        if status == "DRAFT":
            line.account_id, line.tax_type = "", ""
        scribe.keep(
            Document(
                kind="Invoices",
                doc_id=scribe.new_id(),
                type="ACCPAY",
                number=f"ODD-{number}",
                contact_id=contact.contact_id,
                day=day,
                due_on=due_on,
                status=status,
                lines=[line],
                currency=scribe.profile.base,
                created_ms=scribe.stamp(scribe.first + timedelta(days=41)),
            )
        )
