"""A first defs.yaml comes from what the two systems offer; nothing is picked where several fit."""

from __future__ import annotations

import pytest
import yaml

from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.discovery import (
    ModelChoice,
    chosen_company,
    chosen_model,
    draft_connection,
    models,
)
from ml_connector_dagster.connections.drafting import Draft, Offer, dimensions_of, draft_text
from ml_connector_dagster.connections.opening import open_anaplan
from ml_connector_dagster.connections.settings import read_connection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.registry import source_named
from ml_connector_dagster_tests.connections.sandboxed import IE, MODEL, UK

DRAFT = Draft(
    system="xero",
    company_id=UK,
    company="Calder & Finch Ltd",
    time_zone="Europe/London",
    source_credential="demo_xero",
    region="us1",
    workspace_id="8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c",
    workspace="Calder & Finch",
    model_id=MODEL,
    model="Group\nPlanning",
    anaplan_credential="demo_anaplan",
    at="sandbox",
    entity="UK",
    start="2024-01",
)


def test_the_draft_of_the_demo_model_passes_the_offline_check(connector, tmp_path):
    with open_anaplan(connector, "demo_anaplan", region="us1", at="sandbox") as anaplan:
        found = chosen_model(models(anaplan.http, anaplan.api_url), None, MODEL)
        text = draft_connection(DRAFT, anaplan.model(found.workspace_id, found.model_id), source_named("xero"))
    path = tmp_path / "defs.yaml"
    path.write_text(text, encoding="utf-8")
    settings, problems = read_connection(path)
    assert problems == []
    assert settings is not None
    assert {target.name: target.from_ for target in settings.lists} == {
        "accounts": "ledger_accounts",
        "customers": "customers",
        "vendors": "vendors",
        "regions": "tracking",
    }
    modules = {module.name: module for module in settings.modules}
    assert modules["actuals"].columns["Region"] == "tracking.Region"
    assert modules["actuals"].read_back is not None
    assert modules["balances"].measure == "closing_balance"
    assert modules["invoices"].grain == "document"


def test_nothing_is_picked_where_several_fit(connector):
    source = source_named("xero")
    companies = Consents(connector).companies("demo_xero")
    with pytest.raises(SettingWrong, match=f"--company {IE}"):
        chosen_company(companies, None, source)
    assert chosen_company(companies, UK, source).name == "Calder & Finch Ltd"
    with pytest.raises(SettingWrong, match="0 companies"):
        chosen_company(companies, "another", source)


def test_a_model_is_named_or_the_only_one():
    one, two = ModelChoice("w", "W", "m1", "One"), ModelChoice("w", "W", "m2", "Two")
    assert chosen_model([one], None, None) is one
    assert chosen_model([one, two], "w", "m2") is two
    with pytest.raises(SettingWrong, match="One in W: --model m1; Two in W: --model m2"):
        chosen_model([one, two], None, None)
    with pytest.raises(SettingWrong, match="none"):
        chosen_model([], None, None)


def test_what_fits_nothing_becomes_a_comment_and_names_cannot_break_the_file():
    offers = [
        Offer("Headcount\n  evil: true", ("Person", "FTE"), None),
        Offer("Accounts in", ("Code", "Name"), None),
        Offer("Postings", ("Company", "Version", "Month", "Account", "Cost Centre", "Value"), None),
    ]
    text = draft_text(DRAFT, source_named("xero"), offers, ["Accounts"])
    attributes = yaml.safe_load(text)["attributes"]
    assert "# not used: Headcount evil: true (Person, FTE)" in text
    assert attributes["lists"][0]["anaplan_list"] == "Accounts"
    assert attributes["modules"][0]["columns"] == {
        "Company": "=UK",
        "Version": "=Actual",
        "Month": "period",
        "Account": "ledger_account",
        "Cost Centre": "tracking.Cost Centre",
        "Value": "amount",
    }
    assert "no saved view" in text


def test_columns_find_their_dimensions_by_name():
    headers = ("Entity", "Period", "Account", "Amount")
    assert dimensions_of(headers, ["Entities", "Time", "Accounts"]) == {
        "Entity": "Entities",
        "Period": "Time",
        "Account": "Accounts",
    }
    assert dimensions_of(("Document", "Amount"), ["Invoices"]) == {"Document": "Invoices"}
    assert dimensions_of((), ["Invoices"]) == {}


def test_a_company_record_is_what_the_choice_is_made_of():
    company = Company(UK, "One", "GBP", 3, "", None, None)
    assert chosen_company([company], None, source_named("xero")) is company
