"""FreshBooks' refresh token works once: a lost answer ends the grant, and nobody shows the old token to find out."""

import pytest

from ml_connector_dagster.errors import CredentialRefused
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.in_sandbox import sandboxed_company


@pytest.fixture
def demo(tmp_path):
    with running(World.new()) as sandbox, sandboxed_company(sandbox, "freshbooks", tmp_path) as company:
        yield company


def test_a_refresh_whose_answer_is_lost_asks_for_a_new_consent_and_is_never_repeated(demo):
    demo.vendor.advance(43_200)
    before = demo.vendor.token_requests()
    demo.vendor.plant(kind="answer_lost", method="POST", path="token")
    for _ in range(2):
        with pytest.raises(CredentialRefused, match="needs a new consent") as refused:
            demo.connection.reader().company()
    assert refused.value.context["state"] == "needs_reauth"
    assert demo.vendor.token_requests() == before + 1


def test_a_refused_refresh_is_suspect_and_names_what_to_do(demo):
    demo.vendor.advance(43_200)
    demo.vendor.plant(kind="answer", method="POST", path="token", status=400, body='{"error": "invalid_grant"}')
    with pytest.raises(CredentialRefused, match="invalid_grant") as refused:
        demo.connection.reader().company()
    assert "ml-connector connect demo_freshbooks" in refused.value.do
