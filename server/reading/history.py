"""A record's history, read from the log: every write that was taken, what each field was before it and after, who wrote it and where.

Promises: a write that never stood, because a newer word was there before it came, is told as such and not left out; what was decided, moved
or made by the township is told by its door. Leaves to others: whose eyes it is for (`sight`), masks and words (the pages).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.rows import from_json
from server.store import TownshipStore
from shared.fields import Label
from shared.hlc import device_of, milliseconds_of
from shared.kind import Kind
from shared.merge import DESK, fold, join, same
from shared.moments import iso
from shared.ports import Logged
from shared.record import Key, Record, stamps_of

VIAS = {
    "sync": Label("手机", "Phone"),
    "console": Label("网页", "Console"),
    "command": Label("命令行", "Command line"),
    "import": Label("导入花名册", "Roster import"),
    "decision": Label("裁定分歧", "Conflict decided"),
    "move": Label("转村", "Household moved"),
    "join": Label("合并重复", "Duplicates joined"),
    "number": Label("自动编号", "Number given"),
    "conflict": Label("发现分歧", "Conflict found"),
    "round": Label("定期检查", "Nightly round"),
    "upgrade": Label("升级", "Upgrade"),
}
"""The doors a change comes through. A door that is not here is shown by its own word."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a write was made on. `is_desk`: no phone, but the township's own."""

    id: str
    name: str = ""
    platform: str = ""
    app: str = ""

    @property
    def is_desk(self) -> bool:
        return self.id.startswith(DESK)


@dataclass(frozen=True, slots=True)
class Word:
    """One field of one write: `before` it, and `written`. `stood` is False when a newer word was there already."""

    field: str
    before: Any
    written: Any
    stood: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One write. `moved` is (village before, village after) where it was filed elsewhere; without words and moves it only tells `row.via`."""

    row: Logged
    device: Device
    words: Sequence[Word] = ()
    moved: tuple[str, str] | None = None

    @property
    def at(self) -> str:
        """When it was written, by the stamp that counts."""
        return iso(milliseconds_of(self.row.stamp))

    @property
    def received(self) -> str:
        return iso(self.row.at)

    @property
    def said_at(self) -> str:
        """When the phone's clock said it was, where that could not be believed; else empty."""
        restamped = self.row.sent_stamp and self.row.sent_stamp != self.row.stamp
        return iso(milliseconds_of(self.row.sent_stamp)) if restamped else ""


@dataclass(frozen=True)
class History:
    """Steps in the order in which the township had them."""

    steps: Sequence[Step] = ()
    _by_stamp: Mapping[str, Step] = field(default_factory=dict)

    def of(self, name: str) -> list[Step]:
        """The writes of one field, with that field's word alone."""
        return [
            Step(step.row, step.device, words)
            for step in self.steps
            if (words := [word for word in step.words if word.field == name])
        ]

    def standing(self, record: Record, name: str) -> Step | None:
        """The write that a field's value comes from; of a field joined element by element the newest."""
        stamps = list(stamps_of({name: record.stamps.get(name)}))
        return self._by_stamp.get(max(stamps)) if stamps else None

    def times(self) -> dict[str, int]:
        """How often each field was written."""
        found: dict[str, int] = {}
        for step in self.steps:
            for word in step.words:
                found[word.field] = found.get(word.field, 0) + 1
        return found


def history_of(store: TownshipStore, kind: Kind, id_: str) -> History:
    """The whole history of one record."""
    key = Key(kind.name, id_)
    rows = store.history([key]).get(key, [])
    return told(kind, rows, devices_of(store, (device_of(row.stamp) for row in rows)))


def told(kind: Kind, rows: Sequence[Logged], devices: Mapping[str, Device]) -> History:
    """A history from its log rows, in log order: each write is joined to what stood when it came."""
    record = Record(kind.name, rows[0].id if rows else "", None, None)
    village = rows[0].village if rows else None
    taken: list[Logged] = []
    steps = []
    for row in rows:
        before = dict(record.values)
        taken.append(row)
        if not join(kind, record, row.change):
            folded = fold(kind, [one.change for one in taken])
            record.values, record.stamps, record.tangled = folded.values, folded.stamps, folded.tangled
        moved = (village or "", row.village or "") if row.via == "move" and row.village != village else None
        village = row.village if moved else village
        if row.via == "move" and not moved and not row.set:
            continue  # the old village's feed is told as well: one event, two rows
        words = [_word(kind, record, row, name, before.get(name)) for name in _in_order(kind, row.set)]
        device = device_of(row.stamp)
        steps.append(Step(row, devices.get(device) or Device(device), words, moved))
    return History(steps, {step.row.stamp: step for step in steps})


def _in_order(kind: Kind, names: Iterable[str]) -> list[str]:
    """The form's order; what a newer app brought stands last."""
    places = {name: place for place, name in enumerate(kind.fields)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def _word(kind: Kind, record: Record, row: Logged, name: str, before: Any) -> Word:
    now = record.values.get(name)
    if name in kind.unions:
        return Word(name, before, now)
    stood = record.stamps.get(name) == row.stamp or same(now, row.set[name])
    return Word(name, before, row.set[name], stood)


def devices_of(store: TownshipStore, ids: Iterable[str]) -> dict[str, Device]:
    """What is known of these devices, by id."""
    statement = "SELECT id, name, platform, app FROM device WHERE township = ? AND id IN ??"
    rows = store.sql(statement, store.code, sorted(set(ids)))
    return {row[0]: Device(*row) for row in rows}


@dataclass(frozen=True, slots=True)
class Refused:
    """A change about a record that was not taken: which fields, why (Chinese / English), by whom and on what."""

    by: str
    device: Device
    at: str
    via: str
    fields: Sequence[str]
    why: str


def refused_of(store: TownshipStore, key: Key) -> list[Refused]:
    """The changes about a record that were refused, newest first. No phone's feed has them."""
    rows = store.sql(
        "SELECT written_by, device, at, via, written, refusal FROM changes /* INDEXED BY ix_changes_township_record_seq */"
        " WHERE township = ? AND record = ? AND kind = ? AND refusal IS NOT NULL ORDER BY seq DESC",
        store.code, key.id, key.kind,
    )  # fmt: skip
    devices = devices_of(store, (row[1] for row in rows))
    return [
        Refused(by, devices.get(device) or Device(device), iso(at), via, sorted(from_json(written)), from_json(refusal)["message"])
        for by, device, at, via, written, refusal in rows
    ]  # fmt: skip
