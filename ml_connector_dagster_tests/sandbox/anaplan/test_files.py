import gzip

import pytest

from ml_connector_dagster_tests.sandbox.anaplan.desk import BUILDER, W

HEADER = "Code,Name,Active\n"
REGIONS = "Regions from Xero"


@pytest.fixture
def file(desk):
    return desk.file_of(REGIONS)


def content(desk, file_id: str) -> str:
    answer = desk.get(f"{W}/files/{file_id}")
    return answer.text if answer.status_code == 200 else ""


def test_chunks_come_back_in_order(desk, file):
    desk.upload(file, HEADER, "N,North,yes\n", "S,South,yes\n")
    chunks = desk.get(f"{W}/files/{file}/chunks").json()["chunks"]
    assert [entry["id"] for entry in chunks] == ["0", "1", "2"]
    parts = [desk.get(f"{W}/files/{file}/chunks/{entry['id']}").text for entry in chunks]
    assert "".join(parts) == content(desk, file) == HEADER + "N,North,yes\nS,South,yes\n"


def test_a_post_forgets_chunks_and_content_at_once(desk, file):
    desk.upload(file, HEADER)
    assert desk.post(f"{W}/files/{file}", {"chunkCount": 1}).status_code == 200
    assert desk.get(f"{W}/files/{file}").status_code == 404
    assert desk.get(f"{W}/files/{file}/chunks/0").status_code == 404


def test_declared_chunks_are_listed_though_none_came(desk, file):
    desk.post(f"{W}/files/{file}", {"chunkCount": 3})
    assert len(desk.get(f"{W}/files/{file}/chunks").json()["chunks"]) == 3


def test_gzip_is_undone_only_under_x_gzip(desk, file):
    packed = gzip.compress(HEADER.encode())
    desk.post(f"{W}/files/{file}", {"chunkCount": 2})
    assert desk.put_chunk(file, 0, packed).status_code == 204
    assert desk.put_chunk(file, 1, packed, "application/octet-stream").status_code == 204
    assert desk.get(f"{W}/files/{file}/chunks/0").text == HEADER
    assert desk.get(f"{W}/files/{file}/chunks/1").content == packed


def test_broken_gzip_is_400_and_another_type_415(desk, file):
    desk.post(f"{W}/files/{file}", {"chunkCount": 1})
    assert desk.put_chunk(file, 0, b"Code,Name").status_code == 400
    assert desk.put_chunk(file, 0, gzip.compress(b"Code")[:-4]).status_code == 400
    assert desk.put_chunk(file, 0, b"Code,Name", "text/csv").status_code == 415


def test_a_missing_chunk_makes_a_short_file_and_no_error(desk, file):
    desk.post(f"{W}/files/{file}", {"chunkCount": 3})
    desk.put_chunk(file, 0, gzip.compress(HEADER.encode()))
    desk.put_chunk(file, 2, gzip.compress(b"S,South,yes\n"))
    result = desk.run("imports", REGIONS)["result"]
    assert (result["successful"], result["failureDumpAvailable"]) == (True, False)
    assert [item.code for item in desk.model.list_named("Regions").items()] == ["S"]


def test_putting_a_chunk_again_replaces_it(desk, file):
    desk.post(f"{W}/files/{file}", {"chunkCount": 1})
    desk.put_chunk(file, 0, b"old", "application/octet-stream")
    desk.put_chunk(file, 0, b"new", "application/octet-stream")
    assert content(desk, file) == "new"


def test_a_chunk_outside_the_declaration_is_400(desk, file):
    assert desk.put_chunk(file, 0, b"x", "application/octet-stream").status_code == 400
    desk.post(f"{W}/files/{file}", {"chunkCount": 1})
    assert desk.put_chunk(file, 1, b"x", "application/octet-stream").status_code == 400
    assert (
        desk.call("PUT", f"{W}/files/{file}/chunks/a", headers={"Content-Type": "application/octet-stream"}).status_code
        == 404
    )


@pytest.mark.parametrize("count", [0, 1001, "1", None, -2])
def test_a_wrong_chunk_count_is_400(desk, file, count):
    assert desk.post(f"{W}/files/{file}", {"chunkCount": count}).status_code == 400


def test_an_unknown_number_of_chunks_ends_with_complete(desk, file):
    desk.post(f"{W}/files/{file}", {"chunkCount": -1})
    desk.put_chunk(file, 0, gzip.compress(HEADER.encode()))
    desk.put_chunk(file, 1, gzip.compress(b"N,North,yes\n"))
    body = desk.post(f"{W}/files/{file}/complete", {"id": file}).json()
    assert body["file"]["chunkCount"] == 2
    assert content(desk, file).endswith("North,yes\n")


def test_a_whole_file_goes_up_in_one_put(desk, file):
    answer = desk.call("PUT", f"{W}/files/{file}", content=b"abc", headers={"Content-Type": "application/octet-stream"})
    assert (answer.status_code, content(desk, file)) == (204, "abc")
    assert desk.call("PUT", f"{W}/files/{file}", content=b"x", headers={"Content-Type": "text/csv"}).status_code == 415


def test_a_private_file_is_its_users_alone(desk, file):
    desk.upload(file, HEADER + "N,North,yes\n")
    builder = desk.as_user(BUILDER)
    assert builder.get(f"{W}/files/{file}").status_code == 404
    result = builder.run("imports", REGIONS)["result"]
    assert result["details"][0]["type"] == "uploadedFileNoLongerAvailable"
    assert desk.run("imports", REGIONS)["result"]["successful"]


def test_after_48_hours_untouched_the_default_file_is_imported_without_a_word(desk, file):
    desk.control("/anaplan/files", {"file": file, "default": HEADER + "OLD,Stale,yes\n"})
    desk.upload(file, HEADER + "N,North,yes\n")
    desk.finish(48 * 3600 + 1)
    result = desk.login().run("imports", REGIONS)["result"]
    assert result["successful"]
    assert [item.code for item in desk.model.list_named("Regions").items()] == ["OLD"]


def test_access_keeps_a_private_file_alive(desk, file):
    desk.upload(file, HEADER + "N,North,yes\n")
    for _ in range(3):
        desk.finish(40 * 3600)
        assert desk.login().get(f"{W}/files/{file}").status_code == 200


def test_without_private_and_default_file_the_import_fails(desk):
    result = desk.run("imports", REGIONS)["result"]
    assert not result["successful"]
    assert result["details"][0]["type"] == "uploadedFileNoLongerAvailable"


def test_delete_removes_my_copy_and_the_default_stays(desk, file):
    desk.control("/anaplan/files", {"file": file, "default": HEADER})
    desk.upload(file, HEADER)
    assert desk.call("DELETE", f"{W}/files/{file}").status_code == 204
    assert desk.call("DELETE", f"{W}/files/{file}").status_code == 404
    shown = next(entry for entry in desk.get(f"{W}/files").json()["files"] if entry["id"] == file)
    assert shown["chunkCount"] == 1


def test_the_listing_says_how_to_write_the_file(desk, file):
    shown = next(entry for entry in desk.get(f"{W}/files").json()["files"] if entry["id"] == file)
    assert (shown["separator"], shown["delimiter"], shown["encoding"], shown["headerRow"]) == (",", '"', "UTF-8", 1)
