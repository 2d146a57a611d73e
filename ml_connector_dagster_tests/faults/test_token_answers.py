"""What the token endpoint may answer, and what becomes of the grant then."""

from __future__ import annotations

import pytest

from ml_connector_dagster.connections.credentials import Standing
from ml_connector_dagster.connections.tokens import TokenTimes
from ml_connector_dagster.errors import ConnectorError, CredentialRefused, TemporarilyRefused


def test_a_lost_answer_is_asked_for_again_where_the_vendor_tolerates_it(sqlite_desk):
    sqlite_desk.grant.script = ["lose"]
    with pytest.raises(TemporarilyRefused, match="The grant lives"):
        sqlite_desk.tokens().access()
    assert sqlite_desk.check() is not None


def test_a_lost_answer_needs_a_person_where_the_old_token_would_end_the_grant(sqlite_desk):
    sqlite_desk.grant.behaviour = "kill"
    sqlite_desk.grant.script = ["lose"]
    with pytest.raises(CredentialRefused, match="needs a new consent: the answer to a refresh was lost"):
        sqlite_desk.tokens().access()
    assert sqlite_desk.grant.posts == 1
    assert sqlite_desk.grant.alive, "its old token was not shown again"
    sqlite_desk.connect()
    assert sqlite_desk.check() is not None


@pytest.mark.parametrize("plan", ["busy", "client"])
def test_an_answer_that_names_its_refusal_leaves_the_grant_as_it_was(sqlite_desk, plan):
    sqlite_desk.grant.behaviour = "kill"
    sqlite_desk.grant.script = [plan]
    with pytest.raises(ConnectorError):
        sqlite_desk.tokens().access()
    assert sqlite_desk.leftovers() == (0, [])
    assert sqlite_desk.check() is not None


def test_a_page_instead_of_json_counts_as_a_lost_answer(sqlite_desk):
    sqlite_desk.grant.script = ["page"]
    with pytest.raises(TemporarilyRefused):
        sqlite_desk.tokens().access()
    assert sqlite_desk.check() is not None


def test_a_vendor_that_cannot_be_reached_costs_nothing(sqlite_desk):
    address = sqlite_desk.grant.base_url
    sqlite_desk.grant.base_url = "http://127.0.0.1:9"
    with pytest.raises(TemporarilyRefused, match="cannot be reached"):
        sqlite_desk.tokens().access()
    sqlite_desk.grant.base_url = address
    assert sqlite_desk.leftovers() == (0, [])
    assert sqlite_desk.check() is not None


def test_invalid_grant_is_suspect_first_tried_slowly_and_then_needs_a_person(sqlite_desk):
    slow = TokenTimes(suspect_retry=30, suspect_ends=0)
    sqlite_desk.grant.alive = False
    with pytest.raises(CredentialRefused, match="does not work at the moment"):
        sqlite_desk.tokens(slow).access()
    assert sqlite_desk.row().state == Standing.SUSPECT
    with pytest.raises(CredentialRefused, match="does not work at the moment"):
        sqlite_desk.tokens(slow).access()
    assert sqlite_desk.grant.posts == 1, "the second try came too soon"
    with pytest.raises(CredentialRefused, match="keeps refusing"):
        sqlite_desk.tokens().access()
    assert sqlite_desk.row().state == Standing.NEEDS_REAUTH
    with pytest.raises(CredentialRefused, match="Run ml-connector connect acme"):
        sqlite_desk.tokens().access()
    assert sqlite_desk.grant.posts == 2, "a credential that needs a person asks no more"


def test_a_suspect_grant_that_works_again_is_ready(sqlite_desk):
    sqlite_desk.grant.alive = False
    assert sqlite_desk.ask() == 3
    sqlite_desk.grant.alive = True
    assert sqlite_desk.ask() == 0
    assert sqlite_desk.row().state == Standing.READY
    assert sqlite_desk.row().suspect_since is None


def test_disconnect_revokes_and_forgets(sqlite_desk):
    assert sqlite_desk.tokens().disconnect()
    assert len(sqlite_desk.grant.revoked) == 1
    with pytest.raises(CredentialRefused, match="Nobody has consented"):
        sqlite_desk.tokens().access()
    assert not sqlite_desk.tokens().disconnect()
