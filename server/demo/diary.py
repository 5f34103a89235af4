"""What everybody saved, by whom and when, until it is played to the gate in the order in which the township heard of it.

Promises: every change passes the gate at its simulated moment, a phone's in its own numbers, read as a request would be read; a refusal
stops everything with the kind and the fields, never with what was written. Transactions hold at most `BATCH` changes.
Leaves to others: what is saved.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from server.demo.people import Clerk, Phone
from server.demo.places import DemoDataError
from server.demo.season import Season
from server.imports.plan import ChunkStore
from server.store import Database, TownshipStore
from shared.hlc import format_stamp
from shared.ports import Logged
from shared.record import Key
from shared.sync.gate import Gate
from shared.sync.wire import MAX_CHANGES, Refusal, Sent, read_change

BATCH = MAX_CHANGES
_IMPORT_STEP_MS = 20_000  # between two transactions of one import


@dataclass(slots=True)
class Saved:
    """One press of Save. `received` is when the township has it; `stamp` is the phone's own, or the desk's once it is played."""

    by: Phone | Clerk
    at: int
    received: int
    kind: str
    id: str
    village: str | None
    household: str | None
    values: dict[str, Any]
    base: dict[str, str] | None = None
    via: str = "console"
    stamp: str = ""


@dataclass
class Diary:
    """One township's changes still to be played. `made` counts new records by kind."""

    season: Season
    entries: list[Saved] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)

    def by_phone(
        self, phone: Phone, at: int, kind: str, id: str, household: str | None, values: dict[str, Any],
        base: dict[str, str] | None = None, known: bool = False,
    ) -> Saved:  # fmt: skip
        """Saved on a phone at a moment (ms). `known`: the record is there already."""
        at = phone.moment(at)
        stamp = format_stamp(at, 0, phone.device)
        saved = Saved(phone, at, phone.heard(at), kind, id, phone.village, household, values, base, stamp=stamp)
        return self._add(saved, known)

    def by_desk(
        self, clerk: Clerk, at: int, kind: str, id: str, village: str | None, household: str | None,
        values: dict[str, Any], via: str = "console", known: bool = False,
    ) -> Saved:  # fmt: skip
        """Written by the desk at a moment (ms): heard of at once, on what then stands."""
        return self._add(Saved(clerk, at, at, kind, id, village, household, values, via=via), known)

    def _add(self, saved: Saved, known: bool) -> Saved:
        self.entries.append(saved)
        if not known:
            self.made[saved.kind] += 1
        return saved

    def play(self, database: Database, township: str, progress: Callable[[int, int], None] | None = None) -> None:
        """Write all of it, oldest first. `progress` is told (changes done, changes in all)."""
        self.entries.sort(key=_heard_of)
        total, done = len(self.entries), 0
        for now, batch in _rounds(self.entries):
            write(database, township, now, batch)
            done += len(batch)
            if progress:
                progress(done, total)
        self.entries.clear()


def write_import(
    database: Database, clerk: Clerk, start: int, entries: Iterable[tuple[str, str, str, str | None, dict[str, Any]]]
) -> list[Saved]:
    """Write a village's register: (kind, id, village, household, values), a household before its members."""
    saved = [Saved(clerk, start, start, *entry, via="import") for entry in entries]
    for step, first in enumerate(range(0, len(saved), BATCH)):
        write(database, clerk.township, start + step * _IMPORT_STEP_MS, saved[first : first + BATCH])
    return saved


def _heard_of(saved: Saved) -> tuple[int, str, str, str]:
    if isinstance(saved.by, Phone):
        return saved.received, saved.by.village, saved.by.device, saved.stamp
    return saved.received, "", "", ""  # in the order in which they were entered: sorting keeps it


def _rounds(entries: list[Saved]) -> Iterator[tuple[int, list[Saved]]]:
    """(simulated now, changes) transaction by transaction: a village's phones of one evening, or one sitting of the desk."""
    for (now, _), group in groupby(entries, key=lambda saved: _heard_of(saved)[:2]):
        whole = list(group)
        for first in range(0, len(whole), BATCH):
            yield now, whole[first : first + BATCH]


# --- one transaction -------------------------------------------------------------------------------------------------


def write(database: Database, township: str, now: int, batch: list[Saved]) -> None:
    """Write a batch in one transaction at a simulated moment. DemoDataError when the gate refuses any of it."""
    kinds = database.kinds
    keys = [Key(saved.kind, saved.id) for saved in batch]
    keys += [Key(kinds.household, saved.household) for saved in batch if saved.household]
    phones: list[tuple[Phone, list[Sent]]] = []
    for by, own in groupby(batch, key=lambda saved: saved.by):
        if isinstance(by, Phone):
            phones.append((by, [_as_sent(saved, number, database) for number, saved in enumerate(own, by.number)]))
    desk = [(saved, saved.by) for saved in batch if isinstance(saved.by, Clerk)]

    def work(store: TownshipStore) -> list[Logged]:
        chunk = ChunkStore(database, store)
        chunk.lock()
        chunk.read_ahead(keys)
        gate = Gate(kinds, chunk, lambda: now)
        for phone, sent in phones:
            admitted = gate.admit(sent, phone.writer(now))
            for number, refusal in admitted.refused.items():
                raise _refused(next(one.kind for one in sent if one.number == number), refusal)
        rows = []
        for saved, clerk in desk:
            place = {"village": saved.village, "household": saved.household}
            rows.append(gate.write(clerk.writer(saved.via), saved.kind, saved.id, saved.values, **place))
            if (why := rows[-1].refusal) is not None:
                raise _refused(saved.kind, why)
        gate.close()
        return rows

    rows = database.write(township, work)
    for (saved, _), row in zip(desk, rows, strict=True):
        saved.stamp = row.stamp
    for phone, sent in phones:
        phone.number = sent[-1].number + 1


def _as_sent(saved: Saved, number: int, database: Database) -> Sent:
    raw = {
        "number": number, "kind": saved.kind, "id": saved.id, "village": saved.village, "household": saved.household,
        "stamp": saved.stamp, "set": saved.values, "base": saved.base or {},
    }  # fmt: skip
    return read_change(raw, database.kinds)


def _refused(kind: str, refusal: Refusal) -> DemoDataError:
    fields = "、".join(sorted(refusal.fields)) or "-"
    return DemoDataError(
        f"演示数据没有通过：{kind}（{refusal.code}，{fields}）。请报告这个问题。"
        f" / Demo data was refused: {kind} ({refusal.code}, {fields}). Please report this."
    )
