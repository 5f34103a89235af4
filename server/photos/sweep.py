"""What becomes of photographs and their parts with time: what is swept, what is retired, and beforehand the list of both.

Three things go: an upload that nobody has touched for 14 days, done or not; a picture that came 14 days ago or longer and that no record
names; and, by the policy in force today (`photos.keep_days`), the bytes of a picture whose time is over, while it stays known that it was
here: not before that policy has stood for 14 days. Promises: a picture that any record of the township names is never swept, whenever the
naming comes; `plan` is what `sweep` does; nothing of pictures goes before its row in the trail is committed; memory for a batch; a sweep
done twice, or by several at once, does nothing twice. Leaves to others: when, and by which clock (`doubt`; `schedule`, `ruhu photos sweep`),
which names count (`named`), and an upload's files (`uploads`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import msgspec

from server import audit
from server.photos import named
from server.photos.locks import locked
from server.photos.refusal import Busy
from server.photos.store import Held, PhotoStore
from server.reports.book import read_policies
from server.service import PHOTOS, Service
from server.store import Database, TownshipStore
from shared.fields import Label
from shared.moments import DAY_MS, day_of

PART_DAYS = 14
UNNAMED_DAYS = 14
BATCH = 10_000  # pictures judged by one walk through the records
AT_ONCE = 20  # pictures that go under the township's lock at a time: a phone that syncs meanwhile waits for no more than these
STANDS_DAYS = 14
"""A policy retires nothing before it has stood for so long: a slip is found first."""
BEHIND_MS, AHEAD_MS = 5 * 60_000, 30 * DAY_MS
"""How far the clock may be from the newest change of the log and still be believed."""
LEAP_MS = 365 * DAY_MS
_PATIENCE_SECONDS = 60.0

PART, UNNAMED, OVER = "part", "unnamed", "over"
WHY = {
    PART: Label("上传 14 天没有动静", "an upload untouched for 14 days"),
    UNNAMED: Label("14 天以上没有记录用到", "named by no record for 14 days"),
    OVER: Label("保存期已满，只留有过照片的事实", "its time is over; that it was here stays known"),
}


@dataclass(frozen=True, slots=True)
class Going:
    """One thing that goes: why (a word of WHY), a picture's name or an upload's id, its bytes, and since when (ms since 1970), which is a
    picture's arrival or an upload's last touch. Before the moment `due` it is only listed.
    """

    why: str
    name: str
    bytes: int
    since: int
    due: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a clock is not to be swept by: which way it is off, `behind` or `ahead`, and when the newest change was taken (ms since 1970)."""

    clock: str
    newest: int


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


def doubt(database: Database, township: str, now: int) -> Doubt | None:
    """Whether the township's log contradicts the clock that says `now` (ms since 1970): then most photographs might seem old, or none."""
    with database.read(township) as store:
        found = store.sql("SELECT at FROM changes WHERE township = ? ORDER BY seq DESC LIMIT 1", township)
    for (newest,) in found:
        if now < newest - BEHIND_MS:
            return Doubt("behind", newest)
        if now > newest + AHEAD_MS:
            return Doubt("ahead", newest)
    return None


def plan(service: Service, township: str, now: int) -> Iterator[Plan]:
    """What goes at this moment (ms since 1970) and why, some at a time, with what is retired as soon as the policy has stood; reads only."""
    keep = keep_days(service.database, township, now) * DAY_MS
    names = service.photos.names(township)
    while batch := list(islice(names, BATCH)):
        yield _judged(service, township, batch, now, keep)
    yield Plan(0, list(_untouched(service, township, now - PART_DAYS * DAY_MS)))


def sweep(service: Service, township: str, now: int, actor: audit.Actor) -> dict[str, int]:
    """Do what `plan` says; returns how many of each of WHY went, and their `bytes`. What went of pictures has its rows in the audit trail."""
    done = dict.fromkeys((*WHY, "bytes"), 0)
    for found in plan(service, township, now):
        for why in WHY:
            due = [one for one in found.going if one.why == why and one.due <= now]
            for start in range(0, len(due), AT_ONCE):
                for one in _go(service, township, Plan(found.head, due[start : start + AT_ONCE]), now, actor):
                    done[why] += 1
                    done["bytes"] += one.bytes
    return done


# --- judging -------------------------------------------------------------------------------------------------------


