"""The hash of what the books see of a record, by which an edit shows that moves no stamp."""

from __future__ import annotations

import msgspec
from xxhash import xxh3_128_hexdigest

_ENCODER = msgspec.json.Encoder()


def version_hash(*content: object) -> str:
    """Answer 32 hex digits over values and their order; amounts count as written, so 1.0 and 1.00 differ.

    Args:
        content: Text, numbers, Decimals, dates, None, and sequences of them.
    """
    return xxh3_128_hexdigest(_ENCODER.encode(content))
