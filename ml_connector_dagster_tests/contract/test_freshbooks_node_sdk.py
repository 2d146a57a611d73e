"""@freshbooks/api, FreshBooks' own SDK for node, reads what the Python one cannot: the feed, the legacy chart, reports."""

import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import httpx
import pytest

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.contract.specs import ROOT, absent
from ml_connector_dagster_tests.sandbox.freshbooks.caller import Caller

SCRIPT = Path(__file__).with_name("freshbooks_sdk.js")


@pytest.fixture(scope="module")
def understood():
    """What the SDK says, asked once; and the token that it began with."""
    modules = Path(os.environ.get("ML_CONNECTOR_NODE_MODULES") or ROOT / ".tools" / "node_modules")
    node = shutil.which("node")
    if node is None or not (modules / "@freshbooks" / "api").is_dir():
        absent(
            "@freshbooks/api is not at hand: `make tools` installs it where npm is, or set ML_CONNECTOR_NODE_MODULES."
        )
    with (
        running(World.new(today=date(2026, 11, 20))) as sandbox,
        httpx.Client(base_url=sandbox.base_url, verify=False) as http,
    ):
        token = Caller(sandbox, http).connect().token
        told = (f"{sandbox.base_url}/freshbooks", token["access_token"], token["refresh_token"], firm.ACCOUNT_ID)
        environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(modules)}
        command = [str(node), str(SCRIPT), *told]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return {"token": token, **json.loads(done.stdout)}


def test_the_sdk_lists_every_kind(understood):
    assert len(understood["lists"]) == 13
    for found in understood["lists"].values():
        assert found["first"]
        assert found["pages"]["total"] > 0


def test_the_sdk_reads_the_feed_as_postings(understood):
    row = understood["lists"]["journalEntryDetails"]["first"]
    assert row["account"]["accountId"]
    assert (row["debit"] is None) != (row["credit"] is None)
    assert row["entry"]["entryId"]
    assert understood["lists"]["journalEntryAccounts"]["first"]["subAccounts"]


def test_the_sdk_reads_a_single_credit_note_under_its_plural(understood):
    assert understood["credit"]["creditId"] == understood["lists"]["creditNotes"]["first"]["creditId"]


def test_the_sdk_reads_profit_and_loss(understood):
    report = understood["profitLoss"]
    assert (report["companyName"], report["cashBased"]) == ("Lantern & Loom LLC", False)
    assert report["income"]
    assert report["netProfit"]["total"]


def test_the_sdk_reads_the_new_shape_of_a_refusal(understood):
    assert understood["missing"]["message"] == "Client not found."
    assert understood["missing"]["errors"][0]["errorCode"] == 1012


def test_the_sdk_rotates_its_token_with_a_body_of_json(understood):
    assert understood["refreshed"]["refreshToken"] != understood["token"]["refresh_token"]
