"""What QuickBooks' request processor throws instead of answering: an HRESULT and a text (reference §2.9)."""


class ProcessorError(Exception):
    """ProcessRequest, OpenConnection or BeginSession threw. hresult is hexadecimal, as the Web Connector passes it on."""

    def __init__(self, hresult: str, message: str) -> None:
        super().__init__(f"{hresult}: {message}")
        self.hresult = hresult
        self.message = message


class ProcessDied(ProcessorError):  # noqa: N818 - said as it happens
    """QuickBooks itself went down: its session and iterators are gone; what it had committed stays committed."""