def _judged(service: Service, township: str, names: list[str], now: int, keep: int) -> Plan:
    """What goes of these pictures: came 14 days ago or longer and named by nobody, or came `keep` (ms) ago or longer."""
    unnamed = now - UNNAMED_DAYS * DAY_MS
    pictures = {name: held for name in names if (held := known(service.photos, township, name))}
    with service.database.read(township) as store:
        head = store.head()
        ((began,),) = store.sql("SELECT started_at FROM server")
        came = _came(store, pictures)
        old = {name for name in pictures if came[name] <= unnamed}
        # After a restore the phones need time to bring again what had named a picture.
        strays = old - named.spared(service.database, store, old, unnamed) if old and began <= unnamed else set()
        due = max(began, _policy_changed(service.database, store)) + STANDS_DAYS * DAY_MS
    going = []
    for name, held in pictures.items():
        size = 0 if held.retired_at else held.bytes + held.small_bytes
        if name in strays:
            going.append(Going(UNNAMED, name, size, came[name]))
        elif held.retired_at is None and came[name] <= now - keep:
            going.append(Going(OVER, name, size, came[name], due if due > now else 0))
    return Plan(head, going)


def _came(store: TownshipStore, pictures: dict[str, Held]) -> dict[str, int]:
    """When each picture came (ms since 1970). A stamp of before the log's time was made by a clock that was wrong: the log tells better.

    The log's time begins with its first change, or anew where it leaps over a year: no township is silent for so long.
    """
    began = store.sql(
        "SELECT at FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM changes WHERE township = ?) AS moments"
        " WHERE before IS NULL OR at - before > ? ORDER BY seq DESC LIMIT 1", store.code, LEAP_MS,
    )  # fmt: skip
    first = began[0][0] if began else 0
    came = {name: held.arrived_at for name, held in pictures.items()}
    return came | named.came_after(store, {name for name, at in came.items() if at < first}, first)


def _policy_changed(database: Database, store: TownshipStore) -> int:
    """When the township's policy was last changed (ms since 1970); 0 when it has none."""
    ((at,),) = store.sql(
        "SELECT max(at) FROM changes WHERE township = ? AND kind = 'policy' AND refusal IS NULL AND repeats = 0"
        f" AND record IN (SELECT id FROM {database.rows['policy'].table} WHERE township = ?)", store.code, store.code,
    )  # fmt: skip
    return int(at or 0)


def known(photos: PhotoStore, township: str, name: str) -> Held | None:
    """What is known of a picture; None when that cannot be read: nobody can tell how old it is, so it stays, and `ruhu verify` names it."""
    try:
        return photos.held(township, name)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def _go(service: Service, township: str, some: Plan, now: int, actor: audit.Actor) -> list[Going]:
    """Do some of a plan, all for one reason, and return what went."""
    if not some.going:
        return []
    if some.going[0].why == PART:
        return [one for one in some.going if _give_up(service, township, one)]
    with _alone(service, township):
        told = _tell(service, township, some, now, actor)
        return (
            _forget(service, township, told) if some.going[0].why == UNNAMED else _retire(service, township, told, now)
        )


@contextmanager
def _alone(service: Service, township: str) -> Iterator[None]:
    """Of several sweeps at once only one tells and does: the trail is to have every picture once. Busy when another one does not end."""
    handle = os.open(service.config.instance / PHOTOS / township, os.O_RDONLY)
    try:
        with locked(handle, _PATIENCE_SECONDS):
            yield
    finally:
        os.close(handle)


def _tell(service: Service, township: str, some: Plan, now: int, actor: audit.Actor) -> Plan:
    """What of this still is to go, with its row in the trail committed: a transaction may be tried again, and no file goes with it."""

    def work(store: TownshipStore) -> Plan:
        strays = {one.name for one in some.going if one.why == UNNAMED}
        kept = named.named_after(store, strays, some.head)
        going = [one for one in some.going if one.name not in kept and _is_there(service.photos, township, one)]
        if going:
            counts = {why: sum(one.why == why for one in going) for why in (UNNAMED, OVER)}
            audit.write(store, actor, "photos_sweep", now, details=counts | {"bytes": sum(one.bytes for one in going)})
        return Plan(store.head(), going)

    return service.database.write(township, work)


def _forget(service: Service, township: str, told: Plan) -> list[Going]:
    """Under the township's lock, so that no record begins to name one meanwhile; one that was named since it was told stays."""
    gone: dict[str, Going] = {}

    def work(store: TownshipStore) -> None:
        kept = named.named_after(store, {one.name for one in told.going}, told.head)
        for one in told.going:
            if one.name not in kept:
                service.photos.forget(township, one.name)
                gone[one.name] = one

    if told.going:
        service.database.write(township, work)
    return list(gone.values())


def _retire(service: Service, township: str, told: Plan, now: int) -> list[Going]:
    """Without the lock: that its time is over no record can change."""
    for one in told.going:
        service.photos.retire(township, one.name, now)
    return told.going


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
