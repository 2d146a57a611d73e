"""xero-python, Xero's own SDK, reads and writes the sandbox: an independent reader, never our client alone."""

import time
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from ml_connector_dagster.sandbox.books.scribe import IRELAND

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
TENANT = IRELAND.tenant_id


@contextmanager
def official(xero, token):
    """The SDK pointed at the sandbox: class attributes for the token addresses, no retries of its own."""
    import urllib3
    from xero_python.accounting import AccountingApi
    from xero_python.api_client import ApiClient
    from xero_python.api_client.configuration import Configuration
    from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
    from xero_python.identity import IdentityApi

    address = xero.running.base_url + "/xero"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TokenApi, "refresh_token_url", f"{address}/connect/token")
        patched.setattr(TokenApi, "revoke_token_url", f"{address}/connect/revocation")
        client = ApiClient(
            Configuration(
                oauth2_token=OAuth2Token(client_id="sandbox-xero-client", client_secret="sandbox-xero-secret")
            ),
            pool_threads=1,
            oauth2_token_getter=lambda: token,
            oauth2_token_saver=token.update,
        )
        retries = urllib3.Retry(0, redirect=0, raise_on_status=False, respect_retry_after_header=False)
        client.rest_client.pool_manager.connection_pool_kw["retries"] = retries
        yield AccountingApi(client, base_url=f"{address}/api.xro/2.0"), IdentityApi(client, base_url=address)
        client.rest_client.pool_manager.clear()


@pytest.fixture
def sdk(xero):
    with official(xero, expired(xero)) as found:
        yield found


def expired(xero):
    """A token whose time is over, so that the SDK refreshes at once."""
    return {
        "access_token": xero.token["access_token"],
        "refresh_token": xero.token["refresh_token"],
        "expires_in": 1800,
        "expires_at": 0,
        "token_type": "Bearer",
        "scope": xero.token["scope"].split(),
        "id_token": None,
    }


def test_the_sdk_refreshes_keeps_the_rotated_token_and_sees_both_organisations(xero):
    token = expired(xero)
    before = token["refresh_token"]
    with official(xero, token) as (_, identity):
        found = identity.get_connections()
    assert {connection.tenant_name for connection in found} == {"Calder & Finch Ltd", "Calder & Finch Ireland Ltd"}
    assert token["refresh_token"] != before
    assert token["expires_at"] > time.time()


def test_the_sdk_reads_every_kind_of_record(sdk):
    accounting, _ = sdk
    assert accounting.get_organisations(TENANT).organisations[0].name == "Calder & Finch Ireland Ltd"
    statuses = {account.status for account in accounting.get_accounts(TENANT).accounts}
    assert statuses == {"ACTIVE", "ARCHIVED"}
    assert accounting.get_contacts(TENANT, page=1, include_archived=True).contacts
    assert accounting.get_tracking_categories(TENANT, include_archived=True).tracking_categories[0].options
    assert accounting.get_credit_notes(TENANT, page=1).credit_notes[0].line_items
    assert accounting.get_payments(TENANT, page=1).payments[0].invoice.invoice_id
    assert accounting.get_prepayments(TENANT, page=1).prepayments[0].allocations
    assert accounting.get_overpayments(TENANT, page=1).overpayments
    assert accounting.get_bank_transactions(TENANT, page=1).bank_transactions[0].bank_account.account_id
    assert accounting.get_bank_transfers(TENANT).bank_transfers[0].amount
    assert accounting.get_manual_journals(TENANT, page=1).manual_journals[0].journal_lines
    assert accounting.get_tax_rates(TENANT).tax_rates
    assert accounting.get_currencies(TENANT).currencies


def test_the_sdk_pages_filters_and_asks_for_deltas(sdk):
    accounting, _ = sdk
    found = accounting.get_invoices(
        TENANT,
        if_modified_since=datetime(2026, 1, 1, tzinfo=UTC),
        where="Date>=DateTime(2026,09,01) AND Date<DateTime(2026,10,01)",
        statuses=["AUTHORISED", "PAID"],
        page=1,
        page_size=500,
    )
    assert found.pagination.page_size == 500
    assert len(found.invoices) == found.pagination.item_count
    assert {invoice.status for invoice in found.invoices} == {"AUTHORISED", "PAID"}
    assert all(invoice.date.month == 9 and invoice.line_items for invoice in found.invoices)
    summary = accounting.get_invoices(TENANT, page=1, summary_only=True)
    assert all(not invoice.line_items for invoice in summary.invoices)


def test_the_sdk_reads_reports(sdk):
    accounting, _ = sdk
    report = accounting.get_report_trial_balance(TENANT, date=date(2026, 10, 31)).reports[0]
    assert report.report_titles[1] == "Calder & Finch Ireland Ltd"
    profit = accounting.get_report_profit_and_loss(TENANT, from_date=date(2026, 9, 1), to_date=date(2026, 9, 30))
    assert profit.reports[0].rows[0].row_type.value == "Header"


def test_the_sdk_writes_a_manual_journal_and_finds_it_again(sdk):
    from xero_python.accounting import ManualJournal, ManualJournalLine, ManualJournals

    accounting, _ = sdk
    lines = [
        ManualJournalLine(line_amount=10.0, account_code="400", description="Plan"),
        ManualJournalLine(line_amount=-10.0, account_code="429", description="Plan"),
    ]
    draft = ManualJournal(narration="From the SDK", journal_lines=lines, date=date(2026, 11, 20))
    written = accounting.create_manual_journals(TENANT, ManualJournals(manual_journals=[draft]), summarize_errors=False)
    journal_id = written.manual_journals[0].manual_journal_id
    found = accounting.get_manual_journal(TENANT, journal_id).manual_journals[0]
    assert (found.narration, found.date) == ("From the SDK", date(2026, 11, 20))


def test_the_sdk_pages_through_every_invoice_once(sdk):
    accounting, _ = sdk
    asked = {"where": "Date>=DateTime(2026,07,01) AND Date<DateTime(2026,10,01)", "page_size": 20}
    first = accounting.get_invoices(TENANT, page=1, **asked)
    pages = [
        first,
        *(accounting.get_invoices(TENANT, page=n, **asked) for n in range(2, first.pagination.page_count + 1)),
    ]
    ids = [invoice.invoice_id for page in pages for invoice in page.invoices]
    assert len(pages) > 2
    assert len(set(ids)) == len(ids) == first.pagination.item_count


def test_the_sdk_voids_a_posted_manual_journal_and_deletes_a_draft(sdk):
    from xero_python.accounting import ManualJournal, ManualJournalLine, ManualJournals

    accounting, _ = sdk
    lines = [ManualJournalLine(line_amount=sign * 5.0, account_code=code) for sign, code in ((1, "400"), (-1, "429"))]
    for status, end in (("POSTED", "VOIDED"), ("DRAFT", "DELETED")):
        made = ManualJournal(narration="Ends", journal_lines=lines, date=date(2026, 11, 20), status=status)
        written = accounting.create_manual_journals(TENANT, ManualJournals(manual_journals=[made])).manual_journals[0]
        ended = ManualJournals(manual_journals=[ManualJournal(narration="Ends", status=end)])
        accounting.update_manual_journal(TENANT, written.manual_journal_id, ended)
        found = accounting.get_manual_journal(TENANT, written.manual_journal_id).manual_journals[0]
        assert found.status == end
