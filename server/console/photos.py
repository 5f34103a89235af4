"""A record's photographs in the console: the route that serves one, and what a page shows of those that a record names.

Promises: a photograph opens to whoever may see the record, and only while the record names it; every other address is "not found", whatever
lies in the store; nothing that is served may be kept or asked for by a mark of its bytes. Leaves to others: the store (`server.photos`),
what became of each (`reading.pictured`), how it looks (`photo_parts.html`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from server.console.door import Town, page, service
from server.console.errors import error_page
from server.console.frame import say, shown, t
from server.reading.last_check import CHECK, last_check
from server.reading.pictured import COMING, HERE, RETIRED, STATES, Count, Named, added, count_of, photos_of
from server.sight import Right
from server.store import TownshipStore
from shared.fields import Label
from shared.kind import Kind
from shared.photos import names_in, photo_fields
from shared.ports import Logged
from shared.record import Key, Record
from shared.rules.cleanup import Checked

JPEG = "image/jpeg"
SHORT = 8
"""Digits of a photograph's name that a saved file carries."""
AFTER = "photos"
"""Of a clean-up check: how it stood when it was looked at."""
_NEXT = {
    COMING: Label("手机有网络时会接着传，请过些时候再看。", "The phone goes on sending when it has a network; look again later."),
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
    photos = service().photos
    data = photos.read(town.code, name, small=request.args.get("small") == "1")
    if data is None:
        state = COMING if photos.held(town.code, name) is None else RETIRED
        return error_page(404, (STATES[state], _NEXT[state]))
    response = Response(data, mimetype=JPEG)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'inline; filename="photo-{name[:SHORT]}.jpg"'
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


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
    """The photographs of one field of a record."""

    field: str
    label: str
    photos: Sequence[Photo] = ()


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
    named = photos_of(service().photos, town.code, kind, record.values)
    history = store.history([record.key]).get(record.key, []) if named else []
    strips = [_strip(town, kind, record, field, named, history) for field in photo_fields(kind)]
    return Album(strips, count_of(named))


def _strip(
    town: Town, kind: Kind, record: Record, field: str, named: Sequence[Named], history: Sequence[Logged]
) -> Strip:
    label = say(kind.fields[field].label)
    own = [one for one in named if one.field == field]
    return Strip(
        field, label, [_photo(town, record, label, one, at, history) for at, one in enumerate(own, 1)]
    )  # fmt: skip


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
