"""The sandbox's paths against the community's OpenAPI document: none is invented, but those that the page alone names."""

import re

import yaml

from ml_connector_dagster.sandbox.freshbooks.vendor import create
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.contract.specs import absent, specs_folder

ONLY_ON_THE_PAGE = {
    "journal_entry_details": "page 4 and 10: the node SDK models it",
    "trial_balance": "page 10",
    "/accounting/businesses/": "page 4: ledger accounts and the newer reports",
    "/accounting/ledger_accounts/": "page 4: the taxonomy",
    "oauth": "page 1",
}


def test_every_path_of_the_sandbox_is_documented():
    folder = specs_folder("freshbooks")
    if folder is None:
        absent("The OpenAPI document of FreshBooks is not at hand: set ML_CONNECTOR_SPECS to the folder that holds it.")
    text = next(folder.glob("*.yaml")).read_text()
    known = {re.sub(r"\{\w+\}", "{}", path) for path in yaml.safe_load(text)["paths"]}
    served = {re.sub(r"\{\w+\}", "{}", route.path) for route in create(World.new())}
    unknown = {path for path in served - known if not any(part in path for part in ONLY_ON_THE_PAGE)}
    assert unknown == set()
    assert len(served & known) > 20
