from ml_connector_dagster.sources.xero.source import SOURCE, calls_left, discover_companies, expected_calls
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import API, TENANT, FakeXero


def test_only_granular_scopes_for_reading_are_asked_for():
    assert "accounting.transactions" not in SOURCE.grant.scopes
    assert "accounting.reports.read" not in SOURCE.grant.scopes
    assert all(scope == "offline_access" or scope.endswith(".read") for scope in SOURCE.grant.scopes)


def test_a_superseded_refresh_token_is_tried_for_thirty_minutes():
    assert SOURCE.grant.single_use_refresh
    assert SOURCE.grant.old_token_grace_seconds == 1800


def test_the_day_quota_is_never_waited_for():
    limits = {limit.name: limit for limit in SOURCE.limits}
    assert limits["minute"].permits == 60
    assert limits["day"].wait_at_most_seconds == 0
    assert SOURCE.concurrency == 4


def test_calls_are_pages_and_what_is_asked_once():
    assert expected_calls({"ledger_accounts": 300, "customers": 1001}) == 3
    assert expected_calls({"invoices": 0}) == 4
    assert expected_calls({"invoices": 1000, "bills": 1001, "allocations": 2, "bank_transfers": 5}) == 10
    assert expected_calls({"ledger_lines": 5000}) == 3
    assert expected_calls({"invoices": 0, "ledger_lines": 5000}) == 6


def test_xeros_own_count_of_calls_is_read():
    headers = {"X-MinLimit-Remaining": "57", "x-daylimit-remaining": "990", "X-AppMinLimit-Remaining": "9999"}
    assert calls_left(headers) == {"minute": 57, "day": 990}
    assert calls_left({}) == {}
    assert calls_left({"X-MinLimit-Remaining": "many"}) == {}


def test_discovery_answers_organisations_and_no_practice():
    xero = FakeXero()
    _, http = xero.open()
    (found,) = discover_companies(http, API, {})
    assert (found.company_id, found.name, found.base_currency) == (TENANT, "Boatyard Books", "GBP")
    assert http.asked[0].url == "https://api.xero.example/connections"
    assert "xero-tenant-id" not in http.asked[0].headers


def test_discovery_sorts_by_name():
    xero = FakeXero()
    two = [{"tenantId": name, "tenantName": name, "tenantType": "ORGANISATION"} for name in ("b", "a")]
    xero.connections = two
    names = iter(("Zebra", "Aardvark"))
    original = xero.answer

    def answer(asked):
        if asked.path.endswith("Organisation"):
            xero.organisation = payloads.organisation(Name=next(names))
        return original(asked)

    xero.answer = answer
    assert [company.name for company in discover_companies(xero.open()[1], API, {})] == ["Aardvark", "Zebra"]
