"""A township in memory: the plainest thing that keeps the promises of `shared.ports.Township` and `Feeds`.

With it the gate and the reader are tested without SQL. It passes the same suite as the databases (`tests/contract/`): whatever the
ports' docstrings say is said here in the fewest words, by looking through the whole log every time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TypeVar

from shared.grants import Grant
from shared.hlc import device_of
from shared.kind import Registry
from shared.kinds import KINDS
from shared.ports import FeedItem, Logged
from shared.record import Key, Record
from shared.rules.numbers import sequence_of
from shared.sync.conflicts import CONFLICT

T = TypeVar("T")
Place = tuple[str | None, str | None]


class MemoryTownship:
    """One township. `log` is there to be looked at: position 1 is its first row."""

    def __init__(self, code: str, villages: Mapping[str, str], kinds: Registry = KINDS) -> None:
        self.code = code
        self.log: list[Logged] = []
        self._villages = dict(villages)
        self._kinds = kinds
        self._records: dict[Key, Record] = {}
        self._owners: dict[str, str] = {}
        self._last_stamp: str | None = None

    def write(self, work: Callable[["MemoryTownship"], T]) -> T:
        """Run `work` as one transaction: when it raises, nothing of it is kept."""
        before = dict(self._records), list(self.log), dict(self._owners), self._last_stamp
        try:
            return work(self)
        except BaseException:
            self._records, self.log, self._owners, self._last_stamp = before
            raise

    # --- records

    def load(self, keys: Iterable[Key]) -> dict[Key, Record]:
        return {key: deepcopy(self._records[key]) for key in keys if key in self._records}

    def keep(self, records: Iterable[Record]) -> None:
        for record in records:
            self._records[record.key] = deepcopy(record)

    def of_household(self, household: str) -> list[Record]:
        kept = self._records.values()
        return [deepcopy(r) for r in kept if r.household == household and r.kind != CONFLICT]

    def conflicts(self, keys: Iterable[Key]) -> dict[Key, list[Record]]:
        about: dict[Key, list[Record]] = {key: [] for key in keys}
        for record in self._records.values():
            key = Key(record.values.get("about", ""), record.values.get("record", ""))
            if record.kind == CONFLICT and key in about:
                about[key].append(deepcopy(record))
        return {key: found for key, found in about.items() if found}

    # --- the log

    def numbers(self, devices: Iterable[str]) -> dict[str, int]:
        return {device: 1 + max((row.number for row in self._rows_of(device)), default=0) for device in devices}

    def logged(self, device: str, first: int, last: int) -> dict[int, Logged]:
        return {row.number: row for row in self._rows_of(device) if first <= row.number <= last}

    def history(self, keys: Iterable[Key]) -> dict[Key, list[Logged]]:
        found: dict[Key, list[Logged]] = {}
        wanted = set(keys)
        for _, row in self._taken():
            if row.key in wanted:
                found.setdefault(row.key, []).append(row)
        return found

    def restamped(self, stamps: Iterable[str]) -> dict[tuple[str, str], str]:
        wanted = set(stamps)
        changed = [row for row in self.log if row.sent_stamp in wanted and row.sent_stamp != row.stamp]
        return {(row.id, row.sent_stamp): row.stamp for row in changed}

    def newest_stamps(self, devices: Iterable[str]) -> dict[str, str]:
        wanted = set(devices)
        newest: dict[str, str] = {}
        for _, row in self._taken(repeating=True):
            device = device_of(row.stamp)
            if device in wanted:
                newest[device] = max(row.stamp, newest.get(device, ""))
        return newest

    def places(self, key: Key, since: int) -> set[Place]:
        return {self._place(row) for _, row in self._taken() if row.key == key and row.at >= since}

    def last_number(self, kind: str, village: str, prefix: str) -> int:
        given = (
            str(r.values.get(self._kinds[kind].numbered))
            for r in self._records.values()
            if (r.kind, r.village) == (kind, village)
        )
        return max((sequence_of(number, prefix) for number in given), default=0)

    def last_stamp(self) -> str | None:
        return self._last_stamp

    def append(self, rows: Sequence[Logged], last_stamp: str) -> None:
        for row in deepcopy(list(rows)):
            self.log.append(row)
            row.seq = len(self.log)
        self._last_stamp = last_stamp

    def _rows_of(self, device: str) -> list[Logged]:
        return [row for row in self.log if row.device == device]

    def _taken(self, repeating: bool = False) -> Iterator[tuple[int, Logged]]:
        """The rows that changed something, with their positions."""
        for position, row in enumerate(self.log, 1):
            if row.refusal is None and (repeating or not row.repeats):
                yield position, row

    def _place(self, thing: Logged | Record) -> Place:
        """Where a record or a change is filed: a household's own lies under the household itself."""
        kind = self._kinds[thing.kind]
        return thing.village, thing.id if kind.is_household else thing.household

    # --- devices and villages

    def owners(self, devices: Iterable[str]) -> dict[str, str]:
        return {device: self._owners[device] for device in devices if device in self._owners}

    def adopt_device(self, device: str, person: str) -> None:
        self._owners.setdefault(device, person)

    def villages(self) -> Mapping[str, str]:
        return self._villages

    # --- feeds

    def head(self) -> int:
        return len(self.log)

    def feed(self, grant: str, after: int, limit: int) -> list[FeedItem]:
        gives = Grant.read(grant).gives
        items = [(at, row.key) for at, row in self._taken() if at > after and gives(*self._place(row))]
        return items[:limit]

    def fill(self, grant: str, kind: str, after: str, limit: int) -> list[Record]:
        gives = Grant.read(grant).gives
        ids = sorted(key.id for key in self._records if key.kind == kind and key.id > after)
        records = [self._records[Key(kind, id_)] for id_ in ids]
        return [deepcopy(record) for record in records if gives(*self._place(record))][:limit]
