from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store import blobs as blobs_module
from ml_connector_dagster.store.blobs import SUFFIXES, Blobs
from ml_connector_dagster_tests.forks import all_at_once, fork, succeeded

ADDRESS = "snapshot/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.parquet"


@pytest.fixture(params=["local", "remote"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """Blobs on a folder, and on an object store that fsspec keeps in memory."""
    url = str(tmp_path / "blobs") if request.param == "local" else f"memory://{tmp_path.name}"
    yield Blobs(url, cache=tmp_path / "cache")
    if request.param == "remote":
        UPath(url).fs.store.clear()


@pytest.fixture
def local(tmp_path: Path) -> Blobs:
    return Blobs(str(tmp_path / "blobs"))


def read(blobs: Blobs, address: str) -> bytes:
    with blobs.open(address) as source:
        return source.read()


def old(path: Path) -> None:
    os.utime(path, (1, 1))


def test_an_address_is_the_hash_of_the_content(blobs: Blobs) -> None:
    assert blobs.put_bytes("snapshot", b"abc") == ADDRESS
    assert read(blobs, ADDRESS) == b"abc"
    assert blobs.exists(ADDRESS)


def test_the_same_content_is_the_same_blob_whichever_way_it_comes(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "spool.parquet"
    path.write_bytes(b"abc")
    assert blobs.put_file("snapshot", path) == blobs.put_bytes("snapshot", b"abc") == blobs.put_file("snapshot", path)
    assert path.read_bytes() == b"abc"


def test_a_file_is_copied_whole_however_long(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs_module, "PIECE_BYTES", 7)
    path = tmp_path / "long"
    path.write_bytes(bytes(range(256)) * 5)
    assert read(blobs, blobs.put_file("file", path)) == path.read_bytes()


def test_each_kind_has_a_folder_and_a_suffix(blobs: Blobs) -> None:
    for kind, suffix in SUFFIXES.items():
        address = blobs.put_bytes(kind, kind.encode())
        assert address.startswith(f"{kind}/")
        assert address.endswith(suffix)


def test_an_unknown_kind_is_a_mistake_of_the_caller(blobs: Blobs) -> None:
    with pytest.raises(KeyError):
        blobs.put_bytes("picture", b"")


def test_a_missing_blob_is_named_and_what_to_do(blobs: Blobs) -> None:
    assert not blobs.exists(ADDRESS)
    with pytest.raises(SettingWrong, match=r"The blob snapshot/ba/7816.*ML_CONNECTOR_BLOBS_URL"):
        blobs.open(ADDRESS)
    with pytest.raises(SettingWrong, match=r"The blob snapshot/ba"):
        blobs.local_path(ADDRESS)


def test_a_local_path_holds_the_content(blobs: Blobs) -> None:
    address = blobs.put_bytes("dump", b"row,reason")
    assert blobs.local_path(address).read_bytes() == b"row,reason"
    assert blobs.local_path(address) == blobs.local_path(address)


def test_a_remote_blob_is_downloaded_once(tmp_path: Path) -> None:
    remote = Blobs(f"memory://{tmp_path.name}", cache=tmp_path / "cache")
    address = remote.put_bytes("dump", b"x")
    path = remote.local_path(address)
    assert path.is_relative_to(tmp_path / "cache")
    UPath(f"memory://{tmp_path.name}").fs.store.clear()
    assert remote.local_path(address).read_bytes() == b"x"


def test_a_write_that_breaks_off_leaves_no_blob_and_no_rubbish(
    local: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ml_connector_dagster.store.blobs.os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        local.put_bytes("snapshot", b"abc")
    assert not local.exists(ADDRESS)
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_process_killed_while_writing_leaves_no_blob_under_its_address(
    local: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_connector_dagster.store.blobs.os.fsync", lambda descriptor: os._exit(0))
    assert succeeded(fork(lambda: local.put_bytes("snapshot", b"abc")))
    assert not local.exists(ADDRESS)
    monkeypatch.undo()
    assert local.sweep([], datetime.now(UTC) + timedelta(hours=1)).count == 1
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_processes_may_write_the_same_blob_at_once(local: Blobs) -> None:
    content = b"x" * 100_000
    assert all_at_once(lambda number: local.put_bytes("raw", content), 4)
    assert read(local, local.put_bytes("raw", content)) == content


def test_a_sweep_removes_what_nobody_names_and_is_old(local: Blobs) -> None:
    kept, dropped, young = (local.put_bytes("raw", text) for text in (b"kept", b"dropped", b"young"))
    old(local.local_path(kept))
    old(local.local_path(dropped))
    assert local.sweep([kept], datetime.now(UTC) - timedelta(hours=1)).count == 1
    assert [local.exists(address) for address in (kept, dropped, young)] == [True, False, True]


def test_a_blob_put_again_is_young_again(local: Blobs) -> None:
    """Its pointer is about to be committed: a sweep that began before must not take it."""
    address = local.put_bytes("raw", b"again")
    old(local.local_path(address))
    local.put_bytes("raw", b"again")
    assert local.sweep([], datetime.now(UTC) - timedelta(hours=1)).count == 0


def test_a_blob_put_again_while_the_sweep_looks_at_it_stays(local: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    address = local.put_bytes("raw", b"again")
    old(local.local_path(address))
    seen, looked = blobs_module._modified_at, []

    def look(path: UPath) -> datetime:
        moment = seen(path)
        if not looked:
            looked.append(local.put_bytes("raw", b"again"))  # another process, between the look and the removal
        return moment

    monkeypatch.setattr(blobs_module, "_modified_at", look)
    assert local.sweep([], datetime.now(UTC) - timedelta(hours=1)).count == 0
    assert local.is_whole(address)


def test_a_blob_is_whole_while_its_content_has_the_hash_of_its_name(blobs: Blobs) -> None:
    address = blobs.put_bytes("dump", b"row,reason")
    assert blobs.is_whole(address)
    blobs._path(address).write_bytes(b"row,other")
    assert not blobs.is_whole(address)
    assert not blobs.is_whole(ADDRESS)


def test_a_sweep_of_an_object_store_works_alike(tmp_path: Path) -> None:
    remote = Blobs(f"memory://{tmp_path.name}")
    kept, dropped = remote.put_bytes("raw", b"kept"), remote.put_bytes("raw", b"dropped")
    assert remote.sweep([kept], datetime.now(UTC) + timedelta(hours=1)).count == 1
    assert [remote.exists(address) for address in (kept, dropped)] == [True, False]
    assert remote.sweep([kept], datetime.now(UTC) + timedelta(hours=1)).count == 0
