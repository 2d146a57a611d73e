"""Uploads: chunks end at row ends, each is confirmed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_connector_dagster.anaplan.actions import FileLayout, Route
from ml_connector_dagster.anaplan.files import chunks_of, upload
from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.errors import OutcomeUnknown, SettingWrong, TemporarilyRefused
from ml_connector_dagster_tests.anaplan.fake_http import model_with

FILE = "files/113000000001"
ROUTE = Route("imports", "112000000001", "Import", "113000000001", FileLayout(("A",)), ("112000000001",))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))  # a busy machine is no finding
@given(rows=st.lists(st.text("abc,ü€", max_size=30), max_size=30), size=st.integers(1, 60))
def test_chunks_are_the_file_and_end_at_row_ends(
    rows: list[str], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("chunks") / "file.csv"
    content = "".join(f"{row}\r\n" for row in rows).encode()
    path.write_bytes(content)
    pieces = list(chunks_of(path, size))
    assert b"".join(pieces) == content
    assert all(piece.endswith(b"\n") for piece in pieces if piece)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_no_character_of_a_utf_16_file_is_torn(tmp_path: Path, encoding: str) -> None:
    """Ċ and ਅ hold the byte of a line feed in one half or the other."""
    path = tmp_path / "file.csv"
    content = "a,ü\r\nĊċ,ਅ\r\nccc,x\r\n".encode(encoding)
    path.write_bytes(content)
    for size in range(1, 20):
        pieces = list(chunks_of(path, size, encoding))
        assert b"".join(pieces) == content
        assert all(piece.decode(encoding).endswith("\n") for piece in pieces)


def test_a_file_without_a_last_line_break_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a\nb")
    assert list(chunks_of(path, 2)) == [b"a\n", b"b"]


def test_an_upload_declares_its_chunks_and_sends_each_gzipped_in_order(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"one\r\ntwo\r\nthree\r\n")
    model = model_with({FILE: {}, f"{FILE}/chunks/0": 204, f"{FILE}/chunks/1": 204, f"{FILE}/chunks/2": 204})
    model.chunk_bytes = 4
    pings: list[int] = []
    assert upload(model, ROUTE, path, lambda: pings.append(1)) == 3
    asked = model.http.asked
    assert (asked[0][:2], asked[0][2].json) == (("POST", FILE), {"chunkCount": 3})
    assert [gzip.decompress(sent.content) for _, _, sent in asked[1:]] == [b"one\r\n", b"two\r\n", b"three\r\n"]
    assert {sent.headers["Content-Type"] for _, _, sent in asked[1:]} == {"application/x-gzip"}
    assert len(pings) == 1 + 3, "before the file is opened, and before each chunk"


def test_a_chunk_that_is_not_confirmed_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"one\r\n")
    with pytest.raises(OutcomeUnknown, match=r"202 to a chunk"):
        upload(model_with({FILE: {}, f"{FILE}/chunks/0": 202}), ROUTE, path, lambda: None)


def test_an_upload_that_would_outlast_the_run_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"one\r\ntwo\r\n")
    model = model_with({FILE: {}, f"{FILE}/chunks/0": 204})
    model.chunk_bytes = 4
    ticks = iter([0.0, 1.0, 1201.0])
    model.patience = Patience(clock=lambda: next(ticks))
    with pytest.raises(TemporarilyRefused, match=r"longer than 1200 seconds \(1 of 2 chunks\)"):
        upload(model, ROUTE, path, lambda: None)


def test_more_chunks_than_anaplan_takes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"x\n" * 1001)
    model = model_with({})
    model.chunk_bytes = 1
    with pytest.raises(SettingWrong, match=r"1001 chunks"):
        upload(model, ROUTE, path, lambda: None)
