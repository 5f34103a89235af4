"""What has become of the photographs that a record names: here, still on their way, not arrived, retired when their time was over, or damaged.

Promises: only what the record names is looked for, so a name that somebody guessed finds nothing; a damaged one stands in nobody's way; who
added a photograph, and how long the township waits for it, is told from the record's log. Leaves to others: keeping photographs
(`server.photos`), comparing them with their sums (`upkeep.photos`), who may see the record (`sight`), pages and files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.photos.store import Held, PhotoStore
from server.upkeep.photos import look_at
from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.kind import Kind
from shared.moments import day_of
from shared.photos import names_in
from shared.ports import Logged
from shared.record import Record

HERE, COMING, LOST, RETIRED, DAMAGED = "here", "coming", "lost", "retired", "damaged"
STATES = {
    HERE: Label("已收到", "Here"),
    COMING: Label("照片还在路上", "The photo is on its way"),
    LOST: Label("照片没有收到", "The photo did not arrive"),
    RETIRED: Label("照片已过保存期", "The photo's time is over"),
    DAMAGED: Label("照片读不出来，请告诉管理员", "The photo cannot be read; tell the administrator"),
}
WAIT_MS = 30 * 86_400_000
"""How long after the township had the change that names it a photograph may still come: as long as a phone keeps one."""
UNREADABLE = (OSError, ValueError)
"""What a store raises of a photograph that is damaged: bytes that are missing or cannot be read, and facts that are no facts (msgspec's errors)."""


@dataclass(frozen=True, slots=True)
class Named:
    """One photograph that a record names. `state` is a code of STATES; `held` is None for one that has not come, or is damaged.
    From `photos_of` one that has not come is COMING: `waited` tells which of those will not."""

    field: str
    name: str
    state: str
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many photographs a record names, how many of them have come (retired and damaged ones had), and how many did not arrive."""

    arrived: int
    named: int
    lost: int = 0

    @property
    def all_here(self) -> bool:
        return self.arrived == self.named

    @property
    def coming(self) -> int:
        return self.named - self.arrived - self.lost


def photos_of(photos: PhotoStore, township: str, kind: Kind, values: Mapping[str, Any]) -> list[Named]:
    """The photographs that these values of a record name, in the form's order."""
    return [_named(photos, township, field, name) for field, name in names_in(kind, values)]


def _named(photos: PhotoStore, township: str, field: str, name: str) -> Named:
    try:
        held = photos.held(township, name)
    except UNREADABLE:  # `ruhu verify` tells of it; the record must open all the same
        return Named(field, name, DAMAGED)
    if held is None:
        return Named(field, name, COMING)
    return Named(field, name, HERE if held.retired_at is None else RETIRED, held)


def looked_at(photos: PhotoStore, township: str, named: Iterable[Named]) -> list[Named]:
    """The same, read through: one that is here but for its bytes, or with bytes that are not what was kept, is damaged."""
    return [
        replace(one, state=DAMAGED, held=None) if one.state == HERE and look_at(photos, township, one.name).wrong else one
        for one in named
    ]  # fmt: skip


def waited(record: Record, history: Sequence[Logged], named: Iterable[Named], now: int) -> list[Named]:
    """The same; those that a phone does not keep any longer did not arrive. `history` is the record's log, `now` in ms since 1970."""
    had = {row.stamp: row.at for row in history}

    def is_over(one: Named) -> bool:
        since = max((had[stamp] for stamp in _adds(record, one.field, one.name) if stamp in had), default=now)
        return one.state == COMING and now - since > WAIT_MS

    return [replace(one, state=LOST) if is_over(one) else one for one in named]


def count_of(named: Iterable[Named]) -> Count:
    states = [one.state for one in named]
    lost = states.count(LOST)
    return Count(len(states) - states.count(COMING) - lost, len(states), lost)


def _adds(record: Record, field: str, name: str) -> Sequence[str]:
    """The stamps of the changes that put a photograph among a record's."""
    at = record.stamps.get(field)
    return at.get(name, ()) if isinstance(at, Mapping) else [at] if at else ()


def added(record: Record, history: Sequence[Logged], field: str, name: str) -> tuple[str, str]:
    """(who added a photograph to a record, on which day), from the record's log; of several writes the first. Empty where nothing tells."""
    rows = {row.stamp: row for row in history}
    first = min((stamp for stamp in _adds(record, field, name) if stamp in rows), default=None)
    return (rows[first].by, day_of(milliseconds_of(first))) if first else ("", "")
