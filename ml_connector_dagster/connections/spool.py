"""The one-slot file that keeps a token endpoint's answer, encrypted, until the database has it."""

from __future__ import annotations

from pathlib import Path

from ml_connector_dagster.connections.keyring import flush_folder, write_durably


class SpoolFile:
    """Beside the state, per credential. On a pod it dies with the pod: the row in ``refresh_intent`` is written first."""

    def __init__(self, home: Path, credential: str) -> None:
        self._path = home / "spool" / f"{credential}.spool"

    def write(self, envelope: str) -> None:
        """Write the envelope; it is on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, envelope.encode("ascii"))

    def read(self) -> str | None:
        """Answer the envelope, or None where no answer waits."""
        try:
            return self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        """Remove it; nothing happens where it is gone."""
        if self._path.exists():
            self._path.unlink(missing_ok=True)
            flush_folder(self._path.parent)
