"""Every answer is valid by Xero's own OpenAPI document."""

import jsonschema
import pytest

RESPONSES = [
    ("Organisations", "Organisation", {}),
    ("Accounts", "Accounts", {}),
    ("Contacts", "Contacts", {"page": 1, "includeArchived": "true"}),
    ("TrackingCategories", "TrackingCategories", {"includeArchived": "true"}),
    ("TaxRates", "TaxRates", {}),
    ("Currencies", "Currencies", {}),
    ("Invoices", "Invoices", {"page": 1, "pageSize": 150}),
    ("Invoices", "Invoices", {"page": 1, "Statuses": "DRAFT,SUBMITTED,VOIDED,DELETED", "pageSize": 100}),
    ("Invoices", "Invoices", {"where": "Date<DateTime(2024,01,01)"}),
    ("CreditNotes", "CreditNotes", {"page": 1}),
    ("Payments", "Payments", {"page": 1, "pageSize": 200}),
    ("Prepayments", "Prepayments", {"page": 1}),
    ("Overpayments", "Overpayments", {"page": 1}),
    ("BankTransactions", "BankTransactions", {"page": 1, "pageSize": 200}),
    ("BankTransfers", "BankTransfers", {"includeDeleted": "true"}),
    ("ManualJournals", "ManualJournals", {"page": 1, "pageSize": 100}),
    ("ReportWithRows", "Reports/TrialBalance", {"date": "2026-10-31"}),
    ("ReportWithRows", "Reports/ProfitAndLoss", {"fromDate": "2026-10-01", "toDate": "2026-10-31", "periods": 3}),
    ("ReportWithRows", "Reports/BalanceSheet", {"date": "2026-10-31"}),
]


@pytest.fixture(scope="module")
def check(specification):
    """Judge a body by the name of a component schema; formats are checked too."""
    judges = {}

    def validate(name, body):
        if name not in judges:
            schema = {"$ref": f"#/components/schemas/{name}", "components": specification["components"]}
            checker = jsonschema.FormatChecker(["uuid", "date"])
            judges[name] = jsonschema.Draft4Validator(schema, format_checker=checker)
        wrong = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in judges[name].iter_errors(body)
        ]
        assert wrong == []

    return validate


@pytest.mark.parametrize(
    ("schema", "path", "query"), RESPONSES, ids=[f"{path} {query}" for _, path, query in RESPONSES]
)
def test_a_list_is_valid(xero, check, schema, path, query):
    body = xero.ask(path, **query).json()
    check(schema, body)
    assert body[path.partition("/")[0] if schema != "Organisations" else schema]


def test_a_single_record_is_valid(xero, check):
    for plural, name in (("Invoices", "InvoiceID"), ("Payments", "PaymentID"), ("Contacts", "ContactID")):
        record = xero.get(plural, page=1, pageSize=1)[plural][0]
        check(plural, xero.ask(f"{plural}/{record[name]}").json())


def test_the_judge_refuses_what_is_wrong(xero, check):
    body = xero.ask("Accounts").json()
    body["Accounts"][0] |= {"AccountID": "not a uuid", "Type": "NONSENSE"}
    with pytest.raises(AssertionError, match="not a uuid"):
        check("Accounts", body)


def test_a_refused_journal_is_a_valid_error(xero, check):
    lines = [{"AccountCode": "400", "LineAmount": 1}, {"AccountCode": "429", "LineAmount": -2}]
    answer = xero.write({"Narration": "Out of balance", "JournalLines": lines})
    assert answer.status_code == 400
    check("Error", answer.json())


def test_a_written_journal_and_a_budget_are_valid(xero, check):
    lines = [{"AccountCode": "400", "LineAmount": 1}, {"AccountCode": "429", "LineAmount": -1}]
    check("ManualJournals", xero.write({"Narration": "In balance", "JournalLines": lines}).json())
    check("Budget", xero.ask("Budgets").json()["Budgets"][0])


def test_journals_are_valid(fresh, check):
    fresh.control("settings", tier="advanced")
    check("Journals", fresh.ask("Journals", tenant="ie").json())


def test_every_status_type_and_enum_we_serve_is_one_of_the_specifications(xero, specification):
    schemas = specification["components"]["schemas"]
    types = set(schemas["AccountType"]["enum"])
    systems = set(schemas["Account"]["properties"]["SystemAccount"]["enum"])
    for account in xero.get("Accounts")["Accounts"]:
        assert account["Type"] in types
        assert account.get("SystemAccount", "") in systems
