"""What the codes of QuickBooks' COM layer mean, in a bookkeeper's words: they come instead of an answer (§2.9 of the page)."""

from __future__ import annotations

PARSE_ERROR = "0x80040400"
"""QuickBooks could not read our qbXML: nothing of it was executed, and the same bytes fail again."""
SESSION_OVER = "0x8004040d"
"""QuickBooks went away and came back, or was restarted: every later message of this session fails alike."""
_ADMIN = "Log in to QuickBooks as Admin in single-user mode, open the file, run the Web Connector once and choose 'Yes, always'."
_OPEN = "Open QuickBooks with the company file on the Windows machine."
_WORDS = {
    PARSE_ERROR: ("QuickBooks could not read the request.", "Report it: the request is written wrongly."),
    "0x80040401": ("QuickBooks could not be reached.", _OPEN),
    "0x80040402": ("QuickBooks met an error nobody expected.", "Look into qbsdklog.txt on the Windows machine."),
    "0x80040403": ("The company file could not be opened.", _OPEN),
    "0x80040406": ("The company file's path is not valid.", _OPEN),
    "0x80040408": ("QuickBooks could not be started.", "Start QuickBooks and close every dialog that waits."),
    "0x8004040a": ("Another company file is open.", "Close it and open the right one, or wait until it is closed."),
    "0x8004040d": ("QuickBooks ended the session.", "Nothing: the next run begins a new one."),
    "0x80040410": ("The file is open in another mode.", "Let everybody leave single-user mode."),
    "0x80040414": ("A dialog waits in QuickBooks.", "Close the dialog on the Windows machine."),
    "0x80040416": ("QuickBooks is not running.", _OPEN),
    "0x80040417": ("QuickBooks has no company file open.", _OPEN),
    "0x80040418": ("This application was never allowed in this company file.", _ADMIN),
    "0x8004041a": ("This application has no permission in the company file.", _ADMIN),
    "0x8004041d": ("This application may not log in by itself.", _ADMIN),
    "0x8004041f": ("This edition of QuickBooks is not supported.", "Use Pro, Premier or Enterprise."),
    "0x80040420": ("The person at the machine refused access.", _ADMIN),
    "0x80040422": ("Somebody holds the file in single-user mode.", "Switch to multi-user mode, or wait."),
    "0x80040424": ("QuickBooks is still starting.", "Nothing: the next run tries again."),
    "0x80040438": ("Several QuickBooks run at once on the machine.", "Close all of them but one."),
}


def said_of(hresult: str, message: str) -> str:
    """Answer what happened and what to do, at most 255 characters; an unknown code with what the machine itself said."""
    code = hresult.strip()
    happened, do = _WORDS.get(code.lower(), ("QuickBooks gave no answer.", "Look at the Web Connector's log."))
    own = " ".join(message.split())
    return f"{happened} {do} ({code}{': ' if own else ''}{own})"[:255]


def is_parse_error(hresult: str) -> bool:
    """Answer whether QuickBooks refused to read the request, and so executed nothing of it."""
    return hresult.strip().lower() == PARSE_ERROR


def is_session_over(hresult: str) -> bool:
    """Answer whether nothing more can be asked before the Web Connector begins a new session; nothing was executed."""
    return hresult.strip().lower() == SESSION_OVER
