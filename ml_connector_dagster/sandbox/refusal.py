"""How the handling of a request ends early in the sandbox."""

from starlette.responses import Response


class Refusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An answer that ends the handling of a request."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response
