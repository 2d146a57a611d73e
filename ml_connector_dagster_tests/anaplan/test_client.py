"""Addresses, envelopes and paging of the Integration API."""

from __future__ import annotations

import pytest

from ml_connector_dagster.anaplan.client import AnaplanModel
from ml_connector_dagster.anaplan.endpoints import AnaplanEndpoints
from ml_connector_dagster.anaplan.identifiers import ModelId, WorkspaceId, object_kind
from ml_connector_dagster.anaplan.refusals import classify
from ml_connector_dagster.errors import RequestRejected, SettingWrong, TemporarilyRefused
from ml_connector_dagster.transport.answer import Answer
from ml_connector_dagster_tests.anaplan.fake_http import MODEL, WORKSPACE, FakeHttp, model_with


def test_both_documented_forms_of_an_address() -> None:
    model = model_with({})
    assert model.address("imports") == f"https://api/workspaces/{WORKSPACE}/models/{MODEL}/imports"
    assert model.short_address("versions") == f"https://api/models/{MODEL}/versions"
    assert model.short_address("") == f"https://api/models/{MODEL}"


def test_pages_are_asked_for_by_limit_and_offset_and_next_is_never_followed() -> None:
    paging = {"totalSize": 3, "currentPageSize": 2, "next": "https://elsewhere/?limit=20&offset=20"}

    def page(sent):
        rows = [{"id": "1"}, {"id": "2"}] if sent["offset"] == "0" else [{"id": "3"}]
        return {"meta": {"paging": paging}, "files": rows}

    model = model_with({"files": page})
    assert [one["id"] for one in model.collect(model.address("files"), "files")] == ["1", "2", "3"]
    assert [sent["limit"] for _, _, sent in model.http.asked] == ["5000", "5000"]


def test_an_empty_page_ends_the_reading_whatever_the_total_says() -> None:
    model = model_with({"files": {"meta": {"paging": {"totalSize": 9}}}})
    assert model.collect(model.address("files"), "files") == []


def test_a_collection_without_paging_is_whole() -> None:
    model = model_with({"files": {"files": [{"id": "1"}]}})
    assert len(model.listed("files", "files")) == 1
    assert model.listed("files", "files") is model.listed("files", "files")
    assert len(model.http.asked) == 1


def test_an_empty_body_is_an_empty_object_and_a_list_is_refused() -> None:
    model = model_with({"files": b"", "lists": b"[1]"})
    assert model.get(model.address("files")) == {}
    with pytest.raises(RequestRejected, match=r"JSON that is no object"):
        model.get(model.address("lists"))


@pytest.mark.parametrize(
    ("answer", "activity"),
    [
        ({"requestStatus": {"currentStep": "Open"}}, ""),
        ({"requestStatus": {"currentStep": "Processing ..."}}, "Processing ..."),
        ({}, ""),
        (405, ""),
        (404, ""),
    ],
)
def test_a_model_says_what_it_does_or_counts_as_idle(answer: object, activity: str) -> None:
    assert model_with({"status": answer}).activity() == activity


def test_a_model_says_its_state() -> None:
    assert model_with({"": {"model": {"activeState": "PRODUCTION"}}}).state() == "PRODUCTION"
    assert model_with({"": {}}).state() == "unknown"


@pytest.mark.parametrize(("workspace", "model"), [(MODEL, MODEL), (WORKSPACE, WORKSPACE), ("x", MODEL)])
def test_ids_in_the_wrong_case_are_refused_before_any_call(workspace: str, model: str) -> None:
    with pytest.raises(SettingWrong):
        AnaplanModel(FakeHttp({}), api_url="https://api", workspace_id=workspace, model_id=model, locks=None)


def test_ids_are_texts_that_know_their_kind() -> None:
    assert (WorkspaceId(WORKSPACE), ModelId(MODEL)) == (WORKSPACE, MODEL)
    assert [object_kind(f"{prefix}000000001") for prefix in ("112", "113", "118")] == [
        "import_action",
        "anaplan_file",
        "process",
    ]
    for wrong in ("999000000001", "112"):
        with pytest.raises(SettingWrong, match=r"not an Anaplan object id"):
            object_kind(wrong)


@pytest.mark.parametrize(
    ("region", "api", "auth"),
    [
        ("us1", "https://api.anaplan.com/2/0", "https://auth.anaplan.com"),
        ("eu3", "https://eu3.api.anaplan.com/2/0", "https://eu3.auth.anaplan.com"),
        ("ca1", "https://ca1a.api.anaplan.com/2/0", "https://ca1a.auth.anaplan.com"),
        ("au1", "https://au1a.api2.anaplan.com/2/0", "https://au1a.app2.anaplan.com"),
    ],
)
def test_every_region_has_its_hosts(region: str, api: str, auth: str) -> None:
    endpoints = AnaplanEndpoints.of_region(region)
    assert (endpoints.api, endpoints.auth) == (api, auth)


def test_an_unknown_region_names_the_known_ones() -> None:
    with pytest.raises(SettingWrong, match=r"'mars' is not an Anaplan region.*us1"):
        AnaplanEndpoints.of_region("mars")


def test_the_sandbox_has_all_three_below_one_address() -> None:
    assert AnaplanEndpoints.of_sandbox("http://127.0.0.1:1/") == AnaplanEndpoints(
        "http://127.0.0.1:1/anaplan/2/0", "http://127.0.0.1:1/anaplan", "http://127.0.0.1:1/anaplan"
    )


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, RequestRejected, "no access"),
        (409, TemporarilyRefused, "busy"),
        (422, SettingWrong, "archived"),
        (423, TemporarilyRefused, "locked"),
        (424, TemporarilyRefused, "maintenance"),
        (425, RequestRejected, "deployed"),
    ],
)
def test_anaplans_own_statuses_have_their_meaning(status: int, kind: type, words: str) -> None:
    error = classify(Answer(status, {}, b"", "GET x"))
    assert isinstance(error, kind)
    assert words in str(error)
    assert error.context["status"] == status


def test_other_statuses_mean_what_they_always_mean() -> None:
    assert classify(Answer(418, {}, b"", "GET x")) is None
