"""A draft: what was answered on a form and not yet saved, on the disk from the first touch.

Promises: each answer keeps the stamp its writer was looking at, so that a sync meanwhile cannot make it look as if he had seen newer
words; what an older app kept is read as it is, and fields this app does not know stay in it. Leaves to others: keeping it (`store`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Draft:
    """`values` by field; `seen` is field to the stamp that was in sight, None where there was no value. The place is the record's, for it may
    leave the phone before its draft is saved. `beside` is what the page knew and no field says: the visit a problem was found on.
    """

    kind: str
    id: str
    village: str | None = None
    household: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, kind: str, id: str, body: Mapping[str, Any]) -> "Draft":
        """A draft as it was kept. Version 0.1.0 kept only the values."""
        if not isinstance(body.get("values"), dict) or not isinstance(body.get("seen"), dict):
            return cls(kind, id, values=dict(body))
        beside = dict(body.get("beside") or {})
        return cls(
            kind, id, body.get("village"), body.get("household"), dict(body["values"]), dict(body["seen"]), beside
        )

    def body(self) -> dict[str, Any]:
        """What is kept."""
        body = {"village": self.village, "household": self.household, "values": self.values, "seen": self.seen}
        return body | ({"beside": self.beside} if self.beside else {})
