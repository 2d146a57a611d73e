"""Stores what a person enters for a credential: facts in the clear, secrets in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.connections.addresses import ANAPLAN
from ml_connector_dagster.connections.credentials import Credential, Credentials, Standing
from ml_connector_dagster.connections.session_token import SESSION
from ml_connector_dagster.connections.tokens import TokenTimes, lock_name
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.registry import source_named

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import Connector


@dataclass(frozen=True, slots=True)
class EnteredField:
    """One thing a person enters."""

    name: str
    prompt: str
    secret: bool = True
    optional: bool = False
    file: str = ""
    """Other name under which a path may be given instead of the text."""


KINDS: Mapping[str, tuple[EnteredField, ...]] = {
    "oauth": (
        EnteredField("client_id", "Client id of the OAuth app", secret=False),
        EnteredField("client_secret", "Client secret (empty for a public PKCE app)", optional=True),
    ),
    "basic": (
        EnteredField("email", "E-mail of the user", secret=False),
        EnteredField("password", "Password"),
    ),
    "certificate": (
        EnteredField("certificate_pem", "Certificate", file="certificate_file"),
        EnteredField("key_pem", "Private key", file="key_file"),
        EnteredField("passphrase", "Passphrase of the private key (empty for none)", optional=True),
    ),
}
_SAME = {"user": "email", "username": "email"}


def kinds_of(vendor: str) -> tuple[str, ...]:
    """Answer the kinds of credential a vendor takes: accounting systems OAuth alone, those that call us none.

    Raises:
        SettingWrong: There is no such vendor.
    """
    if vendor == ANAPLAN:
        return tuple(KINDS)
    return ("oauth",) if source_named(vendor).grant else ()


def refuse_other_kinds(vendor: str, kind: str) -> None:
    """Refuse a kind of credential that the vendor does not take.

    Raises:
        SettingWrong: Says which it takes, or how a vendor that takes none is connected.
    """
    taken = kinds_of(vendor)
    if kind in taken:
        return
    later = None if taken else source_named(vendor).later
    raise SettingWrong(
        f"{vendor} takes no credential of kind {kind!r}.",
        "Nothing was stored.",
        later.how_to_connect if later else f"Use --kind {' or '.join(taken)}.",
    )


def enter(connector: Connector, name: str, vendor: str, kind: str, given: Mapping[str, str]) -> Credential:
    """Store a credential; a login takes effect at once, an OAuth client still needs a consent.

    Args:
        connector: Opened store and vault.
        name: The credential's.
        vendor: anaplan or a source's system.
        kind: oauth, basic or certificate.
        given: Field names, or their file's names, to text.

    Raises:
        SettingWrong: A field is missing or unknown, a file cannot be read, or the private key does not open.
    """
    fields = _complete(name, kind, given)
    if kind == "certificate":
        _check_key(fields)
    secrets = {field.name: fields[field.name] for field in KINDS[kind] if field.secret and fields.get(field.name)}
    facts = {field.name: fields[field.name] for field in KINDS[kind] if not field.secret}
    with (
        connector.locks.hold(lock_name(name), TokenTimes().lock_patience),
        connector.store.begin() as connection,
    ):
        credentials = Credentials(connector.store)
        written = credentials.write(connection, name, vendor, kind, facts)
        dropped = {field.name for one in KINDS.values() for field in one if field.secret} - set(secrets)
        connector.vault.forget(connection, written.owner, SESSION, *dropped)
        connector.vault.put(connection, written.owner, secrets)
        if kind != "oauth":
            credentials.note(connection, name, state=Standing.NEW, reason="", suspect_since=None)
    return written


def _complete(name: str, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    named = {_SAME.get(key, key): value for key, value in given.items()}
    fields: dict[str, str] = {}
    for field in KINDS[kind]:
        if field.file in named:
            named[field.name] = _read(named.pop(field.file))
        fields[field.name] = named.pop(field.name, "")
        if not fields[field.name] and not field.optional:
            wanted = f"{field.name} (or {field.file})" if field.file else field.name
            raise SettingWrong(
                f"The credential {name!r} of kind {kind} needs {wanted}.",
                "Nothing was stored.",
                "Enter it at the prompt, or as a line name=value with --from-stdin.",
            )
    if named:
        known = ", ".join(filter(None, (part for field in KINDS[kind] for part in (field.name, field.file))))
        raise SettingWrong(
            f"{', '.join(sorted(named))} is no field of a credential of kind {kind}.",
            "Nothing was stored.",
            f"Use: {known}.",
        )
    return fields


def _read(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingWrong(
            f"{path} cannot be read as a PEM file ({type(error).__name__}).",
            "Nothing was stored.",
            "Name a PEM file; convert a .p12 with openssl pkcs12 -in file.p12 -out file.pem.",
        ) from error


def _check_key(fields: Mapping[str, str]) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    passphrase = fields["passphrase"].encode() or None
    try:
        key = load_pem_private_key(fields["key_pem"].encode(), passphrase)
        certificate = load_pem_x509_certificate(fields["certificate_pem"].encode())
    except (ValueError, TypeError) as error:
        raise SettingWrong(
            f"Certificate or private key does not open ({type(error).__name__}).",
            "Nothing was stored: no login would be possible with them.",
            "Check the passphrase, and that both files are PEM.",
        ) from None
    if not isinstance(key, RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise SettingWrong(
            "The private key does not belong to the certificate, or is no RSA key.",
            "Nothing was stored: Anaplan would refuse every login.",
            "Give the key that the certificate was issued for.",
        )
