"""Every request that our FreshBooks client makes, judged by the community's OpenAPI document."""

from datetime import UTC, datetime

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.templating.paths.exceptions import PathNotFound
from openapi_core.testing import MockRequest

from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.freshbooks.source import SOURCE
from ml_connector_dagster_tests.contract.specs import absent, specs_folder
from ml_connector_dagster_tests.sources.freshbooks.kit import KIT
from ml_connector_dagster_tests.sources.freshbooks.read import OCTOBER, pulled

ONLY_ON_THE_PAGE = ("/ledger_accounts/accounts", "/journal_entry_details", "/reports/accounting/trial_balance")
"""Paths that the document leaves out and the reference page names (§4, §10)."""


@pytest.fixture(scope="module")
def document():
    folder = specs_folder("freshbooks")
    if folder is None:
        absent("The OpenAPI document of FreshBooks is not at hand: set ML_CONNECTOR_SPECS to the folder that holds it.")
    return OpenAPI.from_dict(yaml.safe_load(next(folder.glob("*.yaml")).read_text()))


@pytest.fixture(scope="module")
def asked():
    """Path and query of everything asked for by a pull, its control, the checks, the change feed and a look by id."""
    documents = [entity for entity in SOURCE.entities if entity.kind is EntityKind.DOCUMENT]
    company, http = KIT.open({entity.name: KIT.records(entity.name, OCTOBER, 2) for entity in documents})
    staged = pulled(company)
    company.control(OCTOBER)
    assert all(finding.holds for finding in company.checks())
    company.changes(datetime(2026, 10, 1, tzinfo=UTC), staged)
    for entity in documents[:-1]:
        record = staged.lines(entity.name, OCTOBER)["document_id"][0].as_py()
        assert list(company.read_ids(entity, [record]))
    return {(one.path, tuple(sorted(one.params.items()))) for one in http.asked}


def test_every_request_is_documented(document, asked):
    unknown = set()
    for path, query in asked:
        token = {"Authorization": "Bearer x"}
        request = MockRequest("https://api.freshbooks.com", "get", path, args=dict(query), headers=token)
        try:
            document.validate_request(request)
        except PathNotFound:
            unknown.add(path)
    assert {path for path in unknown if not path.endswith(ONLY_ON_THE_PAGE)} == set()
    assert len(unknown) == len(ONLY_ON_THE_PAGE)
    assert len(asked) > 30
