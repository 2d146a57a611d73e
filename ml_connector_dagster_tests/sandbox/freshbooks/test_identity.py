"""Checklist 1, 7 and 8: the token server, the person, what a token or a plan does not open."""

import pytest

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster_tests.sandbox.freshbooks.caller import ACCOUNT, BUSINESS, READ, Caller

ME = "/freshbooks/auth/api/v1/users/me"


def test_a_refresh_token_works_once_and_its_reuse_ends_the_grant(caller):
    old = caller.token["refresh_token"]
    answer = caller.refresh(old)
    assert answer.status_code == 200
    again = caller.refresh(old)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert caller.refresh(answer.json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refreshed_token_lives_twelve_hours_from_created_at_and_that_is_not_now(caller):
    now = caller.running.world.clock.now().timestamp()
    refreshed = caller.refresh(caller.token["refresh_token"]).json()
    assert refreshed["expires_in"] == 43_200
    assert refreshed["created_at"] <= now - 29
    assert len(refreshed["refresh_token"]) == 64
    assert refreshed["direct_buy_tokens"] == {}


def test_a_rotation_whose_answer_is_lost_loses_the_connection(caller):
    fault = {"kind": "answer_lost", "vendor": "freshbooks", "method": "POST", "path": "oauth/token"}
    caller.http.post("/_control/faults", json=fault)
    with pytest.raises(Exception, match=r"disconnected|reset|Server"):
        caller.refresh(caller.token["refresh_token"])
    assert caller.refresh(caller.token["refresh_token"]).status_code == 400
    caller.http.delete("/_control/faults")


def test_the_token_endpoint_takes_json_beside_a_stale_bearer(caller):
    answer = caller.token_call(as_json=True, grant_type="refresh_token", refresh_token=caller.token["refresh_token"])
    assert answer.status_code == 200


def test_a_code_works_once_and_for_the_registered_redirect_alone(caller):
    code = caller.authorize()["code"]
    wrong = caller.token_call(grant_type="authorization_code", code=code, redirect_uri="https://elsewhere.example/")
    assert wrong.json()["error"] == "invalid_grant"
    assert caller.token_call(grant_type="authorization_code", code=code).status_code == 200
    assert caller.token_call(grant_type="authorization_code", code=code).status_code == 400
    query = {"client_id": "sandbox-freshbooks-client", "redirect_uri": "http://localhost:8701/connect/callback"}
    assert caller.http.get("/freshbooks/oauth/authorize", params=query).status_code == 401


def test_one_impossible_scope_makes_the_whole_consent_fail(caller):
    sent = caller.authorize(f"{READ} user:reports:write")
    assert sent["error"] == "invalid_scope"
    assert "code" not in sent
    assert sent["state"] == "s"


def test_revoking_ends_both_tokens(caller):
    own = {"client_id": "sandbox-freshbooks-client", "client_secret": "sandbox-freshbooks-secret"}
    answer = caller.http.post("/freshbooks/auth/oauth/revoke", data=own | {"token": caller.token["access_token"]})
    assert (answer.status_code, answer.json()) == (200, {})
    assert caller.ask(ME).status_code == 401
    assert caller.refresh(caller.token["refresh_token"]).status_code == 400


def test_the_old_access_token_lives_on_unless_the_sandbox_is_told_otherwise(changed):
    refreshed = changed.refresh(changed.token["refresh_token"]).json()
    assert changed.ask(ME).status_code == 200
    changed.control("settings", old_access_dies=True)
    changed.refresh(refreshed["refresh_token"])
    assert changed.ask(ME).status_code == 401


def test_the_person_has_two_memberships_and_a_role_that_is_only_a_clients(caller):
    body = caller.ask(ME).json()["response"]
    businesses = [one["business"] for one in body["business_memberships"]]
    assert [(one["account_id"], one["id"]) for one in businesses] == [
        (firm.ACCOUNT_ID, firm.BUSINESS_ID),
        (firm.SIDE_ACCOUNT_ID, firm.SIDE_BUSINESS_ID),
    ]
    assert businesses[0]["business_uuid"] == firm.BUSINESS_UUID
    foreign = [role for role in body["roles"] if role["role"] == "client"]
    assert foreign[0]["accountid"] not in {one["account_id"] for one in businesses}
    assert all(one["fasttrack_token"].startswith("fasttrack-canary") for one in body["business_memberships"])
    assert body["permissions"][firm.ACCOUNT_ID]["advanced_accounting.access"] is True


def test_no_token_is_told_so_in_the_identitys_own_shape(freshbooks_running, caller):
    nobody = Caller(freshbooks_running, caller.http)
    answer = nobody.ask(ME)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")
    assert nobody.ask(f"{ACCOUNT}/taxes/taxes").json()["code"] == 16


@pytest.mark.parametrize(
    "path",
    [
        "/freshbooks/accounting/account/Nobody1/taxes/taxes",
        "/freshbooks/accounting/account/Zz91Ha/taxes/taxes",
        "/freshbooks/projects/business/1/projects",
        "/freshbooks/accounting/businesses/00000000-0000-0000-0000-000000000000/ledger_accounts/accounts",
    ],
)
def test_each_of_the_three_ids_shows_when_it_is_wrong(caller, path):
    assert caller.ask(path).status_code == 403


def test_the_second_business_answers_by_all_three_ids_and_is_empty(caller):
    root = f"/freshbooks/accounting/account/{firm.SIDE_ACCOUNT_ID}"
    assert caller.result(f"{root}/invoices/invoices") == {
        "invoices": [],
        "page": 1,
        "pages": 0,
        "per_page": 15,
        "total": 0,
    }
    assert caller.ask(f"/freshbooks/projects/business/{firm.SIDE_BUSINESS_ID}/projects").json()["projects"] == []
    accounts = f"/freshbooks/accounting/businesses/{firm.SIDE_BUSINESS_UUID}/ledger_accounts/accounts"
    assert caller.ask(accounts).json()["data"]


def test_a_missing_scope_names_what_is_held_and_what_is_needed(caller):
    poor = Caller(caller.running, caller.http).connect("user:profile:read user:bills:read")
    answer = poor.ask(f"{ACCOUNT}/invoices/invoices")
    assert answer.status_code == 403
    assert "user:bills:read" in answer.text
    assert "user:invoices:read" in answer.text
    assert poor.ask(f"{ACCOUNT}/invoices/invoices/1", "PUT", body={}).json()["details"][0]["reason"] == "1038"


def test_a_plan_without_accounting_answers_403_and_its_permissions_said_so(changed):
    changed.control("settings", plan="plus")
    for path in (
        f"{ACCOUNT}/reports/accounting/trial_balance",
        f"{BUSINESS}/reports/general_ledger",
        f"{ACCOUNT}/journal_entries/journal_entry_details",
    ):
        assert changed.ask(path).status_code == 403
    for path in (f"{ACCOUNT}/reports/accounting/profitloss_entity", f"{ACCOUNT}/bills/bills"):
        assert changed.ask(path).status_code == 200
    permissions = changed.ask(ME).json()["response"]["permissions"][firm.ACCOUNT_ID]
    assert (permissions["advanced_accounting.access"], permissions["accounts_payable.access"]) == (False, True)
