"""One unit of work on one township: what was taken, what it came to, and writing that down.

Holds the records in hand, joins each taken change to its record (or marks it to be made anew from its log), and at `close` writes
records, conflicts and log together. Knows no permission and no number: the gate decides what is taken.
Promises: whoever was overwritten unseen has a conflict when `close` returns; nothing is written before.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.grants import Grant
from shared.hlc import Clock, milliseconds_of
from shared.kind import Kind, Registry
from shared.merge import DESK, Folded, fold, join
from shared.ports import Logged, Township
from shared.record import Key, Record
from shared.rules.numbers import format_number, number_prefix
from shared.sync.conflicts import refresh_conflicts


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the device, the person behind it, and what the person may touch.

    `grants` are those in force; `ended` those that ended within LATE_DAYS. `via` says which door the change came through.
    """

    device: str
    person: str
    name: str
    roles: frozenset[str]
    grants: tuple[Grant, ...]
    ended: tuple[Grant, ...] = ()
    via: str = "sync"


def desk_device(township: str) -> str:
    """The device in whose name a township's own changes are numbered."""
    return f"{DESK}{township}"


class Unit:
    """The records in hand and the rows to be logged, inside the transaction its caller opened."""

    def __init__(self, kinds: Registry, town: Township, now: Callable[[], int]) -> None:
        self._kinds = kinds
        self._home_kind = kinds.household
        self._town = town
        self._now = now()
        self._clock = Clock(desk_device(town.code), now, town.last_stamp())
        self._records: dict[Key, Record] = {}
        self._fresh: dict[Key, list[Logged]] = {}  # taken in this unit of work, by record
        self._histories: dict[Key, list[Logged]] = {}
        self._refold: set[Key] = set()
        self._touched: set[Key] = set()
        self._rows: list[Logged] = []
        self._restamped: dict[tuple[str, str], str] = {}  # (record's id, stamp as sent) -> as it counts
        self._refused: list[Logged] = []  # earlier changes of this device that were not taken
        self._desk_number: int | None = None
        self._given: dict[str, int] = {}  # the last number given after each prefix

    def after(self, stamps: Iterable[str]) -> None:
        """Stamp what is written from now on above these, which its writer has seen: a phone's clock may run minutes ahead of ours."""
        for stamp in stamps:
            self._clock.observe(stamp)

    def _fetch(self, keys: Iterable[Key]) -> None:
        self._records |= self._town.load([key for key in keys if key not in self._records])

    def _household_key(self, household: str | None) -> Key:
        return Key(self._home_kind, household or "")

    def _apply(self, row: Logged) -> None:
        key = row.key
        record = self._records.get(key)
        is_new = record is None
        if record is None:
            record = self._records[key] = Record(row.kind, row.id, row.village, row.household)
        if key in self._refold or not join(self._kinds[row.kind], record, row.change):
            self._refold.add(key)
        self._fresh.setdefault(key, []).append(row)
        self._touched.add(key)
        kind = self._kinds[row.kind]
        if (
            is_new and kind.numbered and row.village and not row.set.get(kind.numbered)
        ):  # an old ledger's numbers come with it
            self._give_number(kind, row, row.village)

    def _give_number(self, kind: Kind, first: Logged, village: str) -> None:
        """The township's own change, in the same transaction: the next number of the village and the year of the first word."""
        prefix = number_prefix(village, milliseconds_of(first.stamp))
        if prefix not in self._given:
            self._given[prefix] = self._town.last_number(kind.name, village, prefix)
        self._given[prefix] += 1
        stamp = self._clock.tick()
        row = Logged(
            self._clock.device, self._next_desk_number(), first.kind, first.id, village, first.household, stamp, stamp,
            "", "", "number", self._now, {kind.numbered: format_number(prefix, self._given[prefix])},
        )  # fmt: skip
        self._rows.append(row)
        self._apply(row)

    def _history(self, key: Key) -> list[Logged]:
        """Every taken change of a record, this unit of work included."""
        if key not in self._histories:
            self._histories |= self._town.history([key])
        return [*self._histories.get(key, []), *self._fresh.get(key, [])]

    def _notice(self, record: Record, village: str | None, writer: Writer, via: str) -> Logged:
        """A log row that changes no field: it brings the record before whoever reads that village's feed."""
        stamp = self._clock.tick()
        return Logged(
            self._clock.device, self._next_desk_number(), record.kind, record.id, village, record.household,
            stamp, stamp, writer.person, writer.name, via, self._now,
        )  # fmt: skip

    def _next_desk_number(self) -> int:
        if self._desk_number is None:
            device = self._clock.device
            self._desk_number = self._town.numbers([device])[device]
        self._desk_number += 1
        return self._desk_number - 1

    def _settle(self, key: Key) -> Folded | None:
        """Make a record anew from its log where joining would not do."""
        if key not in self._refold:
            return None
        record = self._records[key]
        folded = fold(self._kinds[key.kind], (row.change for row in self._history(key)))
        record.values, record.stamps, record.tangled = folded.values, folded.stamps, folded.tangled
        return folded

    def close(self) -> None:
        """Write everything this unit of work came to: records, conflicts, log."""
        missing = [key for key in self._refold if key not in self._histories]
        if missing:
            self._histories |= self._town.history(missing)
        folded = {key: result for key in self._refold if (result := self._settle(key))}
        if folded:
            known = self._town.conflicts(folded)
            desk = Writer(self._clock.device, "", "", frozenset(), (), via="conflict")
            for key, result in folded.items():
                about = [self._records.setdefault(row.key, row) for row in known.get(key, [])]
                record = self._records[key]
                changed = refresh_conflicts(
                    self._kinds[key.kind], record, result.lost, about, self._history(key), self._clock.tick
                )
                for conflict in changed:
                    self._records[conflict.key] = conflict
                    self._touched.add(conflict.key)
                    self._rows.append(self._notice(conflict, conflict.village, desk, "conflict"))
        if self._touched:
            self._town.keep(self._records[key] for key in self._touched)
        if self._rows:
            self._town.append(self._rows, self._clock.last)
