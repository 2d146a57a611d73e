"""Only the browser that began a consent can finish it; a form of another site does nothing."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from ml_connector_dagster.connections.credentials import Credentials
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.inbound.app import create_app
from ml_connector_dagster_tests.connections.sandboxed import redirect_of

PUBLIC = "http://localhost:8702"


@pytest.fixture
def app(connector):
    return create_app(connector, PUBLIC)


def browser(app) -> TestClient:
    return TestClient(app, base_url=PUBLIC, follow_redirects=False)


def opened(visitor: TestClient) -> str:
    """Open the overview; answers the form token."""
    page = visitor.get("/connect")
    assert page.status_code == 200
    assert "demo_xero" in page.text
    assert "demo_anaplan" not in page.text, "a login needs no consent"
    found = re.search(r"name='token' value='([0-9a-f]{64})'", page.text)
    assert found
    return found[1]


def test_a_person_connects_in_the_browser(connector, app):
    visitor = browser(app)
    began = visitor.post("/connect/demo_xero", data={"token": opened(visitor)})
    assert began.status_code == 303
    assert parse_qs(urlsplit(began.headers["location"]).query)["redirect_uri"] == [f"{PUBLIC}/connect/callback"]
    before = Credentials(connector.store).named("demo_xero").grant_generation
    page = visitor.get(redirect_of(began.headers["location"]))
    assert page.status_code == 200
    assert "Calder &amp; Finch Ltd" in page.text
    assert Credentials(connector.store).named("demo_xero").grant_generation == before + 1


def test_another_browser_cannot_finish_it_and_a_replay_is_refused(app):
    visitor, stranger = browser(app), browser(app)
    began = visitor.post("/connect/demo_xero", data={"token": opened(visitor)})
    address = redirect_of(began.headers["location"])
    opened(stranger)
    assert stranger.get(address).status_code == 400
    assert visitor.get(address).status_code == 200
    assert visitor.get(address).status_code == 400


def test_the_answer_can_be_pasted(app):
    visitor = browser(app)
    token = opened(visitor)
    began = visitor.post("/connect/demo_xero", data={"token": token})
    pasted = {"token": token, "address": f" {redirect_of(began.headers['location'])} "}
    assert visitor.post("/connect/paste", data=pasted).status_code == 200


@pytest.mark.parametrize("path", ["/connect/demo_xero", "/connect/paste"])
def test_a_form_of_another_site_is_refused(app, path):
    visitor = browser(app)
    opened(visitor)
    assert visitor.post(path, data={"token": "0" * 64, "address": "x"}).status_code == 403
    assert browser(app).post(path, data={}).status_code == 403


def test_errors_are_three_sentences_and_cannot_carry_markup(app):
    visitor = browser(app)
    began = visitor.post("/connect/demo_xero", data={"token": opened(visitor)})
    state = parse_qs(urlsplit(began.headers["location"]).query)["state"][0]
    page = visitor.get("/connect/callback", params={"state": state, "error": "<script>alert(1)</script>"})
    assert page.status_code == 400
    assert "<script>" not in page.text
    assert "Nobody consented" in page.text
    nobody = visitor.post("/connect/nobody", data={"token": opened(visitor)})
    assert nobody.status_code == 400
    assert "credential set nobody" in nobody.text


def test_pages_cannot_be_framed_cached_or_sent_on(app):
    page = browser(app).get("/connect")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_secure(connector):
    visitor = TestClient(create_app(connector, "https://connector.example/"), base_url="https://connector.example")
    assert "Secure" in visitor.get("/connect").headers["set-cookie"]


def test_a_vendor_that_cannot_be_reached_is_said(connector, app, monkeypatch):
    visitor = browser(app)
    began = visitor.post("/connect/demo_xero", data={"token": opened(visitor)})
    address = redirect_of(began.headers["location"])
    from dataclasses import replace

    connector.environment = replace(connector.environment, sandbox_url="http://127.0.0.1:9")
    page = visitor.get(address)
    assert page.status_code == 503
    assert "cannot be reached" in page.text


def test_health_is_up_while_the_database_answers_and_says_when_it_does_not(connector, app):
    visitor = browser(app)
    assert visitor.get("/health").json() == {"status": "up"}
    connector.store.close()
    path = connector.environment.home / "state.db"
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    answer = visitor.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "down"


def test_without_a_key_it_does_not_start(connector):
    connector.environment.vault_key_file.unlink()
    with Connector(connector.environment) as fresh, pytest.raises(SettingWrong, match="no vault key"):
        create_app(fresh, PUBLIC)


def test_no_page_exists_besides(app):
    visitor = browser(app)
    assert visitor.get("/").status_code == 404
    assert visitor.get("/connect/demo_xero").status_code == 405
