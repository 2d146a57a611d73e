"""Failure dumps are read by header name and fetched in chunks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_connector_dagster.anaplan.actions import FileLayout, Route
from ml_connector_dagster.anaplan.dumps import DumpRow, fetch_dump, read_dump
from ml_connector_dagster.anaplan.verdict import ActionResult
from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster_tests.anaplan.fake_http import model_with

IMPORT = Route("imports", "112000000001", "Import", "113000000001", FileLayout(("Entity", "Amount")), ("112000000001",))
PROCESS = replace(IMPORT, kind="processes", action_id="118000000001")
ACTION = ActionResult("112000000001", "Import", True, True, 1, 0, 0, 2, "")
CHUNKS = "imports/112000000001/tasks/T/dump/chunks"


def test_rows_are_read_by_name_whatever_the_order_of_columns() -> None:
    header = '"_Error_1_","Amount","_Line_","_Status_","Entity","_Error_2_"'
    dump = f'{header}\n"Invalid name: Entity","10.00","17","E","UK","Invalid number: x"\n'
    assert list(read_dump(dump.encode(), IMPORT)) == [
        DumpRow(17, "E", "Invalid name: Entity; Invalid number: x", {"Amount": "10.00", "Entity": "UK"})
    ]


def test_a_dump_without_status_or_line_is_read_all_the_same() -> None:
    assert list(read_dump(b'"Entity"\n"UK"\n', IMPORT)) == [DumpRow(0, "E", "no reason given", {"Entity": "UK"})]


def test_a_row_longer_than_its_header_loses_nothing_that_has_a_name() -> None:
    assert next(read_dump(b"Entity,_Line_\nUK,3,more\n", IMPORT)).line == 3


@pytest.mark.parametrize("content", ["\ufeffEntity\nKöln\n".encode(), "Entity\nKöln\n".encode("iso-8859-1")])
def test_the_dump_has_a_byte_order_mark_or_the_files_own_encoding(content: bytes) -> None:
    route = replace(IMPORT, layout=FileLayout(("Entity",), encoding="ISO-8859-1"))
    assert next(read_dump(content, route)).row == {"Entity": "Köln"}


def test_a_dump_in_no_known_encoding_is_still_shown() -> None:
    route = replace(IMPORT, layout=FileLayout(("Entity",), encoding="ascii"))
    assert next(read_dump(b"Entity\nK\xf6ln\n", route)).row == {"Entity": "K\ufffdln"}


def test_chunks_are_put_together_in_order() -> None:
    model = model_with({CHUNKS: {"chunks": [{"id": "0"}, {"id": "1"}]}, f"{CHUNKS}/0": b"Ent", f"{CHUNKS}/1": b"ity\n"})
    assert fetch_dump(model, IMPORT, "T", ACTION) == b"Entity\n"


def test_a_processs_dump_lies_below_the_import_inside_it() -> None:
    chunks = "processes/118000000001/tasks/T/dumps/112000000001/chunks"
    model = model_with({chunks: {"chunks": [{"id": "0"}]}, f"{chunks}/0": b"x"})
    assert fetch_dump(model, PROCESS, "T", ACTION) == b"x"


def test_a_dump_that_is_gone_is_none_and_another_refusal_an_error() -> None:
    assert fetch_dump(model_with({CHUNKS: RequestRejected("404.", "", "", status=404)}), IMPORT, "T", ACTION) is None
    assert fetch_dump(model_with({CHUNKS: {}}), IMPORT, "T", ACTION) is None
    with pytest.raises(RequestRejected):
        fetch_dump(model_with({CHUNKS: RequestRejected("403.", "", "", status=403)}), IMPORT, "T", ACTION)
