"""A grant's digest: how many records it gives and a hash over their stamps, the same at the township and on a phone that lacks nothing.

The hash is the XOR of one SHA-256 a record, so order does not matter and a change costs one record. Promises: pure. Leaves to others:
which records a grant gives and what of them may be seen (`answer` there, `mobile.comparing` here).
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from shared.record import Record


def record_hash(record: Record, hidden: frozenset[str] = frozenset()) -> int:
    """SHA-256 over a record's name and the stamps of its visible fields, as a number."""
    stamps = {name: stamp for name, stamp in record.stamps.items() if name not in hidden}
    named = [record.kind, record.id, record.village, record.household, stamps]
    text = json.dumps(named, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return int.from_bytes(sha256(text.encode()).digest(), "big")


def digest_of(hashes: Iterable[int]) -> dict[str, Any]:
    """{"count", "hash": 64 hex digits} of records, each by its hash."""
    count, total = 0, 0
    for one in hashes:
        count += 1
        total ^= one
    return {"count": count, "hash": f"{total:064x}"}
