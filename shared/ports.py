"""The doors of the sync engine: what a store must do, written as a contract.

Three adapters keep records (memory, the phone's SQLite, the server's SQLite or PostgreSQL); each passes the suite in
`tests/contract/`. `Township` is what the server's half of the conversation needs on top: a log that is feed, history and
dedupe in one. Everything here happens inside one transaction that the caller opened; nothing is kept unless it commits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.record import Change, Key, Record
from shared.sync.wire import Refusal

FeedItem = tuple[int, Key]
"""A position in a township's log and the record it touched."""


class Records(Protocol):
    """Keeps records. Every adapter, on the phone and at the township."""

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        """The records that exist, by key, each a copy of the caller's own. An unknown key is left out; any number of keys."""
        ...

    def keep(self, records: Iterable[Record]) -> None:
        """Write whole records, new or known: values, stamps, unknown fields, null values and place come back from `load` alike."""
        ...


@dataclass(slots=True)
class Logged:
    """A row of the log: one change by one device as it was taken, or refused.

    `stamp` is as it counts, `sent_stamp` as the device sent it. `by` is the writer's name, `person` the id. `via` says which door:
    sync, import, console, command, decision, move, conflict. `at` is the server's time in ms since 1970. A refused row has a
    `refusal`; one that repeats a write already taken under another number has `repeats`: neither is in any feed or history.
    `seq` is its position, 0 until it is appended.
    """

    device: str
    number: int
    kind: str
    id: str
    village: str | None
    household: str | None
    stamp: str
    sent_stamp: str
    person: str
    by: str
    via: str
    at: int
    set: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    decides: dict[str, list[str]] = field(default_factory=dict)
    refusal: Refusal | None = None
    repeats: bool = False
    late: bool = False
    seq: int = field(default=0, compare=False)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)

    @property
    def change(self) -> Change:
        return Change(self.stamp, self.set, self.base, self.decides)


class Township(Records, Protocol):
    """One township's tables and log inside one writing transaction, its counter row locked first."""

    code: str

    def numbers(self, devices: Iterable[str]) -> dict[str, int]:
        """The next number each device is to use (1 for a device that never wrote)."""
        ...

    def logged(self, device: str, first: int, last: int) -> dict[int, Logged]:
        """A device's rows from number `first` to `last`, refused ones too."""
        ...

    def history(self, keys: Iterable[Key]) -> dict[Key, list[Logged]]:
        """Every taken change of these records, in log order; refused and repeating rows left out."""
        ...

    def restamped(self, stamps: Iterable[str]) -> dict[tuple[str, str], str]:
        """(record's id, stamp as sent) to the stamp as it counts, for those that were re-stamped."""
        ...

    def newest_stamps(self, devices: Iterable[str]) -> dict[str, str]:
        """The highest stamp taken, as it counts, in each device's name; a device that never wrote is left out."""
        ...

    def owners(self, devices: Iterable[str]) -> dict[str, str]:
        """The person each device belongs to; a device the township does not know is left out."""
        ...

    def adopt_device(self, device: str, person: str) -> None:
        """Remember a device that a restored backup forgot as this person's. It has no token."""
        ...

    def places(self, key: Key, since: int) -> set[tuple[str | None, str | None]]:
        """(village, household) pairs under which a record lay since `since` (ms), as far as the log tells."""
        ...

    def of_household(self, household: str) -> list[Record]:
        """Every record whose `household` is this id, of every kind but conflict."""
        ...

    def conflicts(self, keys: Iterable[Key]) -> dict[Key, list[Record]]:
        """The conflict records about each of these records."""
        ...

    def villages(self) -> Mapping[str, Any]:
        """The villages of the township: 12-digit code to name."""
        ...

    def last_number(self, kind: str, village: str, prefix: str) -> int:
        """The highest number that records of this kind in this village carry after `prefix` (`shared.rules.numbers`); 0 when none does."""
        ...

    def last_stamp(self) -> str | None:
        """The highest stamp the township's own clock ever gave."""
        ...

    def append(self, rows: Sequence[Logged], last_stamp: str) -> None:
        """Append rows to the log in this order, each at the next position, and keep the clock."""
        ...


class Feeds(Protocol):
    """Reading one township for a device: no lock, one consistent view."""

    code: str

    def head(self) -> int:
        """The log's last position; 0 when it is empty."""
        ...

    def feed(self, grant: str, after: int, limit: int) -> list[FeedItem]:
        """Taken changes under a grant (and what the township shares) after a position, in log order, at most `limit`."""
        ...

    def fill(self, grant: str, kind: str, after: str, limit: int) -> list[Record]:
        """A kind's records under a grant (and shared ones) whose id is above `after`, by id, at most `limit`."""
        ...

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        """As in Records."""
        ...
