"""Private files: content per user in chunks, gone 48 hours after the last access, the default file behind it."""

import gzip
import zlib
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.anaplan.definitions import FileDefinition
from ml_connector_dagster.sandbox.clock import Clock

KEPT_SECONDS = 48 * 3600
_CHUNK_LIMIT_BYTES = 50 * 1024 * 1024
MAX_CHUNKS = 1000


class ChunkRefused(ValueError):  # noqa: N818 - named for what happened
    """A chunk or a declaration that the vendor answers with 400."""


@dataclass
class PrivateFile:
    """What one user uploaded (or an export wrote): declared number of chunks, the chunks that really came."""

    declared: int
    touched_at: float
    chunks: dict[int, bytes] = field(default_factory=dict)
    complete: bool = False

    def content(self) -> bytes:
        """The chunks that are there, in order: one that never came makes a short file, not an error."""
        return b"".join(self.chunks[number] for number in sorted(self.chunks))

    @property
    def chunk_count(self) -> int:
        return self.declared if self.declared >= 0 else len(self.chunks)


class PrivateFiles:
    """All private files of one model, by file id and user."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[tuple[str, str], PrivateFile] = {}

    def open(self, file_id: str, user: str, chunk_count: int) -> PrivateFile:
        """POST on a file: forgets chunks and old content at once."""
        if chunk_count != -1 and not 1 <= chunk_count <= MAX_CHUNKS:
            raise ChunkRefused(f"chunkCount {chunk_count} is not -1 or 1 to {MAX_CHUNKS}")
        made = self._files[file_id, user] = PrivateFile(chunk_count, self._now())
        return made

    def put_chunk(self, file_id: str, user: str, number: int, body: bytes, *, gzipped: bool) -> None:
        """Keep one chunk; gzip is undone only where the content type said x-gzip."""
        file = self.get(file_id, user)
        if file is None:
            raise ChunkRefused("the file was not opened for upload")
        if number < 0 or (file.declared >= 0 and number >= file.declared):
            raise ChunkRefused(f"chunk {number} was not declared")
        if gzipped:
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError, zlib.error) as broken:
                raise ChunkRefused("the chunk is not valid gzip") from broken
        if len(body) > _CHUNK_LIMIT_BYTES:
            raise ChunkRefused("a chunk is at most 50 MB")
        file.chunks[number] = body

    def write(self, file_id: str, user: str, content: bytes, chunk_bytes: int = 10 * 1024 * 1024) -> None:
        """Whole content at once: an export's output, or a PUT of the whole file."""
        pieces = [content[start : start + chunk_bytes] for start in range(0, len(content), chunk_bytes)] or [b""]
        made = PrivateFile(len(pieces), self._now(), dict(enumerate(pieces)), complete=True)
        self._files[file_id, user] = made

    def get(self, file_id: str, user: str) -> PrivateFile | None:
        """The user's own file, touched; None where there is none or where it expired."""
        file = self._files.get((file_id, user))
        if file is None:
            return None
        if self._now() - file.touched_at > KEPT_SECONDS:
            del self._files[file_id, user]
            return None
        file.touched_at = self._now()
        return file

    def delete(self, file_id: str, user: str) -> bool:
        return self._files.pop((file_id, user), None) is not None

    def for_import(self, definition: FileDefinition, user: str) -> bytes | None:
        """What an import of this user reads: the private file, else silently the default one, else nothing."""
        own = self.get(definition.id, user)
        return own.content() if own is not None else definition.default

    def _now(self) -> float:
        return self._clock.now().timestamp()
