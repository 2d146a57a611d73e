"""python-quickbooks and intuit-oauth read the sandbox: independent readers, never our client alone."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID
from ml_connector_dagster.sandbox.quickbooks_online.notation import stamp
from ml_connector_dagster.sandbox.quickbooks_online.records import TXN_ENTITIES
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import CLIENT, OCTOBER, REDIRECT, trial_balance

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ENTITIES = (
    *TXN_ENTITIES,
    *("Account", "Vendor", "Customer", "Employee", "Item", "Department", "Term", "TaxCode", "TaxRate"),
)


@pytest.fixture
def auth(changing, monkeypatch):
    """Intuit's own OAuth client, pointed at the sandbox's discovery document."""
    from intuitlib.client import AuthClient

    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    discovery = f"{changing.running.base_url}/quickbooks_online/.well-known/openid_sandbox_configuration/"
    return AuthClient(*CLIENT, REDIRECT, discovery, realm_id=REALM_ID)


@pytest.fixture
def sdk(changing, auth):
    from quickbooks import QuickBooks

    address = f"{changing.running.base_url}/quickbooks_online/v3"

    class Local(QuickBooks):
        api_url_v3 = sandbox_api_url_v3 = address

    auth.get_bearer_token(changing.sent_back()["code"], realm_id=REALM_ID)
    return Local(
        auth_client=auth, refresh_token=auth.refresh_token, company_id=REALM_ID, minorversion=75, use_decimal=True
    )


def test_the_oauth_client_consents_refreshes_and_revokes(changing, auth):
    from intuitlib.enums import Scopes
    from intuitlib.exceptions import AuthClientError

    address = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s9")
    redirect = changing.http.get(address).headers["location"]
    assert f"realmId={REALM_ID}" in redirect
    auth.get_bearer_token(changing.sent_back()["code"], realm_id=REALM_ID)
    assert (auth.expires_in, auth.x_refresh_token_expires_in) == (3600, 8_726_400)
    before = auth.access_token
    auth.refresh()
    assert auth.access_token != before
    assert auth.revoke(auth.refresh_token) is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 400


def test_the_sdk_reads_every_kind_of_record(sdk):
    from quickbooks import objects

    for name in ENTITIES:
        kind = getattr(objects, name)
        assert kind.filter(max_results=3, qb=sdk), name
        assert kind.count(qb=sdk) > 0, name
    invoice = objects.Invoice.filter(order_by="TxnDate", max_results=1, qb=sdk)[0]
    again = objects.Invoice.get(invoice.Id, qb=sdk)
    assert (again.TotalAmt, again.CustomerRef.value) == (invoice.TotalAmt, invoice.CustomerRef.value)
    assert isinstance(again.Line[0].Amount, Decimal)
    window = "MetaData.LastUpdatedTime >= '2026-09-01T00:00:00-07:00' AND MetaData.LastUpdatedTime < '2026-10-01T00:00:00-07:00'"
    found = objects.Bill.where(window, order_by="MetaData.LastUpdatedTime", start_position=1, max_results=1000, qb=sdk)
    assert len(found) == objects.Bill.count(window, qb=sdk) > 0


def test_the_sdk_sees_changes_and_deletes(changing, sdk):
    from quickbooks.cdc import change_data_capture
    from quickbooks.exceptions import ObjectNotFoundException
    from quickbooks.objects import Bill, Invoice

    moment = changing.running.world.clock.now() - timedelta(seconds=1)
    bill = changing.control("late-document", date="2026-10-07", amount="31.00")["document"]
    gone = changing.control("late-document", date="2026-10-07", amount="32.00")["document"]
    changing.control("delete", document=gone)
    changed = change_data_capture([Invoice, Bill], stamp(int(moment.timestamp())), qb=sdk)
    by_id = {entry.Id: entry for entry in changed.Bill}
    assert by_id[bill].TotalAmt == 31
    assert by_id[gone].status == "Deleted"
    with pytest.raises(ObjectNotFoundException):
        Bill.get(gone, qb=sdk)


def test_the_sdk_reads_reports_and_understands_faults(changing, sdk):
    from quickbooks.exceptions import QuickbooksException, UnsupportedException

    report = sdk.get_report("TrialBalance", OCTOBER)
    assert sum(Decimal(amount) for amount in trial_balance(report).values()) == 0
    assert sdk.get_report("GeneralLedger", OCTOBER)["Columns"]["Column"]
    with pytest.raises(QuickbooksException) as wrong:
        sdk.query("SELECT * FROM Invoice STARTPOSITION 0")
    assert wrong.value.error_code == 4001
    with pytest.raises(UnsupportedException):
        sdk.get_report("CashFlow", OCTOBER)


def test_the_sdk_accepts_the_webhooks_signature(changing, sdk):
    changing.cloud.webhooks.token = "verifier"
    signature = changing.cloud.webhooks.sign(b"[1]")
    assert sdk.validate_webhook_signature("[1]", signature, "verifier")
    assert not sdk.validate_webhook_signature("[2]", signature, "verifier")
