"""A record as the rules read it: where it lies, its values, and when it was first and last written.

The phone makes entries from its store, the township from its tables; the rules cannot tell which. Removed records are no entries.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.hlc import milliseconds_of
from shared.kind import REMOVED
from shared.record import Record, stamps_of

TIMES = ("started_at", "ended_at", "checked_at")
"""The fields that say when something happened."""


@dataclass(slots=True)
class Entry:
    """`first` and `last` are the record's lowest and highest stamp, `timed` the one under which its TIMES were last written; `received` is
    when the township first had it (ms since 1970, None on a phone, or while it is unsent).
    """

    kind: str
    id: str
    village: str | None
    household: str | None
    values: Mapping[str, Any]
    first: str = ""
    last: str = ""
    received: int | None = None
    timed: str = ""

    @classmethod
    def of(cls, record: Record, received: int | None = None) -> "Entry":
        stamps = list(stamps_of(record.stamps))
        first, last = (min(stamps), max(stamps)) if stamps else ("", "")
        timed = max((record.stamps[name] for name in TIMES if name in record.stamps), default="")
        return cls(
            record.kind, record.id, record.village, record.household, record.values, first, last, received, timed
        )

    @property
    def written_at(self) -> int:
        """When it was first written, ms since 1970; 0 when no stamp is known."""
        return milliseconds_of(self.first) if self.first else 0

    def lies_ahead(self, moment: int, minutes: int, now: int) -> bool:
        """Whether something of this record is dated more than so many minutes after it was written down: it had not happened yet.

        A visit may reach the township while it is open and once more when it has ended, so the stamp of its times counts as well as its
        arrival; stamps are never far ahead of the township. `now` (ms since 1970) where nothing is known.
        """
        stamp = self.timed or self.last
        known = max(self.received or 0, milliseconds_of(stamp) if stamp else 0) or now
        return moment > known + minutes * 60_000


def entries(records: Iterable[Record]) -> Iterator[Entry]:
    """The records that were not removed."""
    return (Entry.of(record) for record in records if record.values.get(REMOVED) is not True)
