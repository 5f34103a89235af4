"""What has become of the photographs that a record names: here, still on their way, retired when their time was over, or damaged.

Promises: only what the record names is looked for, so a name that somebody guessed finds nothing; a damaged one stands in nobody's way; who
added a photograph is told from the record's log. Leaves to others: keeping photographs (`server.photos`), who may see the record (`sight`), pages and files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.photos.store import Held, PhotoStore
from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.kind import Kind
from shared.moments import day_of
from shared.photos import names_in
from shared.ports import Logged
from shared.record import Record

HERE, COMING, RETIRED, DAMAGED = "here", "coming", "retired", "damaged"
STATES = {
    HERE: Label("已收到", "Here"),
    COMING: Label("照片还在路上", "The photo is on its way"),
    RETIRED: Label("照片已过保存期", "The photo's time is over"),
    DAMAGED: Label("照片读不出来，请告诉管理员", "The photo cannot be read; tell the administrator"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """One photograph that a record names. `state` is a code of STATES; `held` is None for one that has not come, or is damaged."""

    field: str
    name: str
    state: str
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many photographs a record names, and how many of them have come: retired and damaged ones had."""

    arrived: int
    named: int

    @property
    def all_here(self) -> bool:
        return self.arrived == self.named


def photos_of(photos: PhotoStore, township: str, kind: Kind, values: Mapping[str, Any]) -> list[Named]:
    """The photographs that these values of a record name, in the form's order."""
    return [_named(photos, township, field, name) for field, name in names_in(kind, values)]


def _named(photos: PhotoStore, township: str, field: str, name: str) -> Named:
    try:
        held = photos.held(township, name)
    except (OSError, msgspec.MsgspecError):  # `ruhu verify` tells of it; the record must open all the same
        return Named(field, name, DAMAGED)
    if held is None:
        return Named(field, name, COMING)
    return Named(field, name, HERE if held.retired_at is None else RETIRED, held)


def count_of(named: Iterable[Named]) -> Count:
    states = [one.state for one in named]
    return Count(len(states) - states.count(COMING), len(states))


def added(record: Record, history: Sequence[Logged], field: str, name: str) -> tuple[str, str]:
    """(who added a photograph to a record, on which day), from the record's log; of several writes the first. Empty where nothing tells."""
    at = record.stamps.get(field)
    stamps = at.get(name, ()) if isinstance(at, Mapping) else [at] if at else ()
    rows = {row.stamp: row for row in history}
    first = min((stamp for stamp in stamps if stamp in rows), default=None)
    return (rows[first].by, day_of(milliseconds_of(first))) if first else ("", "")
