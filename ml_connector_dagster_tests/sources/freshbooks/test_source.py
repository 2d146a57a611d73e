from ml_connector_dagster.sources.freshbooks.source import SOURCE, calls_left, expected_calls


def test_only_reading_is_asked_for():
    assert all(scope.startswith("user:") and scope.endswith(":read") for scope in SOURCE.grant.scopes)
    assert "user:journal_entries:read" in SOURCE.grant.scopes


def test_a_refresh_token_is_shown_once_and_renewed_with_an_hour_left():
    assert SOURCE.grant.single_use_refresh
    assert SOURCE.grant.old_token_grace_seconds == 0
    assert SOURCE.grant.margin_seconds == 3600


def test_the_version_of_error_shapes_is_pinned():
    assert SOURCE.headers["X-API-VERSION"] == "2023-02-20"


def test_calls_are_pages_and_what_is_asked_once():
    assert expected_calls({"ledger_accounts": 300, "customers": 101}) == 1 + 1 + 3
    assert expected_calls({"vendors": 0}) == 1
    assert expected_calls({"invoices": 101, "bills": 0}) == 3 + 3
    assert expected_calls({"journal_entries": 101}) == 3 + 3
    assert expected_calls({"ledger_lines": 5000}) == 3 + 3


def test_freshbooks_own_count_of_calls_is_read():
    assert calls_left({"X-RateLimit-Remaining": "57", "Retry-After": "40"}) == {"minute": 57}
    assert calls_left({}) == {}
