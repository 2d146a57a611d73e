from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import CredentialRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.freshbooks.source import SOURCE, discover_companies
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import API, FORBIDDEN_PLAN, FakeFreshBooks
from ml_connector_dagster_tests.sources.freshbooks.read import DAY, OCTOBER, lines, pulled, read

SEPTEMBER = OCTOBER.previous()


def test_the_company_is_the_membership_that_is_configured():
    company, http = FakeFreshBooks().open()
    found = company.company()
    assert found == company.company()
    assert (found.company_id, found.name, found.base_currency) == (payloads.ACCOUNT, "Pier Studio", "USD")
    assert (found.time_zone, found.fiscal_year_end_month) == ("America/New_York", 12)
    assert http.calls == 2


def test_each_family_of_paths_carries_its_own_id():
    company, http = FakeFreshBooks().open()
    for name in ("ledger_accounts", "tracking", "vendors"):
        read(company, name)
    assert [one.path for one in http.asked[1:]] == [
        f"/accounting/businesses/{payloads.UUID}/ledger_accounts/accounts",
        f"/projects/business/{payloads.BUSINESS}/projects",
        f"/accounting/account/{payloads.ACCOUNT}/bill_vendors/bill_vendors",
    ]


def test_a_consent_for_another_business_names_those_it_reaches():
    """An account where the person is merely a client is never chosen."""
    company, _ = FakeFreshBooks(account_id="Other1").open()
    with pytest.raises(RequestRejected, match=r"Pier Studio \(Other1\)") as refused:
        company.company()
    assert "Qq77Qq" not in str(refused.value)


def test_a_membership_without_account_is_left_out():
    company, _ = FakeFreshBooks(account_id=None).open()
    with pytest.raises(RequestRejected, match=r"It reaches: Attic \(Zz99Zz\)\."):
        company.company()


def test_discovery_answers_businesses_by_name_and_leaves_a_currency_open_that_is_refused():
    books = FakeFreshBooks()
    books.instead["/accounting/account/Zz99Zz"] = FORBIDDEN_PLAN
    found = discover_companies(books.open()[1], API, {})
    assert [(one.company_id, one.name, one.base_currency) for one in found] == [
        ("Zz99Zz", "Attic", ""),
        (payloads.ACCOUNT, "Pier Studio", "USD"),
    ]


def test_lists_ask_for_lines_dates_and_the_largest_page():
    company, http = FakeFreshBooks().open()
    read(company, "invoices")
    assert http.asked[-1].params == {
        "search[date_min]": "2026-10-01",
        "search[date_max]": "2026-10-31",
        "include[]": "lines",
        "page": "1",
        "per_page": "100",
    }


def test_a_filter_that_is_ignored_is_counted_and_its_records_are_dropped():
    records = [payloads.invoice(DAY), payloads.invoice("2026-09-30"), payloads.invoice("2026-11-01")]
    books = FakeFreshBooks({"invoices": records})
    books.ignores.add("invoices")
    (page,) = books.open()[0].read(SOURCE.entity("invoices"), OCTOBER)
    assert [row.document_date for row in page.rows] == [date(2026, 10, 15)]
    assert (page.read, page.unknown_fields["FilterIgnored invoices"]) == (1, 2)


def test_a_list_without_a_date_filter_is_read_whole_and_keeps_what_holds_the_period():
    records = [payloads.bill("2026-09-30") for _ in range(150)] + [payloads.bill(DAY)]
    company, http = FakeFreshBooks({"bills": records}).open()
    pages = list(company.read(SOURCE.entity("bills"), OCTOBER))
    assert [len(page.rows) for page in pages] == [0, 1]
    assert "FilterIgnored bills" not in pages[1].unknown_fields
    assert http.calls == 3 + 2


