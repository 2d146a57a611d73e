"""Files that last: snapshots, answers, files sent, sidecars and dumps; each under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from upath import UPath

from ml_connector_dagster.errors import SettingWrong

SUFFIXES = {
    "snapshot": ".parquet",
    "raw": ".bin",
    "file": ".csv",
    "sidecar": ".parquet",
    "cells": ".parquet",
    "dump": ".csv",
}
"""Every kind of blob, with the suffix its address ends in."""
PIECE_BYTES = 1 << 20
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed, or would."""

    count: int
    size_bytes: int


class Blobs:
    """Content-addressed files on a path or an object store (``s3://``, ``gs://``, ``az://`` through fsspec).

    An address is ``kind/ab/<sha256><suffix>``; the same bytes always have the same one, so a repeat costs nothing.
    """

    def __init__(self, url: str, *, cache: Path | None = None) -> None:
        """Take the root.

        Args:
            url: A local path or an fsspec URL.
            cache: Where remote blobs are downloaded to; by default a folder of the system's temporary directory.
        """
        self._root = UPath(url)
        self._is_local = self._root.protocol in {"", "file", "local"}
        self._cache = cache or Path(tempfile.gettempdir()) / "ml_connector_blobs"

    def put_bytes(self, kind: str, data: bytes) -> str:
        """Keep the bytes and answer their address."""
        address = _address(kind, hashlib.sha256(data).hexdigest())
        if not self._touch(address):
            with self._written(address) as target:
                target.write(data)
        return address

    def put_file(self, kind: str, path: Path) -> str:
        """Keep a copy of the file and answer its address; the file itself stays where it is."""
        with path.open("rb") as source:
            address = _address(kind, hashlib.file_digest(source, "sha256").hexdigest())
            if not self._touch(address):
                source.seek(0)
                with self._written(address) as target:
                    shutil.copyfileobj(source, target, PIECE_BYTES)
        return address

    def open(self, address: str) -> BinaryIO:
        """Open the blob for reading.

        Raises:
            SettingWrong: There is no such blob: another root, or it was swept.
        """
        try:
            return self._path(address).open("rb")
        except FileNotFoundError as error:
            raise self._missing(address) from error

    def local_path(self, address: str) -> Path:
        """Answer a local file with the blob's content, downloaded once where the root is remote; never write to it.

        Raises:
            SettingWrong: There is no such blob.
        """
        if self._is_local:
            if not self.exists(address):
                raise self._missing(address)
            return Path(self._path(address).path)
        path = self._cache / address
        if not path.exists():
            with self.open(address) as source, _renamed_into(path) as target:
                shutil.copyfileobj(source, target, PIECE_BYTES)
        return path

    def exists(self, address: str) -> bool:
        """Answer whether the blob is kept."""
        return bool(self._path(address).exists())

    def is_whole(self, address: str) -> bool:
        """Answer whether the blob is kept and its content still has the hash that its address names."""
        _, begins, rest = address.split("/")
        try:
            with self.open(address) as source:
                digest = hashlib.sha256()
                while piece := source.read(PIECE_BYTES):
                    digest.update(piece)
        except SettingWrong:
            return False
        return digest.hexdigest() == begins + rest.partition(".")[0]

    def sweep(self, keep: Collection[str], older_than: datetime, *, dry_run: bool = False) -> Swept:
        """Remove blobs that nobody points at, and answer how many.

        Args:
            keep: Every address that a pointer or a load names.
            older_than: Aware UTC; younger ones stay, since their pointer may not be committed yet.
            dry_run: Count only.
        """
        kept = frozenset(keep)
        count = size_bytes = 0
        for kind in SUFFIXES:
            for path in (self._root / kind).glob("*/*"):
                if f"{kind}/{path.parent.name}/{path.name}" not in kept and _modified_at(path) < older_than:
                    size = path.stat().st_size
                    if dry_run or self._removed(path, older_than):
                        count, size_bytes = count + 1, size_bytes + size
        return Swept(count, size_bytes)

    def _removed(self, path: UPath, older_than: datetime) -> bool:
        """Remove the blob unless somebody put it again since it was looked at; answers whether it is gone.

        It is moved aside first: a put that comes now finds none and writes it anew, one that came before made it young.
        An object store moves nothing aside; there a put writes the object again, within the milliseconds between look
        and removal at worst lost, which the next reading of it says.
        """
        if not self._is_local:
            path.unlink()
            return True
        here = Path(path.path)
        aside = here.with_name(here.name + UNFINISHED)
        here.rename(aside)
        if _modified_at(UPath(aside)) >= older_than:
            aside.replace(here)
            return False
        aside.unlink()
        return True

    def _touch(self, address: str) -> bool:
        """Answer whether the blob is there, and make it young: a sweep under way must not take it from us."""
        if not self.exists(address):
            return False
        if self._is_local:
            try:
                os.utime(self._path(address).path)
            except FileNotFoundError:  # a sweep took it this moment
                return False
            return True
        return False  # an object store keeps no touch: writing the same bytes again makes it young

    @contextmanager
    def _written(self, address: str) -> Iterator[BinaryIO]:
        path = self._path(address)
        if self._is_local:
            with _renamed_into(Path(path.path)) as target:
                yield target
            return
        with path.open("wb") as remote:  # an object appears when it is complete
            yield remote

    def _path(self, address: str) -> UPath:
        return self._root / address

    def _missing(self, address: str) -> SettingWrong:
        return SettingWrong(
            f"The blob {address} is not under {self._root}.",
            "A record of the state database points at a file that is gone, so it cannot be read again.",
            "Point ML_CONNECTOR_BLOBS_URL at the right root, or restore it together with the database; then pull the period again.",
            blob=address,
        )


@contextmanager
def _renamed_into(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=path.stem[:12], suffix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _modified_at(path: UPath) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _address(kind: str, digest: str) -> str:
    return f"{kind}/{digest[:2]}/{digest[2:]}{SUFFIXES[kind]}"
