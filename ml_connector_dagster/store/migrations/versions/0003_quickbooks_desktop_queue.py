"""What waits for the Web Connector of QuickBooks Desktop: companies, sessions, readings, operations, pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that stands is touched."""
    op.create_table(
        "desktop_company",
        sa.Column(
            "company_id", sa.Text(), nullable=False, comment="FileID of the company file, lower case, without braces"
        ),
        sa.Column("connection", sa.Text(), nullable=False, comment="the connection its .qwc was written for"),
        sa.Column("username", sa.Text(), nullable=True, comment="null until a .qwc was written"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="scrypt; never the password"),
        sa.Column("previous_hash", sa.Text(), nullable=False, comment="still taken until previous_until"),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=False, comment="GUID of our application, with braces"),
        sa.Column("app_name", sa.Text(), nullable=False, comment="the permission inside QuickBooks is bound to it"),
        sa.Column("epoch", sa.Integer(), nullable=False, comment="moves with every login: fences the machine before"),
        sa.Column("paused", sa.Text(), nullable=False, comment="why nothing is handed out; empty: it is"),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_path", sa.Text(), nullable=False, comment="of the company file on the customer's machine"),
        sa.Column("versions", sa.JSON(), nullable=False, comment="web_connector, quickbooks, qbxml, country"),
        sa.Column(
            "facts",
            sa.LargeBinary(),
            nullable=True,
            comment="Host, Company and Preferences of the last session, qbXML, zlib",
        ),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the file was last open under our session",
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), nullable=True, comment="when the machine last logged in or spoke"
        ),
        sa.Column("error", sa.Text(), nullable=False, comment="of the last session, in words; empty: it went well"),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pace", sa.JSON(), nullable=False, comment="request name to records a page or days a window"),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_desktop_company")),
        sa.UniqueConstraint("username", name=op.f("uq_desktop_company_username")),
    )
    op.create_table(
        "desktop_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=True, comment="null: an answer that belongs to no operation"),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hresult", sa.Text(), nullable=False),
        sa.Column("set_status", sa.Text(), nullable=False),
        sa.Column("status_code", sa.Text(), nullable=False),
        sa.Column("status_message", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="taken, late, second, poison, foreign, lost"),
        sa.Column("answer", sa.LargeBinary(), nullable=True, comment="zlib; of journals and of what could not be read"),
        sa.ForeignKeyConstraint(
            ["company_id"], ["desktop_company.company_id"], name=op.f("fk_desktop_attempt_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desktop_attempt")),
        comment="Every message handed out and what came back; only the received_ side of a row is written later.",
    )
    op.create_index("ix_desktop_attempt_operation", "desktop_attempt", ["operation_id", "id"], unique=False)
    op.create_table(
        "desktop_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("ticket_hash", sa.Text(), nullable=False, comment="SHA-256 of the ticket; the ticket is not kept"),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, closed, failed, superseded"),
        sa.Column("greeted", sa.Boolean(), nullable=False, comment="the company file was told and is the right one"),
        sa.Column("operation_id", sa.Text(), nullable=True, comment="handed out, not yet answered"),
        sa.Column(
            "answered_id",
            sa.Text(),
            nullable=True,
            comment="request id of the answer taken last: knows a second delivery",
        ),
        sa.Column("percent", sa.Integer(), nullable=False, comment="what that answer was told"),
        sa.Column("path_asked", sa.Text(), nullable=False, comment="company file named to the machine"),
        sa.Column("said", sa.Text(), nullable=False, comment="the next getLastError's answer"),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["desktop_company.company_id"], name=op.f("fk_desktop_session_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desktop_session")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_desktop_session_ticket_hash")),
    )
    op.create_index("ix_desktop_session_company", "desktop_session", ["company_id", "opened_at"], unique=False)
    op.create_index("ix_desktop_session_open", "desktop_session", ["company_id", "closed_at"], unique=False)
    op.create_table(
        "reading",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False, comment="what it is for: entity and period"),
        sa.Column(
            "open_key",
            sa.Text(),
            nullable=True,
            comment="purpose while unpublished, null after: one open reading a purpose",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, complete, failed, published, replaced"),
        sa.Column("error", sa.Text(), nullable=False, comment="why it failed, in words"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True, comment="complete or failed"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=False, comment="the run that published it"),
        sa.ForeignKeyConstraint(["company_id"], ["desktop_company.company_id"], name=op.f("fk_reading_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("company_id", "open_key", name=op.f("uq_reading_company_id_open_key")),
    )
    op.create_table(
        "desktop_operation",
        sa.Column("id", sa.Text(), nullable=False, comment="the requestID too: at most 50 characters"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("reading_id", sa.Text(), nullable=True, comment="of a read; null for a journal"),
        sa.Column("position", sa.Integer(), nullable=False, comment="of a read within its reading"),
        sa.Column("kind", sa.Text(), nullable=False, comment="read, journal_add, journal_mod, journal_void"),
        sa.Column("name", sa.Text(), nullable=False, comment="of a read: the request's name"),
        sa.Column(
            "payload", sa.JSON(), nullable=False, comment="of a read its arguments, of a journal what is to be posted"
        ),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("ref_number", sa.Text(), nullable=True),
        sa.Column("external_guid", sa.Text(), nullable=True),
        sa.Column("message_set_id", sa.Text(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True, comment="the frozen bytes of a write; never rebuilt"),
        sa.Column(
            "phase",
            sa.Text(),
            nullable=False,
            comment="start, continue, stop | preflight, probe, deleted, write, verify",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="pending, in_flight, unknown, succeeded, failed, conflict, cancelled",
        ),
        sa.Column("owner_session", sa.Text(), nullable=True, comment="who has it in hand"),
        sa.Column("owner_epoch", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False, comment="higher first"),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="messages handed out"),
        sa.Column(
            "failures", sa.Integer(), nullable=False, comment="refused, lost or unreadable since the last success"
        ),
        sa.Column("lock_retries", sa.Integer(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False, comment="how often the write itself was handed out"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="of a read: moves when it starts again"),
        sa.Column("page", sa.Integer(), nullable=False, comment="pages stored of this generation"),
        sa.Column("iterator_id", sa.Text(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False, comment="page size; windows that are still to be read"),
        sa.Column("txn_id", sa.Text(), nullable=True),
        sa.Column("edit_sequence", sa.Text(), nullable=True),
        sa.Column("txn_number", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False, comment="ids of lines, flags; never amounts"),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True, comment="the last message"),
        sa.Column(
            "written_at", sa.DateTime(timezone=True), nullable=True, comment="the first hand-out of the write itself"
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, comment="compare-and-set"),
        sa.ForeignKeyConstraint(
            ["company_id"], ["desktop_company.company_id"], name=op.f("fk_desktop_operation_company_id")
        ),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_desktop_operation_reading_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desktop_operation")),
        sa.UniqueConstraint("company_id", "dedupe_key", name=op.f("uq_desktop_operation_company_id_dedupe_key")),
        sa.UniqueConstraint(
            "company_id", "message_set_id", name=op.f("uq_desktop_operation_company_id_message_set_id")
        ),
        sa.UniqueConstraint("company_id", "ref_number", name=op.f("uq_desktop_operation_company_id_ref_number")),
    )
    op.create_index("ix_desktop_operation_queue", "desktop_operation", ["company_id", "state"], unique=False)
    op.create_index(op.f("ix_desktop_operation_reading_id"), "desktop_operation", ["reading_id"], unique=False)
    op.create_table(
        "desktop_page",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False, comment="1 is the first"),
        sa.Column("arguments", sa.JSON(), nullable=False, comment="of this page: a report's own dates"),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the answer, qbXML, zlib"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["desktop_operation.id"], name=op.f("fk_desktop_page_operation_id")),
        sa.PrimaryKeyConstraint("operation_id", "generation", "page", name=op.f("pk_desktop_page")),
        comment="Seen by readers only when its operation succeeded in that generation.",
    )
