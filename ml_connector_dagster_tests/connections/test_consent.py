"""A state is bound to its browser, used once, and lives ten minutes; a consent replaces the grant."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.credentials import Credentials, Standing
from ml_connector_dagster.connections.uses import use_of
from ml_connector_dagster.errors import CredentialRefused, RequestRejected, SettingWrong
from ml_connector_dagster.store.tables.connections import consent_state
from ml_connector_dagster_tests.connections.sandboxed import IE, REDIRECT, UK, redirect_of


@pytest.fixture
def consents(connector):
    return Consents(connector)


def begin(consents, session="browser A", name="demo_xero"):
    return consents.begin(name, redirect_uri=REDIRECT, session=session)


def test_a_consent_stores_a_grant_and_says_which_companies_it_reaches(connector, consents):
    before = Credentials(connector.store).named("demo_xero")
    began = begin(consents)
    assert "Adviser" in began.note
    consented = consents.finish(redirect_of(began.authorize_url), session="browser A")
    after = Credentials(connector.store).named("demo_xero")
    assert {company.company_id for company in consented.companies} == {UK, IE}
    assert after.state == Standing.READY
    assert after.grant_generation == before.grant_generation + 1


def test_the_state_in_the_database_is_a_hash_and_its_verifier_is_sealed(connector, consents):
    began = begin(consents)
    with connector.store.read() as connection:
        rows = connection.execute(select(consent_state).where(consent_state.c.used_at.is_(None))).all()
    assert len(rows) == 1
    assert began.state not in rows[0].state
    assert rows[0].verifier.startswith("v1.")
    assert parse_qs(urlsplit(began.authorize_url).query)["redirect_uri"] == [REDIRECT]


def test_a_replayed_state_is_refused(consents):
    answer = redirect_of(begin(consents).authorize_url)
    consents.finish(answer, session="browser A")
    with pytest.raises(RequestRejected, match="used before"):
        consents.finish(answer, session="browser A")


def test_another_browsers_state_is_refused_and_stays_usable_by_its_own(consents):
    answer = redirect_of(begin(consents, "browser A").authorize_url)
    with pytest.raises(RequestRejected, match="another browser"):
        consents.finish(answer, session="browser B")
    assert consents.finish(answer, session="browser A").credential == "demo_xero"


@pytest.mark.parametrize("answer", ["http://localhost/connect/callback?code=x&state=forged", "?code=x", "", "nonsense"])
def test_a_forged_or_missing_state_is_refused(consents, answer):
    with pytest.raises(RequestRejected):
        consents.finish(answer, session="browser A")


def test_an_old_state_is_refused(connector, consents):
    answer = redirect_of(begin(consents).authorize_url)
    with connector.store.begin() as connection:
        past = connector.store.now() - timedelta(seconds=1)
        connection.execute(update(consent_state).values(expires_at=past))
    with pytest.raises(RequestRejected, match="older than 10 minutes"):
        consents.finish(answer, session="browser A")


def test_a_person_who_refuses_changes_nothing(connector, consents):
    before = Credentials(connector.store).named("demo_xero")
    began = begin(consents)
    with pytest.raises(CredentialRefused, match="access_denied"):
        consents.finish(f"{REDIRECT}?error=access_denied&state={began.state}", session="browser A")
    assert Credentials(connector.store).named("demo_xero") == before


def test_a_code_the_vendor_refuses_changes_nothing(connector, consents):
    before = Credentials(connector.store).named("demo_xero")
    began = begin(consents)
    with pytest.raises(CredentialRefused):
        consents.finish(f"{REDIRECT}?code=made-up&state={began.state}", session="browser A")
    assert Credentials(connector.store).named("demo_xero") == before


def test_disconnect_revokes_at_the_vendor(connector, consents):
    assert consents.disconnect("demo_xero")
    with pytest.raises(CredentialRefused, match="Nobody has consented"):
        connector.connection("calder_uk").reader().company()


def test_only_an_oauth_credential_can_be_consented(consents):
    with pytest.raises(SettingWrong, match="no OAuth client"):
        begin(consents, name="demo_anaplan")
    with pytest.raises(SettingWrong, match="no device grant"):
        consents.start_device("demo_xero")


def test_a_credential_for_vendor_and_sandbox_at_once_is_refused(connector):
    path = connector.paths["calder_uk"]
    other = path.parent.parent / "real" / "defs.yaml"
    other.parent.mkdir()
    other.write_text(path.read_text().replace(", at: sandbox}", "}", 1))
    paths = {**connector.paths, "real": other}
    with pytest.raises(SettingWrong, match="two different places"):
        use_of("demo_xero", "xero", paths)
    assert use_of("demo_anaplan", "anaplan", paths).at == "sandbox"
    with pytest.raises(SettingWrong, match="two different places"):
        use_of("demo_anaplan", "anaplan", connector.paths, at="vendor")
    assert use_of("nobody", "xero", paths).at == "vendor"
