import copy
import csv
import io

import pytest

from ml_connector_dagster.sandbox.anaplan.demo_model import demo_model
from ml_connector_dagster_tests.sandbox.anaplan.desk import BUILDER, W

ACTUALS = "Actuals from Xero"
GOOD = "UK,Actual,2026-10-01,200,C1,N,5"
BAD = "UK,Actual,2026-10-01,999,C1,N,6"
HEADER = "Entity,Version,Period,Account,Customer,Region,Amount"


def text(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def load(desk, *rows: str) -> str:
    """Load and return the address of the task."""
    desk.upload(desk.file_of(ACTUALS), text(*rows))
    return f"{W}/imports/{desk.action(ACTUALS)}/tasks/{desk.run('imports', ACTUALS)['taskId']}"


def read(desk, task: str) -> list[dict[str, str]]:
    chunks = desk.get(f"{task}/dump/chunks").json()["chunks"]
    parts = [desk.get(f"{task}/dump/chunks/{entry['id']}").text for entry in chunks]
    return list(csv.DictReader(io.StringIO("".join(parts))))


def test_a_dump_holds_the_failed_rows_with_line_and_error(stocked):
    rows = read(stocked, load(stocked, GOOD, BAD))
    assert len(rows) == 1
    assert (rows[0]["_Status_"], rows[0]["_Line_"], rows[0]["_Error_1_"]) == ("E", "3", "Invalid name: Account")
    assert (rows[0]["Account"], rows[0]["Amount"]) == ("999", "6")


def test_a_dump_has_as_many_error_columns_as_the_worst_row(stocked):
    rows = read(stocked, load(stocked, BAD, "XX,Actual,2031-01-01,999,C1,N,6"))
    assert [rows[1][f"_Error_{n}_"] for n in (1, 2, 3)] == [
        "Invalid name: Entity",
        "Invalid date: 2031-01-01",
        "Invalid name: Account",
    ]
    assert rows[0]["_Error_3_"] == ""


def test_a_dump_may_come_without_the_status_column(desk):
    definition = copy.deepcopy(demo_model())
    next(entry for entry in definition["imports"] if entry["name"] == ACTUALS)["dump_status"] = False
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    rows = read(desk, load(desk, BAD))
    assert "_Status_" not in rows[0]
    assert rows[0]["_Line_"] == "2"


def test_the_whole_dump_is_text_and_204_where_there_is_none(stocked):
    answer = stocked.get(load(stocked, BAD) + "/dump")
    assert (answer.status_code, answer.headers["content-type"].startswith("text/plain")) == (200, True)
    assert stocked.get(load(stocked, GOOD) + "/dump").status_code == 204


def test_the_next_run_overwrites_the_dump_and_the_old_flag_lies(stocked):
    first = load(stocked, BAD)
    second = load(stocked, GOOD, BAD)
    assert stocked.get(first).json()["task"]["result"]["failureDumpAvailable"] is True
    assert stocked.get(f"{first}/dump/chunks").status_code == 404
    assert len(read(stocked, second)) == 1


def test_a_clean_run_removes_the_dump(stocked):
    first = load(stocked, BAD)
    load(stocked, GOOD)
    assert stocked.get(f"{first}/dump").status_code == 404


def test_a_dump_is_its_users_alone(stocked):
    task = load(stocked, BAD)
    assert stocked.as_user(BUILDER).get(f"{task}/dump/chunks").status_code == 404


def test_a_dump_is_gone_after_48_hours_untouched(stocked):
    task = load(stocked, BAD)
    stocked.finish(48 * 3600 + 1)
    assert stocked.login().get(f"{task}/dump/chunks").status_code == 404


def test_a_dump_may_be_gone_though_the_flag_is_set(stocked):
    stocked.control("/anaplan/plans", {"object": ACTUALS, "dump_gone": True})
    task = load(stocked, BAD)
    assert stocked.get(task).json()["task"]["result"]["failureDumpAvailable"] is True
    assert stocked.get(f"{task}/dump/chunks").status_code == 404


@pytest.mark.parametrize("chunk", ["1", "x"])
def test_an_unknown_chunk_of_a_dump_is_404(stocked, chunk):
    assert stocked.get(f"{load(stocked, BAD)}/dump/chunks/{chunk}").status_code == 404


def test_a_dump_keeps_the_files_encoding(desk):
    definition = copy.deepcopy(demo_model())
    next(entry for entry in definition["files"] if entry["name"] == "actuals.csv")["encoding"] = "ISO-8859-1"
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    file = desk.file_of(ACTUALS)
    desk.post(f"{W}/files/{file}", {"chunkCount": 1})
    desk.put_chunk(file, 0, text("UK,Actual,2026-10-01,Büro,C1,N,6").encode("latin-1"), "application/octet-stream")
    task = desk.run("imports", ACTUALS)["taskId"]
    answer = desk.get(f"{W}/imports/{desk.action(ACTUALS)}/tasks/{task}/dump/chunks/0")
    assert "Büro" in answer.content.decode("latin-1")
