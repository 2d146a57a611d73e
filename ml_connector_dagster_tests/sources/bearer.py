"""A token for readers that are opened without a state database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bearer:
    """A token as the transport asks for it."""

    token: str

    def headers(self, refused):
        del refused
        return {"Authorization": f"Bearer {self.token}"}
