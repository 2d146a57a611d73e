"""How QuickBooks refuses: a whole message by an HRESULT of the COM layer (com_error.py), one request by a status code.

Codes and their meanings: shared/reference/quickbooks_desktop.md 2.9 and 4.3. Where the page knows no text, the text is ours.
"""

PARSE_ERROR = "0x80040400"
UNEXPECTED = "0x80040402"
NOT_STARTED = "0x80040408"
NO_SESSION = "0x8004040D"
OTHER_USER = "0x80040422"
SINGLE_USER = "This company file is open in single-user mode on another computer."


class Refused(Exception):  # noqa: N818 - the word of the trade
    """One request of a message set got a status other than 0; severity Error stops a set that says stopOnError."""

    def __init__(self, code: int, message: str, severity: str = "Error") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.severity = severity


def nothing_found() -> Refused:
    """A query with filters that match nothing."""
    return Refused(1, "A query request did not find a matching object in QuickBooks", "Info")


def missing_reference(kind: str, what: str, place: str) -> Refused:
    """A name or id in a request that the list does not have."""
    return Refused(
        3140,
        f'There is an invalid reference to QuickBooks {kind} "{what}" in the {place}. QuickBooks error message: '
        "Invalid argument. The specified record does not exist in the list.",
    )


def no_such_txn(txn_id: str) -> Refused:
    """A write that names a transaction which is not there."""
    return Refused(3120, f'Object "{txn_id}" specified in the request cannot be found.')


def stale_edit_sequence(given: str) -> Refused:
    """A Mod with an EditSequence that is not the object's own."""
    return Refused(3200, f'The provided edit sequence "{given}" is out-of-date.')


def not_processed() -> Refused:
    """What follows a failed request in a set that says stopOnError."""
    return Refused(3231, "The request has not been processed.")


SEVERITIES = {3210: "Info"}
"""A real capture shows 3210 with Info: who goes by the severity takes a refusal for success."""
INJECTED = {
    3175: 'The object "{0}" specified in the request is in use by another user. QuickBooks error message: lock failed.',
    3176: 'A related object of "{0}" is in use by another user and could not be locked.',
    3180: (
        'There was an error when saving a "{0}". QuickBooks error message: '
        "The list could not be locked. It is in use by another user."
    ),
    3185: 'There was an error when voiding "{0}".',
    3210: "The transaction could not be saved: a value in the request is invalid.",
    3200: 'The provided edit sequence "{0}" is out-of-date.',
    3260: "Insufficient permission level to perform this action.",
    3261: "The application has no permission to access personal data.",
    3263: "The application has read-only access to this company file.",
    1000: "There has been an internal error when processing the request.",
}
"""Texts of the statuses that somebody else's doing brings about, by code."""
