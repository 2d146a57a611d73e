"""FreshBooks' accounts, clients, bill vendors and projects to rows of ``ledger/``."""

from __future__ import annotations

from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.freshbooks.dates import eastern, utc
from ml_connector_dagster.sources.freshbooks.fields import (
    PROJECTS,
    Record,
    is_deleted,
    record_id,
    text,
    untrusted,
)

CLASSES = {one.value: one for one in AccountClass}
PROJECT = "Project"


def account_row(account: Record) -> LedgerAccount:
    """Answer a line of the chart; an unknown class stays empty, and loads refuse it."""
    uuid, name = record_id(account, "uuid"), text(account, "name")
    number, state = text(account, "number"), text(account, "state")
    account_class = CLASSES.get(text(account, "type").lower(), "")
    kind, role = text(account, "sub_type"), text(account, "system_account_name")
    return LedgerAccount(
        ledger_account_id=uuid,
        code=number,
        name=name,
        account_class=account_class,
        account_type=kind,
        system_role=role,
        currency="",
        active=state in ("", "active"),
        modified_at=utc(account.get("updated_at")),
        version_hash=version_hash(uuid, number, name, account_class, kind, role, state),
    )


def client_row(client: Record) -> Party:
    """Answer a client, named by organisation, else by person, else by e-mail; two may share a name, never an id."""
    identifier = record_id(client, "id", "userid")
    person = " ".join(part for part in (text(client, "fname"), text(client, "lname")) if part)
    name = text(client, "organization") or person or text(client, "email")
    active = not is_deleted(client) and text(client, "vis_state") in ("", "0")
    return Party(
        party_id=identifier,
        name=name,
        code="",
        active=active,
        merged_into="",
        modified_at=eastern(client.get("updated")),
        version_hash=version_hash(identifier, name, active),
    )


def vendor_row(vendor: Record) -> Party:
    """Answer a bill vendor. Its stamps are Eastern by one SDK and UTC by the other, so none is kept."""
    identifier, name = record_id(vendor, "vendorid", "id"), text(vendor, "vendor_name")
    code = text(vendor, "account_number")
    active = not is_deleted(vendor) and text(vendor, "vis_state") in ("", "0")
    return Party(
        party_id=identifier,
        name=name,
        code=code,
        active=active,
        merged_into="",
        modified_at=None,
        version_hash=version_hash(identifier, name, code, active),
    )


def project_row(project: Record) -> TrackingOption:
    """Answer a project as the option of the one category there is.

    Raises:
        RecordRefused: It has no title.
    """
    identifier, title = record_id(project, "id"), text(project, "title")
    if not title:
        raise untrusted(f"The project {identifier} has no title.")
    active = project.get("active") is not False and project.get("complete") is not True
    return TrackingOption(
        option_id=identifier,
        option=title,
        category_id=PROJECTS,
        category=PROJECT,
        active=active,
        version_hash=version_hash(identifier, title, active),
    )
