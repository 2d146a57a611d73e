"""The import action a connection names, and what its file must look like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml_connector_dagster.anaplan.actions import FileLayout, Route, check_header, find_route
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster_tests.anaplan.fake_http import model_with

SOURCE = {
    "headerNames": ["A", "B"],
    "headerRow": 1,
    "firstDataRow": 2,
    "columnSeparator": ";",
    "textEncoding": "ISO-8859-1",
}


def offer(**changed: Any) -> dict[str, Any]:
    imports = [
        {"id": "112000000001", "name": "Actuals", "importDataSourceId": "113000000001"},
        {"id": "112000000002", "name": "Twice", "importDataSourceId": "113000000002"},
        {"id": "112000000003", "name": "Twice", "importDataSourceId": "113000000003"},
        {"id": "112000000004", "name": "From a model", "importDataSourceId": "102000000001"},
    ]
    steps = [
        {"id": "117000000001", "actionType": "DELETE_BY_SELECTION"},
        {"id": "112000000001", "name": "Actuals", "actionType": "IMPORT", "importDataSourceId": "113000000001"},
        {"id": "112000000004", "name": "From a model", "actionType": "IMPORT", "importDataSourceId": "102000000001"},
    ]
    metadata = {"importMetadata": {"type": "FILE", "source": SOURCE}}
    answers = {
        "imports": {"imports": imports, "meta": {"paging": {"totalSize": len(imports)}}},
        "processes": {"processes": [{"id": "118000000001", "name": "All of it"}]},
        "processes/118000000001": {"processMetadata": {"actions": steps}},
        **{f"imports/{one['id']}": metadata for one in imports},
    }
    return {**answers, **changed}


@pytest.mark.parametrize("wanted", ["Actuals", "112000000001"])
def test_an_import_is_found_by_exact_name_or_id_with_its_layout(wanted: str) -> None:
    route = find_route(model_with(offer()), wanted)
    assert (route.kind, route.action_id, route.file_id, route.imports) == (
        "imports",
        "112000000001",
        "113000000001",
        ("112000000001",),
    )
    assert route.layout == FileLayout(("A", "B"), ";", '"', "ISO-8859-1", ".")


def test_a_process_is_loaded_through_the_one_file_that_it_reads() -> None:
    route = find_route(model_with(offer()), "All of it")
    assert (route.kind, route.file_id, route.layout.headers) == ("processes", "113000000001", ("A", "B"))
    assert route.imports == ("112000000001", "112000000004")


def test_a_route_survives_being_kept_as_json() -> None:
    route = find_route(model_with(offer()), "All of it")
    assert Route.of(json.loads(json.dumps(route.facts()))) == route


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("actuals", r"no import action or process 'actuals'.*among others: Actuals"),
        ("Twice", r"2 import actions or processes are called 'Twice' \(112000000002, 112000000003\)"),
        ("From a model", r"'From a model' in Anaplan reads from another model or view"),
        ("113000000001", r"neither an import action \(112…\) nor a process"),
        ("12", r"'12' is not an Anaplan object id"),
        ("112000000099", r"no import action or process '112000000099'"),
    ],
)
def test_what_cannot_be_found_or_loaded_is_said(wanted: str, words: str) -> None:
    with pytest.raises(SettingWrong, match=words):
        find_route(model_with(offer()), wanted)


def test_a_data_source_whose_header_is_not_in_row_one_is_refused() -> None:
    changed = {"imports/112000000001": {"importMetadata": {"type": "FILE", "source": {**SOURCE, "headerRow": 3}}}}
    with pytest.raises(SettingWrong, match=r"does not expect the header in row 1"):
        find_route(model_with(offer(**changed)), "Actuals")


def test_a_process_over_two_files_is_refused() -> None:
    steps = [
        {"id": f"11200000000{n}", "name": "x", "actionType": "IMPORT", "importDataSourceId": f"11300000000{n}"}
        for n in (1, 2)
    ]
    with pytest.raises(SettingWrong, match=r"'All of it' in Anaplan reads 2 files"):
        find_route(
            model_with(offer(**{"processes/118000000001": {"processMetadata": {"actions": steps}}})), "All of it"
        )


def test_a_process_whose_steps_expect_different_columns_is_refused() -> None:
    steps = [
        {"id": f"11200000000{n}", "name": "x", "actionType": "IMPORT", "importDataSourceId": "113000000001"}
        for n in (1, 2)
    ]
    other = {"importMetadata": {"type": "FILE", "source": {**SOURCE, "headerNames": ["B"]}}}
    changed = {"processes/118000000001": {"processMetadata": {"actions": steps}}, "imports/112000000002": other}
    with pytest.raises(SettingWrong, match=r"different columns of the same file"):
        find_route(model_with(offer(**changed)), "All of it")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (("B", "A"), "Column 1 of the file is 'B'.* expects 'A'"),
        (("A",), "Column 2 of the file is 'missing'.* expects 'B'"),
        (("A", "B", "C"), "Column 3 of the file is 'C'.* expects 'no more'"),
        (("A", "b"), "Column 2 of the file is 'b'.* expects 'B'"),
    ],
)
def test_the_first_column_that_differs_is_named(header: tuple[str, ...], words: str) -> None:
    route = find_route(model_with(offer()), "Actuals")
    with pytest.raises(SettingWrong, match=words):
        check_header(route, header)
    check_header(route, ("A", "B"))
