from datetime import UTC, datetime

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FORBIDDEN_PLAN, FakeFreshBooks

LAST_MONTH = Period.of(datetime.now(UTC).date()).previous().first_on
LEDGER, REPORT = "journal_entries (user:journal_entries:read)", "trial balance (user:reports:read)"


def checked(books):
    return {finding.subject: finding for finding in books.open()[0].checks()}


def test_every_permission_holds_on_a_healthy_consent_and_each_id_is_tried():
    found = checked(
        FakeFreshBooks({"invoices": [payloads.invoice(LAST_MONTH)], "journal_entries": payloads.entry(LAST_MONTH)})
    )
    assert [subject for subject, one in found.items() if not one.holds] == []
    assert "Pier Studio as owner" in found["consent reaches the business"].says
    assert found["invoices (user:invoices:read, account_id)"].says == "1 records."
    assert {"business_uuid", "business.id", "account_id"} <= {
        subject.rstrip(")").rpartition(", ")[2] for subject in found
    }
    assert found[LEDGER].says.startswith("2 lines in")
    assert found[REPORT].says.startswith("2 accounts moved")


def test_no_secret_of_the_identity_is_shown():
    assert "not-for-logs" not in " ".join(one.says for one in checked(FakeFreshBooks()).values())


def test_the_stand_in_of_a_plan_is_said_aloud():
    books = FakeFreshBooks()
    books.permit(**{"advanced_accounting.access": False})
    books.instead = {"journal_entry_details": FORBIDDEN_PLAN, "trial_balance": FORBIDDEN_PLAN}
    found = checked(books)
    assert found[LEDGER].holds
    assert "ledger lines are made from documents" in found[LEDGER].says
    assert "ledger lines are made from documents" in found[REPORT].says


def test_a_scope_that_lacks_is_one_finding_with_what_to_do():
    books = FakeFreshBooks()
    books.instead["bills/bills"] = Told({"message": "Requires scope user:bills:read."}, 403)
    (failed,) = [one for one in checked(books).values() if not one.holds]
    assert failed.subject == "bills (user:bills:read, account_id)"
    assert "developer portal" in failed.says


def test_books_in_other_currencies_are_said_aloud():
    books = FakeFreshBooks({"journal_entries": payloads.entry(LAST_MONTH, code="CAD")})
    assert "2 in CAD on the first page" in checked(books)[LEDGER].says


def test_a_business_without_all_its_ids_is_a_finding():
    finding = checked(FakeFreshBooks(business_uuid=None))["consent reaches the business"]
    assert not finding.holds
    assert "uuid none" in finding.says