def test_an_unknown_field_is_drift():
    company, _ = FakeFreshBooks({"bills": [payloads.bill(DAY, emoji="x")]}).open()
    (page,) = company.read(SOURCE.entity("bills"), OCTOBER)
    assert page.unknown_fields == {"bills.emoji": 1}


def test_a_list_that_moves_while_it_is_paged_is_read_again():
    """An insert on the first page pushes a record over the edge; one that leaves pulls another back unseen."""
    records = [payloads.payment(DAY) for _ in range(150)]
    books = FakeFreshBooks({"payments": records})
    gone = []

    def leave(entity, number):
        if entity == "payments" and number == 2 and not gone:
            gone.append(records.pop(0))

    books.before_page = leave
    rows, _ = read(books.open()[0], "payments")
    assert {one["id"] for one in records} <= {row.document_id for row in rows}
    assert len({row.document_id for row in rows}) == 150


def test_a_list_that_never_rests_is_no_answer():
    records = [payloads.payment(DAY) for _ in range(150)]
    books = FakeFreshBooks({"payments": records})
    books.before_page = lambda entity, number: number == 2 and records.append(payloads.payment(DAY))
    with pytest.raises(TemporarilyRefused, match="moved each of 3 times"):
        read(books.open()[0], "payments")


def test_clients_are_read_with_the_deleted_ones_and_keep_their_name():
    records = [
        payloads.client(id=1, organization=""),
        payloads.client(id=2, vis_state=2),
        payloads.client(id=3, vis_state=1),
        payloads.client(id=4, organization="", fname="", lname=""),
    ]
    rows, _ = read(FakeFreshBooks({"customers": records}).open()[0], "customers")
    assert [(row.party_id, row.active) for row in rows] == [("1", True), ("2", False), ("4", True), ("3", False)]
    assert [rows[0].name, rows[2].name] == ["Ada Low", "ada@example.test"]


def test_errors_in_an_answer_of_200_are_no_empty_list():
    books = FakeFreshBooks()
    books.instead["payments/payments"] = Told(
        {"response": {"errors": [{"errno": 1012, "message": "No such account."}]}}
    )
    with pytest.raises(RequestRejected, match="No such account"):
        read(books.open()[0], "payments")


@pytest.mark.parametrize("body", [{"response": {"result": {"invoices": None}}}, {}, []])
def test_an_answer_without_its_records_is_no_empty_list(body):
    books = FakeFreshBooks()
    books.instead["payments/payments"] = Told(body)
    with pytest.raises(RequestRejected, match="without 'payments'"):
        read(books.open()[0], "payments")


def test_by_id_a_deleted_document_is_gone_although_it_is_answered():
    records = {
        "payments": [payloads.payment("2026-09-02", id="5"), payloads.payment(DAY, id="6", vis_state=1)],
        "credit_notes": [payloads.credit_note(DAY, creditid=7)],
        "journal_entries": payloads.entry(DAY),
    }
    company, _ = FakeFreshBooks(records).open()

    def found(entity, *ids):
        return [row.document_id for page in company.read_ids(SOURCE.entity(entity), ids) for row in page.rows]

    assert found("payments", "5", "6", "404") == ["5"]
    assert found("credit_notes", "7") == ["7"]
    assert found("journal_entries", "1") == []


