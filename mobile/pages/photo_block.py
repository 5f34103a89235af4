"""The photos of a record on a page: which there are, how far each is on its way, and the camera for another.

Promises: what the page knew from the start is in the draft before the camera opens, so that a phone killed behind it loses nothing; a change
of mind leaves no draft; what comes back after the app was locked is left to the next unlocking (`Photos.settle`). Leaves to others: the
pictures themselves (`mobile.photos`), one of them large (`photo`), drawing (`blocks.Photos`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile.pages.blocks import Photos, Picture, Tone
from shared.fields import Label
from shared.photos import MOST_A_RECORD, names_in, photo_fields
from shared.sync.phone import PhoneError

if TYPE_CHECKING:
    from mobile.pages.form import FormBlocks
    from mobile.pages.page import Page
    from mobile.photos import Photo

SAYS: Mapping[str, Label] = {
    "add": Label("拍照", "Take one"),
    "photo": Label("照片 {n}", "Photo {n}"),
    "here": Label("没上传", "Not sent"),
    "part": Label("已传 {part}", "{part} sent"),
    "sent": Label("已上传", "Sent"),
    "refused": Label("被退回", "Refused"),
    "elsewhere": Label("不在手机上", "Not on this phone"),
    "some": Label("照片 {count}", "Photos {count}"),
    "on_the_way": Label("照片 {count}，有信号时自动上传", "Photos {count}; the rest goes when there is signal"),
    "settled": Label(
        "上次拍了没来得及收的 {n} 张照片，已放回原来的记录里。",
        "{n} photos that were taken before the app closed are back with their records.",
    ),
}
"""What is said of photos on many pages."""

SAVE = "save"
"""What follows a change of photos on a page that is no form, and so has no way to save it later."""


def said(page: Page, key: str, **values: Any) -> str:
    """A sentence about photos in the reader's language."""
    return page.word(SAYS[key]).format(**values)


def photos_block(form: FormBlocks, field: str, label: str, then: str = "") -> Photos:
    """The photos of one field. `then` is SAVE on a page that is no form."""
    page, kind, id_ = form.page, form.kind, form.id
    known = {photo.name: photo for photo in page.session.photos.of(kind.name, id_)}
    names = [str(name) for name in form.values.get(field) or ()]
    full = sum(1 for _ in names_in(kind, form.values)) >= MOST_A_RECORD
    place = {"village": form.village or "", "household": form.household or ""}
    wrong = form.errors.get(field, "")

    def pick(name: str) -> None:
        page.app.go("photo", kind=kind.name, id=id_, field=field, photo=name, then=then, **place)

    return Photos(
        label,
        tuple(_picture(page, name, number, known.get(name)) for number, name in enumerate(names, 1)),
        said(page, "add") if page.app.device.camera.available and not full else "",
        wrong or _way(form, field),
        "bad" if wrong else "quiet",
        lambda: take(form, field, then),
        pick,
        name=field,
    )


def _picture(page: Page, name: str, number: int, photo: Photo | None) -> Picture:
    words, tone = state_of(page, photo)
    return Picture(name, said(page, "photo", n=number), words, tone, partial(page.session.photos.open, name))


def state_of(page: Page, photo: Photo | None) -> tuple[str, Tone]:
    """How far a photo is on its way, in a few words; None is one that this phone has no part in."""
    if photo is None:
        return said(page, "elsewhere"), "quiet"
    if photo.state == "refused":
        return said(page, "refused"), "bad"
    if photo.state == "sent":
        return said(page, "sent"), "good"
    return (said(page, "part", part=part_of(photo)) if photo.offset else said(page, "here")), "quiet"


def part_of(photo: Photo) -> str:
    """How much of it the township has, in percent; never all of it before it says so."""
    return f"{min(99, photo.offset * 100 // max(1, photo.bytes))}%"


def photos_line(page: Page, kind: str, id_: str, values: Mapping[str, Any]) -> str:
    """照片 2/3 while some that this phone took are still on their way; nothing when all are there, or there is none."""
    count = _count(page, kind, id_, values)
    return said(page, "some", count=count) if count else ""


def _way(form: FormBlocks, field: str) -> str:
    """How far all photos of the record are, below those of them that are still on their way."""
    page, kind, id_ = form.page, form.kind.name, form.id
    ours = _count(page, kind, id_, {field: form.values.get(field)})
    return said(page, "on_the_way", count=_count(page, kind, id_, form.values)) if ours else ""


def _count(page: Page, kind: str, id_: str, values: Mapping[str, Any]) -> str:
    """As ``2/3``; empty when all are there. Records without photos, which are most, cost nothing."""
    if not any(names_in(page.session.kinds[kind], values)):
        return ""
    return page.session.photos.count(kind, values, id_).words


def unsent(page: Page, state: str = "here") -> list[Photo]:
    """The photos that are to be sent and still wanted, oldest first; with ``refused`` those that the township will not take."""
    session = page.session
    if not session.store.count_photos(state):  # as at most times
        return []

    def wanted(photo: Photo) -> bool:
        shown, draft = session.notebook.shown(photo.key), session.notebook.draft(*photo.key)
        values = {**(shown.record.values if shown else {}), **(draft.values if draft else {})}
        mends = (mend.set for mend in session.notebook.mends() if (mend.kind, mend.id) == photo.key)
        return any(photo.name in (one.get(photo.field) or ()) for one in (values, *mends))

    return [photo for photo in session.photos.all() if photo.state == state and wanted(photo)]


# --- taking one ----------------------------------------------------------------------------------------------------


def take(form: FormBlocks, field: str, then: str = "") -> None:
    """Open the camera for one more photo of this field."""
    page, kind, id_ = form.page, form.kind.name, form.id
    app, session = page.app, page.session
    fresh = session.notebook.draft(kind, id_) is None

    def begin() -> tuple[Photo, Path]:
        form.begin()
        try:
            return session.photos.begin(kind, id_, field, form.village, form.household)
        except PhoneError:
            leave_no_draft()
            raise

    def leave_no_draft() -> None:
        """Nothing was photographed: a draft that was made for it goes, unless something was answered meanwhile."""
        draft = session.notebook.draft(kind, id_)
        if fresh and draft and draft.values == known:
            session.notebook.discard(kind, id_)

    known: dict[str, Any] = {}
    begun = app.attempt(begin)
    if begun is None:
        return
    draft = session.notebook.draft(kind, id_)
    known |= draft.values if draft else {}

    def done(answer: Path | PhoneError | None) -> None:
        if not app.unlocked or app.session is not session:
            return  # locked meanwhile: what was taken is settled at unlocking
        photo = app.attempt(lambda: session.photos.taken(begun[0].id, answer))
        if photo is None:
            app.attempt(leave_no_draft)
        elif then == SAVE:
            save(page, kind, id_)
        app.redraw()

    app.device.camera.take(begun[1], done)


def save(page: Page, kind: str, id_: str) -> None:
    """Save what was changed about a record's photos. Where its draft holds other words too, it stays a draft."""
    draft = page.session.notebook.draft(kind, id_)
    if draft and set(draft.values) <= set(photo_fields(page.session.kinds[kind])):
        page.app.attempt(lambda: page.session.notebook.save(kind, id_))
        page.session.syncing.nudge()
