"""What waits for the customer's Web Connector, and what came back: the face that readers, journals and Dagster see.

Tables (``store/tables.py``, revision 0003). One row a company file in ``desktop_company``: login, fencing ``epoch``, the facts
of its last session, measured pace. ``desktop_session``: one login of a Web Connector, its ticket as SHA-256 alone.
``desktop_operation``: one thing asked (``operations.Operation``); its id is the qbXML requestID. ``reading``: reads that are
only worth anything together, such as an entity's month. ``desktop_page``: answers of reads, by generation; readers see those
of the generation in which their operation succeeded. ``desktop_attempt``: every message handed out and what came back.

States of an operation::

    PENDING ──handed out──> IN_FLIGHT ──answer──> SUCCEEDED | FAILED | CONFLICT | PENDING (next phase, or later)
    IN_FLIGHT ──answer lost──> PENDING, next generation (a read) | UNKNOWN, phase PROBE (a journal that was ever written)
    UNKNOWN ──handed out first, as a probe──> IN_FLIGHT

Nothing but these: every change is ``UPDATE … WHERE id AND version`` under a row lock on the company, in one transaction that
is committed before the Web Connector is answered. A session whose epoch is not its company's changes nothing except that an
answer to an operation it still owns is taken as evidence.

States of a reading: pending → complete → published; failed (one of its operations did), replaced (asked again after that).

Journals. ``enqueue`` takes kind, dedupe key and payload; the same key again answers the same operation, with another payload
it raises. They begin PENDING in phase PROBE. ``journals.next_message(operation) -> Message`` and
``journals.apply(operation, seen, raw) -> Change`` decide the rest; an answer that was lost, empty or unreadable, or came with an
hresult, never reaches ``apply``: the queue puts the operation to UNKNOWN/PROBE where ``writes > 0``, else to PENDING/PROBE.
"""

from __future__ import annotations