def test_lines_carry_accounts_by_both_generations_of_the_chart_and_parties_by_their_documents():
    books = FakeFreshBooks(
        {
            "vendors": [payloads.vendor(vendorid=61, vendor_name="Landlord "), payloads.vendor(vendorid=62)],
            "expenses": [payloads.expense(DAY, id=9, vendor="landlord", modern_projectid=3)],
            "bills": [payloads.bill("2026-09-09", id=8, vendorid=62)],
            "bill_payments": [payloads.bill_payment(DAY, id=4, billid=8)],
            "journal_entries": [
                *payloads.entry(DAY, "100.00", clientid=501, invoiceid=1),
                *payloads.entry(DAY, "55.00", debit="rent", credit="cash", expenseid=9),
                *payloads.entry(DAY, "80.00", debit="payable", credit="cash", bill_paymentid=4),
                *payloads.entry(DAY, "5.00", debit="ads", credit="cash", expenseid=404),
                *payloads.entry(DAY, "1.00", debit="cash", credit="credit"),
            ],
        }
    )
    company, _ = books.open()
    staged = pulled(company, SEPTEMBER)
    staged.pull(company, SOURCE.entities, OCTOBER)
    found = {(one["kind"], one["ledger_account_id"]): one for one in lines(staged)}
    assert found["invoice", "u-receivable"]["amount"] == Decimal("100.00")
    assert found["invoice", "u-sales"]["customer_id"] == "501"
    assert (found["expense", "u-rent"]["vendor_id"], found["expense", "u-rent"]["tracking"]) == (
        "61",
        '{"projects":"3"}',
    )
    assert found["payment", "u-payable"]["vendor_id"] == "62"
    assert found["expense", "u-ads"]["vendor_id"] == ""
    assert found["journal", "u-credit"]["amount"] == Decimal("-1.00")
    (page,) = company.derive(SOURCE.entity("ledger_lines"), OCTOBER, staged)
    assert page.unknown_fields == {"Unassigned vendor": 1}


def test_books_in_another_currency_stand_beside_with_no_base_amount():
    books = FakeFreshBooks({"journal_entries": payloads.entry(DAY, "100.00", code="CAD", invoiceid=1)})
    company, _ = books.open()
    found = lines(pulled(company))
    assert {(one["amount"], one["document_amount"], one["currency"], one["rate"]) for one in found} == {
        (0, Decimal("100.00"), "CAD", 0),
        (0, Decimal("-100.00"), "CAD", 0),
    }
    assert list(company.control(OCTOBER)) == []
    (page,) = company.derive(SOURCE.entity("ledger_lines"), OCTOBER, pulled(company))
    assert page.unknown_fields == {"Books in CAD, no rate": 2}


def test_the_trial_balance_is_asked_for_the_month_the_year_and_all_time():
    entries = [
        *payloads.entry("2025-12-31", "7.00"),
        *payloads.entry("2026-01-02", "20.00"),
        *payloads.entry(DAY, "100.00"),
    ]
    company, http = FakeFreshBooks({"journal_entries": entries}).open()
    found = {one.ledger_account_id: (one.movement, one.year_to_date) for one in company.control(OCTOBER)}
    assert found == {
        "u-receivable": (Decimal("100.00"), Decimal("127.00")),
        "u-sales": (Decimal("-100.00"), Decimal("-120.00")),
    }
    asked = [one.params["start_date"] for one in http.asked if one.path.endswith("trial_balance")]
    assert asked == ["2026-10-01", "2026-01-01", "1990-01-01"]
    assert company.residuals(OCTOBER, pulled(company)) == {}


def test_an_account_that_the_chart_lacks_shows_under_its_own_id():
    books = FakeFreshBooks({"journal_entries": payloads.entry(DAY)})
    books.records["ledger_accounts"] = [payloads.account("receivable")]
    company, _ = books.open()
    assert {one.ledger_account_id for one in company.control(OCTOBER)} == {"u-receivable", "40"}
    _, refused = read(company, "journal_entries")
    assert "'Sales' is not in the chart" in refused[0].reason


@pytest.mark.parametrize("shape", [{}, {"trial_balance": {"currency_code": "USD"}}])
def test_a_report_of_another_shape_is_refused(shape):
    books = FakeFreshBooks()
    books.instead["trial_balance"] = Told({"response": {"result": shape}})
    with pytest.raises(RequestRejected, match="shape that is not known"):
        books.open()[0].control(OCTOBER)


def degraded(**records):
    books = FakeFreshBooks(records)
    books.permit(**{"advanced_accounting.access": False})
    books.instead = {"journal_entry_details": FORBIDDEN_PLAN, "trial_balance": FORBIDDEN_PLAN}
    return books


