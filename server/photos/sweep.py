"""What becomes of photographs and their parts with time: what is swept, what is retired, and beforehand the list of both.

Three things go: an upload that nobody has touched for 14 days, done or not; a picture that came 14 days ago or longer and that no record
names; and, by the policy in force today (`photos.keep_days`), the bytes of a picture whose time is over, while it stays known that it was
here. Promises: a picture that any record of the township names is never swept, whenever the naming comes; `plan` is what `sweep` does; memory
for a batch, however many pictures; a sweep done twice, or by several at once, does nothing twice. Leaves to others: when (`schedule`,
`ruhu photos sweep`), which names count (`named`), and an upload's files (`uploads`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from server import audit
from server.photos import named
from server.photos.refusal import Busy
from server.photos.store import Held, PhotoStore
from server.reports.book import read_policies
from server.service import Service
from server.store import Database, TownshipStore
from shared.fields import Label
from shared.moments import DAY_MS, day_of

PART_DAYS = 14
UNNAMED_DAYS = 14
BATCH = 10_000  # pictures judged by one walk through the records
AT_ONCE = 200  # things done in one transaction: a phone that syncs meanwhile waits for no more than these

PART, UNNAMED, OVER = "part", "unnamed", "over"
WHY = {
    PART: Label("上传 14 天没有动静", "an upload untouched for 14 days"),
    UNNAMED: Label("14 天以上没有记录用到", "named by no record for 14 days"),
    OVER: Label("保存期已满，只留有过照片的事实", "its time is over; that it was here stays known"),
}


@dataclass(frozen=True, slots=True)
class Going:
    """One thing that goes: why (a word of WHY), a picture's name or an upload's id, its bytes, and since when (ms since 1970), which is a
    picture's arrival or an upload's last touch.
    """

    why: str
    name: str
    bytes: int
    since: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Some of what goes, as judged when the township's log stood at `head`."""

    head: int
    going: list[Going]


def keep_days(database: Database, township: str, now: int) -> int:
    """For how many days a picture is kept, by the policy in force on the day of `now` (ms since 1970)."""
    with database.read(township) as store:
        entries = store.entries("policy", database.kinds["policy"].fields)
    return read_policies(entries).on(day_of(now)).photos.keep_days


def plan(service: Service, township: str, now: int) -> Iterator[Plan]:
    """What goes at this moment (ms since 1970) and why, some at a time; reads only."""
    last = now - keep_days(service.database, township, now) * DAY_MS
    names = service.photos.names(township)
    while batch := list(islice(names, BATCH)):
        yield _judged(service, township, batch, now - UNNAMED_DAYS * DAY_MS, last)
    yield Plan(0, list(_untouched(service, township, now - PART_DAYS * DAY_MS)))


def sweep(service: Service, township: str, now: int, actor: audit.Actor) -> dict[str, int]:
    """Do what `plan` says; returns how many of each of WHY went, and their `bytes`. What went of pictures has its rows in the audit trail."""
    done = dict.fromkeys((*WHY, "bytes"), 0)
    for found in plan(service, township, now):
        for start in range(0, len(found.going), AT_ONCE):
            some = Plan(found.head, found.going[start : start + AT_ONCE])
            for one in _go(service, township, some, now, actor):
                done[one.why] += 1
                done["bytes"] += one.bytes
    return done


# --- judging -------------------------------------------------------------------------------------------------------


def _judged(service: Service, township: str, names: list[str], unnamed: int, last: int) -> Plan:
    """What goes of these pictures: came before `unnamed` and named by nobody, or came before `last`."""
    pictures = {name: held for name in names if (held := known(service.photos, township, name))}
    old = {name for name, held in pictures.items() if held.arrived_at <= unnamed}
    with service.database.read(township) as store:
        head = store.head()
        # After a restore the phones need time to bring again what had named a picture.
        ((began,),) = store.sql("SELECT started_at FROM server")
        strays = old - named.spared(service.database, store, old, unnamed) if old and began <= unnamed else set()
    going = []
    for name, held in pictures.items():
        size = 0 if held.retired_at else held.bytes + held.small_bytes
        if name in strays:
            going.append(Going(UNNAMED, name, size, held.arrived_at))
        elif held.retired_at is None and held.arrived_at <= last:
            going.append(Going(OVER, name, size, held.arrived_at))
    return Plan(head, going)


def known(photos: PhotoStore, township: str, name: str) -> Held | None:
    """What is known of a picture; None when that cannot be read: nobody can tell how old it is, so it stays, and `ruhu verify` names it."""
    try:
        return photos.held(township, name)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def _go(service: Service, township: str, some: Plan, now: int, actor: audit.Actor) -> list[Going]:
    """Do some of a plan and return what went. Pictures go under the township's lock, so that no record begins to name one meanwhile."""
    if any(one.why == PART for one in some.going):
        return [one for one in some.going if _give_up(service, township, one)]

    def work(store: TownshipStore) -> list[Going]:
        strays = {one.name for one in some.going if one.why == UNNAMED}
        kept = named.named_after(store, strays, some.head)
        going = [one for one in some.going if one.name not in kept and _is_there(service.photos, township, one)]
        if going:
            counts = {why: sum(one.why == why for one in going) for why in (UNNAMED, OVER)}
            audit.write(store, actor, "photos_sweep", now, details=counts | {"bytes": sum(one.bytes for one in going)})
        for one in going:
            if one.why == UNNAMED:
                service.photos.forget(township, one.name)
            else:
                service.photos.retire(township, one.name, now)
        return going

    return service.database.write(township, work)


def _is_there(photos: PhotoStore, township: str, one: Going) -> bool:
    """Whether nobody else has done it since it was judged."""
    held = known(photos, township, one.name)
    return held is not None and (one.why == UNNAMED or held.retired_at is None)


# --- uploads -------------------------------------------------------------------------------------------------------


def _untouched(service: Service, township: str, before: int) -> Iterator[Going]:
    """The uploads that nobody touched since a moment (ms since 1970)."""
    uploads = service.uploads
    for id_ in uploads.ids(township):
        touched = uploads.touched_at(township, id_)
        if 0 < touched <= before:
            yield Going(PART, id_, uploads.size(township, id_), touched)


def _give_up(service: Service, township: str, one: Going) -> bool:
    """Remove an upload, unless somebody touched or removed it since it was judged."""
    if service.uploads.touched_at(township, one.name) != one.since:
        return False
    try:
        service.uploads.remove(township, one.name)
    except Busy:  # it is being finished after all
        return False
    return True
