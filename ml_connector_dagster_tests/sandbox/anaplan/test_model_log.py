from itertools import pairwise

from ml_connector_dagster_tests.sandbox.anaplan.desk import DEMO, JSON, M, W

REGIONS, ACCOUNTS = "Regions from Xero", "Accounts from Xero"
TEXT = {REGIONS: "Code,Name,Active\nN,North,yes\n", ACCOUNTS: "Code,Name,Active,Class\n200,Sales,yes,REVENUE\n"}


def read_back(desk, agent: str) -> None:
    view = desk.model.view_named("Balances by entity").id
    headers = {**JSON, "User-Agent": agent}
    assert desk.get(f"{M}/views/{view}/data", params={"format": "v1"}, headers=headers).status_code == 200


def upload(desk, name: str, agent: str) -> None:
    file, headers = desk.file_of(name), {"User-Agent": agent}
    desk.post(f"{W}/files/{file}", {"chunkCount": 1}, headers=headers)
    binary = {**headers, "Content-Type": "application/octet-stream"}
    desk.call("PUT", f"{W}/files/{file}/chunks/0", content=TEXT[name].encode(), headers=binary)


def start(desk, name: str, agent: str, looks: str = "") -> None:
    path = f"{W}/imports/{desk.action(name)}/tasks"
    started = desk.post(path, {"localeName": "en_US"}, headers={"User-Agent": agent})
    desk.finish(60)
    task = f"{path}/{started.json()['task']['taskId']}"
    assert desk.get(task, headers={**JSON, "User-Agent": looks or agent}).status_code == 200


def intervals(desk):
    return desk.control("/anaplan/log")["intervals"]


def overlapping(found) -> bool:
    ordered = sorted(found, key=lambda entry: entry["began_at"])
    return any(later["began_at"] < earlier["ended_at"] for earlier, later in pairwise(ordered))


def test_loads_one_after_another_have_disjoint_intervals(desk):
    for name in (REGIONS, ACCOUNTS):
        upload(desk, name, name)
        start(desk, name, name)
        read_back(desk, name)
    found = intervals(desk)
    assert [entry["file_id"] for entry in found] == [desk.file_of(REGIONS), desk.file_of(ACCOUNTS)]
    assert not overlapping(found)


def test_what_one_reads_by_another_connection_between_two_loads_prolongs_neither(desk):
    for name in (REGIONS, ACCOUNTS):
        upload(desk, name, "writes")
        start(desk, name, "writes", looks="reads")
        read_back(desk, "reads")
        read_back(desk, "reads")
    assert not overlapping(intervals(desk))


def test_an_upload_while_another_connection_of_a_load_still_reads_overlaps(desk):
    upload(desk, REGIONS, "one")
    start(desk, REGIONS, "one", looks="one reads")
    upload(desk, ACCOUNTS, "two")
    start(desk, ACCOUNTS, "two", looks="two reads")
    read_back(desk, "one reads")
    assert overlapping(intervals(desk))


def test_an_upload_during_another_load_overlaps(desk):
    upload(desk, REGIONS, "one")
    start(desk, REGIONS, "one")
    upload(desk, ACCOUNTS, "two")
    read_back(desk, "one")
    assert overlapping(intervals(desk))


def test_an_interval_reaches_from_the_first_chunk_to_the_read_back(desk):
    upload(desk, REGIONS, "one")
    start(desk, REGIONS, "one")
    read_back(desk, "one")
    (found,) = intervals(desk)
    events = desk.control("/anaplan/log")["events"]
    assert found["began_at"] == events[0]["at"]
    assert found["ended_at"] == events[-1]["at"]
    assert [entry["event"] for entry in events] == [
        "file_opened",
        "chunk",
        "task_created",
        "task_started",
        "task_ended",
        "task_looked",
        "view_read",
    ]
    assert {entry["user"] for entry in events} == {DEMO[0]}
    assert len({entry["task_id"] for entry in events} - {""}) == 1


def test_a_strangers_look_during_the_next_upload_makes_no_overlap(desk):
    upload(desk, REGIONS, "one")
    start(desk, REGIONS, "one")
    read_back(desk, "one")
    upload(desk, ACCOUNTS, "two")
    read_back(desk, "stranger")
    start(desk, ACCOUNTS, "two")
    assert not overlapping(intervals(desk))


def test_a_dead_loads_interval_ends_with_its_task(desk):
    upload(desk, REGIONS, "one")
    start(desk, REGIONS, "one")
    upload(desk, ACCOUNTS, "two")
    start(desk, ACCOUNTS, "two")
    read_back(desk, "two")
    first, second = intervals(desk)
    assert first["ended_at"] <= second["began_at"]


def test_a_process_belongs_to_the_upload_of_its_file(desk):
    header = "Document,Entity,Customer,Number,Date,Due,Status,Amount,Transaction,Loaded,Active"
    desk.load_process("Invoices from Xero", f"{header}\n")
    (found,) = intervals(desk)
    assert len(found["task_ids"]) == 1