def test_a_plan_without_entries_posts_documents_and_compares_income_and_expense():
    books = degraded(
        invoices=[
            payloads.invoice(DAY, lines=[payloads.line("100.00", taxAmount1="5")], amount=payloads.usd("105.00"))
        ],
        payments=[payloads.payment(DAY), payloads.payment(DAY, from_credit=True)],
        expenses=[payloads.expense(DAY), payloads.expense(DAY, categoryid=1)],
        bills=[payloads.bill(DAY)],
        bill_payments=[payloads.bill_payment(DAY)],
        credit_notes=[payloads.credit_note(DAY)],
        other_income=[payloads.other_income(DAY)],
    )
    company, _ = books.open()
    staged = pulled(company)
    sums = {}
    for one in lines(staged):
        sums[one["ledger_account_id"]] = sums.get(one["ledger_account_id"], 0) + one["amount"]
    assert sums == {
        "u-receivable": Decimal("-5.00"),
        "u-sales": Decimal("-82.00"),
        "u-tax": Decimal("-5.00"),
        "u-cash": Decimal("-83.00"),
        "u-credit": Decimal("40.00"),
        "u-rent": Decimal("55.00"),
        "u-ads": Decimal("80.00"),
        "u-payable": Decimal("0.00"),
    }
    (refused,) = staged.refused["ledger_lines", OCTOBER]
    assert "category has no account" in refused.reason
    leaf = {"description": "Sales", "entry_type": "credit", "total": payloads.usd("82.00")}
    cost = [
        {"description": "Rent", "entry_type": "debit", "total": payloads.usd("55.00")},
        {"description": "Ads", "entry_type": "debit", "total": payloads.usd("80.00")},
    ]
    books.result |= {"income": [{"entry_type": "none", "children": [leaf]}], "expenses": cost}
    left = {one.ledger_account_id: one.movement - sums[one.ledger_account_id] for one in company.control(OCTOBER)}
    assert left == {"u-sales": 0, "u-rent": 0, "u-ads": 0}
    unreported = company.residuals(OCTOBER, staged)["unreported"]
    assert unreported == {account: -sums[account] for account in ("u-receivable", "u-tax", "u-cash", "u-credit")}


def test_a_plan_without_any_report_takes_its_currency_from_the_newest_invoice():
    books = degraded(invoices=[payloads.invoice(DAY, currency_code="CAD", amount=payloads.usd("100.00", "CAD"))])
    books.instead["profitloss_entity"] = FORBIDDEN_PLAN
    company, _ = books.open()
    assert company.company().base_currency == "CAD"
    assert list(company.control(OCTOBER)) == []


def test_a_document_in_another_currency_is_refused_where_documents_post():
    books = degraded(payments=[payloads.payment(DAY, amount=payloads.usd("4.00", "CAD"))])
    (refused,) = pulled(books.open()[0]).refused["ledger_lines", OCTOBER]
    assert "gives no rate" in refused.reason


@pytest.mark.parametrize("said", ["Requires scope user:journal_entries:read.", "Not on this plan."])
def test_a_403_of_entries_is_the_plans_only_where_freshbooks_says_so_itself(said):
    books = FakeFreshBooks()
    books.permit(**{"advanced_accounting.access": "scope" in said})
    if "scope" not in said:
        books.permit(**{"advanced_accounting.access": None})
    books.instead["journal_entry_details"] = Told({"message": said}, 403)
    with pytest.raises(CredentialRefused):
        read(books.open()[0], "journal_entries")


def test_an_empty_month_of_entries_is_no_missing_plan():
    company, _ = FakeFreshBooks({"payments": [payloads.payment(DAY)]}).open()
    assert pulled(company).tables["ledger_lines", OCTOBER] == []
    assert company.residuals(Period(2026, 10), pulled(company)) == {}
