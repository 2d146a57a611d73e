"""Secrets at rest: each credential has a data key, each data key is wrapped by the keyring; without a key nothing opens.

The place that an envelope is bound to is ``credential|vendor|field|v1``, so a row copied to another credential stays shut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector_dagster.connections.envelope import envelope_kid, seal, unseal
from ml_connector_dagster.connections.keyring import (
    Keyring,
    new_key,
    parse_keyring,
    read_keyring,
    write_keyring,
)
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.tables.connections import credential, data_key, refresh_intent, secret

SCHEMA = "v1"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose secrets: the credential and its vendor, both part of what an envelope is bound to."""

    name: str
    vendor: str

    def place(self, field: str) -> str:
        """Answer the text an envelope of that field is bound to."""
        return f"{self.name}|{self.vendor}|{field}|{SCHEMA}"


@dataclass(frozen=True, slots=True)
class VaultFinding:
    """One secret that was tried by ``vault check``."""

    credential: str
    field: str
    kid: str
    opens: bool
    says: str


class Vault:
    """Seals and opens the secrets of credentials."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        """Hold the keyring; a key that another process added meanwhile is read when it is first met."""
        self._store = store
        self._keyring = keyring

    @classmethod
    def open(cls, store: Store) -> Vault:
        """Answer the vault of the store's environment.

        Raises:
            SettingWrong: There is no key.
        """
        return cls(store, read_keyring(store.environment))

    # ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def put(self, connection: Connection, owner: Owner, secrets: Mapping[str, str]) -> None:
        """Write secrets in the caller's write transaction; a field that is there already is replaced."""
        now = self._store.now()
        for field, text in secrets.items():
            envelope = self.seal(connection, owner, field, text)
            row = (secret.c.credential == owner.name) & (secret.c.field == field)
            values = {"envelope": envelope, "updated_at": now}
            if connection.execute(update(secret).where(row).values(**values)).rowcount == 0:
                connection.execute(insert(secret).values(credential=owner.name, field=field, **values))

    def get(self, connection: Connection, owner: Owner, field: str) -> str | None:
        """Answer a secret; None where none of that name was stored.

        Raises:
            SettingWrong: It does not open.
        """
        row = (secret.c.credential == owner.name) & (secret.c.field == field)
        envelope = connection.execute(select(secret.c.envelope).where(row)).scalar()
        return None if envelope is None else self.unseal(connection, owner, field, envelope)

    def all_of(self, connection: Connection, owner: Owner) -> dict[str, str]:
        """Answer every secret of a credential by its field."""
        rows = select(secret.c.field, secret.c.envelope).where(secret.c.credential == owner.name)
        return {
            field: self.unseal(connection, owner, field, envelope)
            for field, envelope in connection.execute(rows).tuples()
        }

    def seal(self, connection: Connection, owner: Owner, field: str, text: str) -> str:
        """Encrypt with the credential's data key, making one in this write transaction where there is none."""
        return seal(self._data_key(connection, owner, create=True), text.encode(), owner.place(field))

    def sealer(self, connection: Connection, owner: Owner, field: str) -> Callable[[str], str]:
        """Answer a function that seals for that owner and field without the database; its data key must exist."""
        key = self._data_key(connection, owner, create=False)
        return lambda text: seal(key, text.encode(), owner.place(field))

    def unseal(self, connection: Connection, owner: Owner, field: str, envelope: str) -> str:
        """Decrypt what ``seal`` answered for the same owner and field."""
        return unseal(self._data_key(connection, owner, create=False), envelope, owner.place(field)).decode()

    def forget(self, connection: Connection, owner: Owner, *fields: str) -> None:
        """Delete these secrets, or everything with the data key where none is named."""
        rows = secret.c.credential == owner.name
        if fields:
            connection.execute(delete(secret).where(rows & secret.c.field.in_(fields)))
            return
        connection.execute(delete(secret).where(rows))
        connection.execute(delete(data_key).where(data_key.c.credential == owner.name))

    def _data_key(self, connection: Connection, owner: Owner, *, create: bool) -> bytes:
        row = connection.execute(
            select(data_key.c.kid, data_key.c.wrapped).where(data_key.c.credential == owner.name)
        ).one_or_none()
        if row is not None:
            return self._unwrap(owner, row.kid, row.wrapped)
        if not create:
            raise SettingWrong(
                f"The credential {owner.name!r} has no data key.",
                "Its secrets cannot be opened.",
                "Enter them again with ml-connector credential set.",
            )
        return self._make_data_key(connection, owner)

    def _make_data_key(self, connection: Connection, owner: Owner) -> bytes:
        self._keyring = read_keyring(self._store.environment)
        values = {"kid": self._keyring.primary, "wrapped": self._wrap(owner, new_key())}
        dialect = postgresql if self._store.is_postgres else sqlite
        made = dialect.insert(data_key).values(credential=owner.name, updated_at=self._store.now(), **values)
        connection.execute(made.on_conflict_do_nothing())
        return self._data_key(connection, owner, create=False)

    def _wrap(self, owner: Owner, key: bytes) -> str:
        return seal(self._keyring.key(self._keyring.primary), key, owner.place("data_key"))

    def _unwrap(self, owner: Owner, kid: str, wrapped: str) -> bytes:
        if kid not in self._keyring.keys:
            self._keyring = read_keyring(self._store.environment)
        return unseal(self._keyring.key(kid), wrapped, owner.place("data_key"))

    # ── rotation and proof ────────────────────────────────────────────────────────────────────────────────────────────
    def rotate(self) -> Iterator[str]:
        """Wrap every data key with a new key of the keyring, one committed row at a time; yields each credential.

        Stopped anywhere, every secret still opens, and the next call goes on where it stopped instead of making another
        key. Where the keys come from the environment, the newest key there is taken; nothing is written to it.
        """
        self._keyring = read_keyring(self._store.environment)
        if self._store.environment.vault_key is None and not self._waiting():
            self._add_key()
        for owner in self._waiting():
            self._wrap_again(owner)
            yield owner.name

    def drop_old_keys(self) -> int:
        """Take every key out of the key file that wraps nothing any more; answers how many. Old backups need them."""
        keyring = read_keyring(self._store.environment)
        with self._store.read() as connection:
            used = {keyring.primary, *connection.execute(select(data_key.c.kid)).scalars()}
        kept = tuple(key for kid, key in keyring.keys.items() if kid in used)
        dropped = len(keyring.keys) - len(kept)
        if dropped and self._store.environment.vault_key is None:
            write_keyring(self._store.environment.vault_key_file, kept)
        return dropped

    def findings(self) -> Iterator[VaultFinding]:
        """Try to open every secret and every unfinished answer; yields what happened, never the secret."""
        with self._store.read() as connection:
            vendors = dict(connection.execute(select(credential.c.name, credential.c.vendor)).tuples().all())
            rows = list(connection.execute(select(secret.c.credential, secret.c.field, secret.c.envelope)).tuples())
            spooled = select(refresh_intent.c.credential, refresh_intent.c.spool).where(
                refresh_intent.c.spool.is_not(None)
            )
            rows += [(name, "spool", spool) for name, spool in connection.execute(spooled).tuples()]
            for name, field, envelope in rows:
                yield self._tried(connection, Owner(name, vendors.get(name, "")), field, envelope)

    def _tried(self, connection: Connection, owner: Owner, field: str, envelope: str) -> VaultFinding:
        try:
            self.unseal(connection, owner, field, envelope)
        except SettingWrong as error:
            return VaultFinding(owner.name, field, envelope_kid(envelope), opens=False, says=str(error))
        return VaultFinding(owner.name, field, envelope_kid(envelope), opens=True, says="opens")

    def _waiting(self) -> list[Owner]:
        joined = data_key.outerjoin(credential, credential.c.name == data_key.c.credential)
        chosen = select(data_key.c.credential, credential.c.vendor).select_from(joined)
        with self._store.read() as connection:
            rows = connection.execute(
                chosen.where(data_key.c.kid != self._keyring.primary).order_by(data_key.c.credential)
            )
            return [Owner(name, vendor or "") for name, vendor in rows.tuples()]

    def _add_key(self) -> None:
        path = self._store.environment.vault_key_file
        keys = (new_key(), *self._keyring.keys.values())
        write_keyring(path, keys)
        fault_point("vault.key_added")
        self._keyring = parse_keyring(path.read_text(encoding="ascii"), str(path))

    def _wrap_again(self, owner: Owner) -> None:
        with self._store.begin() as connection:
            kid, wrapped = connection.execute(
                select(data_key.c.kid, data_key.c.wrapped).where(data_key.c.credential == owner.name)
            ).one()
            again = self._wrap(owner, self._unwrap(owner, kid, wrapped))
            same = (data_key.c.credential == owner.name) & (data_key.c.wrapped == wrapped)
            values = {"kid": self._keyring.primary, "wrapped": again, "updated_at": self._store.now()}
            fault_point("vault.row_read")
            connection.execute(update(data_key).where(same).values(**values))
            fault_point("vault.row_written")
        fault_point("vault.row_committed")
