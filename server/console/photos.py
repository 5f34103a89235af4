"""A record's photographs in the console: the route that serves one, and what a page shows of those that a record names.

Promises: a photograph opens to whoever may see the record, and only while the record names it; every other address is "not found", whatever
lies in the store; nothing that is served may be kept or asked for by a mark of its bytes. Leaves to others: the store (`server.photos`),
what became of each (`reading.pictured`), how it looks (`photo_parts.html`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask import abort, request, url_for
from werkzeug.wrappers import Response

from server.console.door import Town, page, service
from server.console.errors import error_page
from server.console.frame import say, shown, t
from server.reading.last_check import CHECK, last_check
from server.reading.pictured import (
    COMING,
    DAMAGED,
    HERE,
    LOST,
    RETIRED,
    STATES,
    Count,
    Named,
    added,
    count_of,
    looked_at,
    photos_of,
    waited,
)
from server.sight import Right
from server.store import TownshipStore
from server.upkeep.photos import Look, look_at
from shared.fields import Label
from shared.kind import Kind
from shared.photos import names_in, photo_fields
from shared.ports import Logged
from shared.record import Key, Record
from shared.rules.cleanup import Checked

log = structlog.get_logger()

JPEG = "image/jpeg"
SHORT = 8
"""Digits of a photograph's name that a saved file carries."""
AFTER = "photos"
"""Of a clean-up check: how it stood when it was looked at."""
_NEXT = {
    COMING: Label("手机有网络时会接着传，请过些时候再看。", "The phone goes on sending when it has a network; look again later."),
    LOST: Label("请填写人在手机上看看，或重新拍一张。", "Ask the writer to look at the phone, or take another."),
    DAMAGED: Label("它到过，但服务器上的文件坏了或不见了；管理员可在备份里找找。", "It was here, but its file at the server is broken or gone; the administrator may look for it in a backup."),
    RETIRED: Label("它到过，按乡镇的规定已不再保存。", "It was here, and by the township's rules is not kept any longer."),
}  # fmt: skip


# --- one photograph ------------------------------------------------------------------------------------------------


@page("/t/<township>/records/<kind>/<record>/photos/<name>", Right.READ)
def photo(town: Town, kind: str, record: str, name: str) -> Any:
    """The photograph, or with ``small=1`` its small version."""
    with town.read() as store:
        found = town.record(store, kind, record)
        if name not in (named for _, named in names_in(town.database.kinds[kind], found.values)):
            abort(404)
        look = look_at(service().photos, town.code, name)
        state = HERE if look.bytes else _why_none(town, store, found, name, look)
    if look.bytes is None:
        return error_page(404, (STATES[state], _NEXT[state]))
    large, small = look.bytes
    data = small if request.args.get("small") == "1" else large
    response = Response(data, mimetype=JPEG)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'inline; filename="photo-{name[:SHORT]}.jpg"'
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _why_none(town: Town, store: TownshipStore, record: Record, name: str, look: Look) -> str:
    """What became of a photograph that there is nothing to show of: a code of STATES. Which one is damaged `ruhu verify` tells, no log."""
    if look.wrong:
        log.error("photo_damaged", township=town.code, kind=record.kind, wrong=look.wrong)
        return DAMAGED
    if look.held is not None:
        return RETIRED
    fields = names_in(town.database.kinds[record.kind], record.values)
    named = [Named(field, one, COMING) for field, one in fields if one == name]
    history = store.history([record.key]).get(record.key, [])
    return COMING if any(one.state == COMING for one in waited(record, history, named, town.now)) else LOST


# --- what pages show -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Photo:
    """One photograph on a page. `state` is a code of `pictured.STATES`; the URLs are empty unless it is here; `number` counts from 1."""

    state: str
    says: str
    number: int
    url: str = ""
    small: str = ""
    alt: str = ""
    by: str = ""
    day: str = ""


@dataclass(frozen=True)
class Strip:
    """The photographs of one field of a record. `next` says what can be done about those that did not arrive; empty where there is none."""

    field: str
    label: str
    photos: Sequence[Photo] = ()
    next: str = ""


@dataclass(frozen=True)
class Album:
    """A record's photographs, field by field; a field that names none is an empty strip."""

    strips: Sequence[Strip] = ()
    count: Count = Count(0, 0)  # noqa: RUF009 (it never changes)

    def of(self, field: str) -> Strip:
        return next(strip for strip in self.strips if strip.field == field)


@dataclass(frozen=True)
class LastCheck:
    """The check of the same place before a check: when it was, its score, and its photographs from then. `now` and `score` are this one's."""

    url: str
    then: str
    earlier: Checked
    strip: Strip
    now: str
    score: Checked | None


def album_of(town: Town, store: TownshipStore, record: Record) -> Album:
    """What a page shows of a record's photographs. The record must be the visitor's to see."""
    kind = town.database.kinds[record.kind]
    if not photo_fields(kind):
        return Album()
    photos = service().photos
    named = looked_at(photos, town.code, photos_of(photos, town.code, kind, record.values))
    history = store.history([record.key]).get(record.key, []) if named else []
    named = waited(record, history, named, town.now)
    strips = [_strip(town, kind, record, field, named, history) for field in photo_fields(kind)]
    return Album(strips, count_of(named))


def _strip(
    town: Town, kind: Kind, record: Record, field: str, named: Sequence[Named], history: Sequence[Logged]
) -> Strip:
    label = say(kind.fields[field].label)
    own = [one for one in named if one.field == field]
    strip = [_photo(town, record, label, one, at, history) for at, one in enumerate(own, 1)]
    return Strip(field, label, strip, say(_NEXT[LOST]) if any(one.state == LOST for one in own) else "")


def _photo(town: Town, record: Record, label: str, one: Named, number: int, history: Sequence[Logged]) -> Photo:
    by, day = added(record, history, one.field, one.name)
    if one.state != HERE:
        return Photo(one.state, say(STATES[one.state]), number, by=by, day=day)
    url = url_for("console.photo", township=town.code, kind=record.kind, record=record.id, name=one.name)
    said = (label, t("第 {n} 张", "no. {n}", n=number), day, by)
    return Photo(
        HERE, "", number, url, f"{url}?small=1", t("，", ", ").join(part for part in said if part), by, day
    )  # fmt: skip


def last_check_of(town: Town, store: TownshipStore, check: Record) -> LastCheck | None:
    """Of a clean-up check: the one before it of the same place. None for other kinds, and where there is none."""
    found = last_check(store, town.sight, check, town.now) if check.kind == CHECK else None
    if found is None:
        return None
    before, this = found
    key = Key(CHECK, before.entry.id)
    earlier = store.load([key])[key]
    when = town.database.kinds[CHECK].fields["checked_at"]
    then, now = (shown(when, one.values.get("checked_at")) for one in (earlier, check))
    url = url_for("console.record", township=town.code, kind=CHECK, record=earlier.id)
    return LastCheck(url, then, before, album_of(town, store, earlier).of(AFTER), now, this)


def counted(town: Town, kind: Kind, values: Any) -> Count:
    """How many photographs a line of a list stands for: without any, nothing is looked for."""
    return count_of(photos_of(service().photos, town.code, kind, values))
