"""The keys that wrap everything in the vault: one file, newest key first, kept apart from the database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.environment import VAULT_KEY, VAULT_KEY_FILE, Environment

KEY_BYTES = 32
_HEADER = "# Keys of the ml-connector vault, newest first. Whoever reads this file reads every credential.\n"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Key-encryption keys by their id; the first is the one new data keys are wrapped with."""

    keys: Mapping[str, bytes] = field(repr=False)
    primary: str

    def key(self, kid: str) -> bytes:
        """Answer the key of that id.

        Raises:
            SettingWrong: The keyring does not hold it.
        """
        try:
            return self.keys[kid]
        except KeyError:
            raise SettingWrong(
                f"The vault needs key {kid}, and the keyring holds {', '.join(self.keys)}.",
                "What that key wraps cannot be opened, so nothing is read or loaded with it.",
                "Put the old key file back, or enter the credentials again with ml-connector credential set.",
            ) from None


def key_id(key: bytes) -> str:
    """Name a key by its own hash, so that a keyring can never confuse two."""
    return hashlib.sha256(b"ml-connector key id" + key).hexdigest()[:12]


def new_key() -> bytes:
    """Answer a fresh random key of 256 bits."""
    return os.urandom(KEY_BYTES)


def read_keyring(environment: Environment) -> Keyring:
    """Read the keys from the environment or the key file; fails closed.

    Raises:
        SettingWrong: There is no key, or what is there is no key.
    """
    if environment.vault_key is not None:
        return parse_keyring(environment.vault_key.replace(",", "\n"), VAULT_KEY)
    path = environment.vault_key_file
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise SettingWrong(
            f"There is no vault key: {path} cannot be read ({error.strerror}).",
            "Credentials can neither be read nor stored; nothing falls back to plain text.",
            f"Put the key file of this database back, or point {VAULT_KEY_FILE} at it; in a new home run ml-connector init.",
        ) from error
    return parse_keyring(text, str(path))


def parse_keyring(text: str, origin: str) -> Keyring:
    """Read keys in base64, one a line, newest first; ``#`` begins a comment line.

    Raises:
        SettingWrong: No key is there, or a line is no key of 256 bits.
    """
    lines = [line.strip() for line in text.splitlines()]
    keys = [_key(line, origin) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise SettingWrong(
            f"{origin} holds no vault key.",
            "Credentials can neither be read nor stored.",
            "Put the key file of this database back; in a new home run ml-connector init.",
        )
    by_id = {key_id(key): key for key in keys}
    return Keyring(by_id, key_id(keys[0]))


def create_key_file(environment: Environment) -> bool:
    """Write a first key where there is none; answers whether it did. An existing file is never touched."""
    if environment.vault_key is not None or environment.vault_key_file.exists():
        return False
    write_keyring(environment.vault_key_file, (new_key(),))
    return True


def write_keyring(path: Path, keys: tuple[bytes, ...]) -> None:
    """Write the key file beside and rename it, readable by its owner alone, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _HEADER + "".join(base64.b64encode(key).decode("ascii") + "\n" for key in keys)
    write_durably(path, text.encode("ascii"))


def write_durably(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 beside and rename it, file and folder flushed to the disk."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make a rename or a removal in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key(line: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingWrong(
            f"A line of {origin} is no key of {KEY_BYTES} bytes in base64.",
            "Credentials can neither be read nor stored.",
            "Put the right key there; ml-connector init writes one where none is.",
        )
    return key
