"""Uploads an import's file: numbered gzip chunks split at row ends, each confirmed before the import may start.

The upload is private to the login and lasts 48 hours; an import that finds none reads an old default file in silence.
So a file is always uploaded right before its import, under the model's lease (reference: anaplan.md §5).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ml_connector_dagster.errors import OutcomeUnknown, SettingWrong, TemporarilyRefused
from ml_connector_dagster.store.faultpoints import fault_point

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.actions import Route
    from ml_connector_dagster.anaplan.client import AnaplanModel

_MOST_CHUNKS = 1000
_NO_CONTENT = 204


def upload(model: AnaplanModel, route: Route, path: Path, beat: Callable[[], None]) -> int:
    """Send the file and answer the number of chunks; no ``complete`` is needed, since the exact count is declared.

    Each PUT is repeatable (same bytes, same number). Any that is not confirmed ends the upload, so that a short file is
    never imported.

    Args:
        model: The model.
        route: Whose data source (113…) takes it.
        path: The file, cut as ``route.layout`` says.
        beat: Called before the file is opened and before each chunk; raises when the lease is lost.

    Raises:
        SettingWrong: More chunks than Anaplan takes.
        TemporarilyRefused: The upload takes longer than the patience's ``upload_deadline_seconds``.
        ConnectorError: A chunk was not taken; nothing was imported.
    """
    encoding = route.layout.encoding
    count = sum(1 for _ in chunks_of(path, model.chunk_bytes, encoding))
    if count > _MOST_CHUNKS:
        raise SettingWrong(
            f"The file needs {count} chunks; Anaplan takes {_MOST_CHUNKS}.",
            "Nothing was sent.",
            "Set larger chunks, or load fewer rows at a time.",
        )
    address = model.address(f"files/{route.file_id}")
    beat()  # declaring the chunks forgets whatever another holder has uploaded
    model.post(address, {"chunkCount": count}, repeatable=True)
    deadline = model.patience.clock() + model.patience.upload_deadline_seconds
    for number, chunk in enumerate(chunks_of(path, model.chunk_bytes, encoding)):
        beat()
        _refuse_the_late(model, deadline, f"{number} of {count} chunks")
        fault_point(f"upload.chunk.{number}")
        _put(model, f"{address}/chunks/{number}", chunk)
    return count


def chunks_of(path: Path, chunk_bytes: int, encoding: str = "UTF-8") -> Iterator[bytes]:
    """Yield pieces of about ``chunk_bytes``, each ending at a row's end; an empty file is one empty piece.

    Our files hold no line break inside a value (control characters are stripped), so each one ends a row. Trap: in UTF-16
    the byte of a line feed is also half of other characters, and a piece must hold whole ones.
    """
    end_of_row = "\n".encode(encoding)
    whole = -(-chunk_bytes // len(end_of_row)) * len(end_of_row)
    with path.open("rb") as file:
        yielded = False
        while piece := file.read(whole):
            yield piece + _rest_of_row(file, piece, end_of_row)
            yielded = True
        if not yielded:
            yield b""


def _rest_of_row(file: BinaryIO, piece: bytes, end_of_row: bytes) -> bytes:
    width, rest = len(end_of_row), b""
    while not (rest or piece).endswith(end_of_row):
        line = file.readline()
        line += file.read(-len(line) % width)
        if not line:
            break
        rest += line
    return rest


def _refuse_the_late(model: AnaplanModel, deadline: float, sent: str) -> None:
    if model.patience.clock() > deadline:
        raise TemporarilyRefused(
            f"The upload took longer than {model.patience.upload_deadline_seconds:.0f} seconds ({sent}).",
            "The run would be ended while Anaplan works on the import, so none was started.",
            "The load is tried again by itself; if it stays so, look at the line to Anaplan or load less at a time.",
        )


def _put(model: AnaplanModel, url: str, chunk: bytes) -> None:
    headers = {"Content-Type": "application/x-gzip"}
    answer = model.http.send("PUT", url, headers=headers, content=gzip.compress(chunk, 6), repeatable=True)
    if answer.status not in (200, _NO_CONTENT):
        raise OutcomeUnknown(
            f"Anaplan answered {answer.status} to a chunk ({answer.url_shown}).",
            "The file may be short, so no import was started.",
            "The load is tried again by itself, with the whole file.",
            status=answer.status,
        )
