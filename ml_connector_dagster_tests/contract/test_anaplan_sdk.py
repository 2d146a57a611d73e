"""anaplan-sdk, which knows the vendor and not us, drives the sandbox from the upload to the cells."""

from urllib.parse import urlsplit

import anaplan_sdk
import httpx
import httpx2
import pytest

from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID, WORKSPACE_ID
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sandbox.anaplan.desk import DEMO


class ToLoopback(httpx2.BaseTransport):
    """Sends what is meant for api.anaplan.com to the sandbox."""

    def __init__(self, base_url: str) -> None:
        self._base = urlsplit(base_url)
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        path = b"/anaplan" + request.url.raw_path
        request.url = request.url.copy_with(
            scheme="http", host=self._base.hostname, port=self._base.port, raw_path=path
        )
        request.headers["Host"] = self._base.netloc
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def sandbox():
    with running(World.new(task_seconds=0.02)) as started:
        yield started


@pytest.fixture(scope="module")
def client(sandbox):
    login = httpx.post(f"{sandbox.base_url}/anaplan/token/authenticate", auth=DEMO, verify=False)
    token = login.json()["tokenInfo"]["tokenValue"]
    transport = ToLoopback(sandbox.base_url)
    yield anaplan_sdk.Client(
        workspace_id=WORKSPACE_ID, model_id=MODEL_ID, token=token, transport=transport, status_poll_delay=0
    )
    transport.close()


def id_of(entries, name: str):
    return next(entry.id for entry in entries if entry.name == name)


def test_the_sdk_discovers_everything_in_the_model(client):
    assert [entry.name for entry in client.get_workspaces()] == ["Calder & Finch"]
    assert MODEL_ID in [entry.id for entry in client.get_models()]  # beside those of the other demo companies
    assert {entry.name for entry in client.get_imports()} >= {"Accounts from Xero", "Actuals from Xero"}
    assert [entry.name for entry in client.get_processes()] == ["Invoices from Xero"]
    assert [entry.name for entry in client.get_exports()] == ["Approved plan"]
    assert {entry.name for entry in client.get_files()} >= {"actuals.csv"}
    assert {entry.name for entry in client.tr.get_modules()} == {"Actuals", "Balances", "Invoice Register", "Plan"}
    assert {entry.name for entry in client.tr.get_lists()} >= {"Accounts", "Regions"}
    assert len(client.tr.get_line_items()) == 14
    assert "Actuals.Actuals by entity" in {entry.name for entry in client.tr.get_views()}
    assert client.tr.get_model_details().id == MODEL_ID
    assert client.tr.get_model_status().current_step == "Open"
    assert client.tr.get_current_period().period_text
    assert client.tr.get_model_calendar()


def test_the_sdk_uploads_imports_and_reads_lists_and_cells(client, sandbox):
    files, imports = client.get_files(), client.get_imports()
    client.upload_file(id_of(files, "accounts.csv"), b"Code,Name,Active,Class\n200,Sales,yes,REVENUE\n")
    task = client.run_action(id_of(imports, "Accounts from Xero"))
    assert task.result.successful
    accounts = id_of(client.tr.get_lists(), "Accounts")
    assert [(item.code, item.name) for item in client.tr.get_list_items(accounts)] == [("200", "Sales")]
    metadata = client.tr.get_list_metadata(accounts)
    assert metadata.item_count == 1
    client.upload_file(
        id_of(files, "balances.csv"), b"Entity,Version,Period,Account,Amount\nUK,Actual,2026-10-01,200,10.10\n"
    )
    assert client.run_action(id_of(imports, "Balances from Xero")).result.successful
    view = id_of(client.tr.get_views(), "Balances.Balances by entity")
    month = sandbox.world.part(Tenant).models[MODEL_ID].calendar.by_name("Oct 26").id
    shown = client.tr.get_view_data(view, pages=[(20000000003, int(month))])
    assert shown["rows"] == [{"rowCoordinates": ["Sales"], "cells": ["10.1"]}]


def test_the_sdk_adds_and_deletes_list_items(client):
    regions = id_of(client.tr.get_lists(), "Regions")
    added = client.tr.insert_list_items(regions, [{"name": "North", "code": "N"}, {"name": "South", "code": "S"}])
    assert added.added == 2
    assert client.tr.delete_list_items(regions, [{"code": "N"}]).deleted == 1
    assert [item.code for item in client.tr.get_list_items(regions)] == ["S"]


def test_the_sdk_exports(client):
    export = id_of(client.get_exports(), "Approved plan")
    assert client.export_and_download(export).decode().startswith("Entities,Versions,Time,Accounts")
