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

from mobile.pages.blocks import Block, Paragraph, Photos, Picture, Tone
from mobile.photo_courier import NoUpload
from mobile.photo_rows import read
from shared.fields import Label
from shared.photos import MOST_A_RECORD, names_in, photo_fields
from shared.record import Key
from shared.sync.phone import PhoneError, ServerFailed

if TYPE_CHECKING:
    from mobile.pages.form import FormBlocks
    from mobile.pages.page import Page
    from mobile.photos import Photo
    from mobile.session import Session

SAYS: Mapping[str, Label] = {
    "add": Label("拍照", "Take one"),
    "photo": Label("照片 {n}", "Photo {n}"),
    "here": Label("没上传", "Not sent"),
    "part": Label("已传 {part}", "{part} sent"),
    "sent": Label("已上传", "Sent"),
    "refused": Label("被退回", "Refused"),
    "elsewhere": Label("不在手机上", "Not on this phone"),
    "some": Label("照片 {count}", "Photos {count}"),
    "some_refused": Label("照片 {count}，{n} 张被退回", "Photos {count}, {n} refused"),
    "on_the_way": Label("照片 {count}，有信号时自动上传", "Photos {count}; the rest goes when there is signal"),
    "both": Label(
        "照片 {count}，{n} 张被退回，其余有信号时自动上传",
        "Photos {count}, {n} refused; the rest goes when there is signal",
    ),
    "stuck": Label("照片还没传完。{why}", "Photos are not through yet. {why}"),
    "stuck_alone": Label("照片还没传完，文字已全部上传。{why}", "Photos are not through yet; all words are. {why}"),
    "takes_none": Label(
        "乡镇的服务器现在收不了照片，请告知乡镇办公室。",
        "The township's server takes no photos at present; tell the township desk.",
    ),
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
    """照片 2/3 while some that this phone took are not there, and how many of those were refused; nothing when all are there, or there is none."""
    count = _count(page, kind, id_, values)
    if not count:
        return ""
    refused = len(_names_that_are("refused", page, kind, id_, values))
    return said(page, "some_refused" if refused else "some", count=count, n=refused)


def _way(form: FormBlocks, field: str) -> str:
    """How far all photos of the record are, below those of them that are not there; that they go by themselves only where one still does."""
    page, kind, id_ = form.page, form.kind.name, form.id
    if not _count(page, kind, id_, {field: form.values.get(field)}):
        return ""
    here, refused = (_names_that_are(state, page, kind, id_, form.values) for state in ("here", "refused"))
    key = ("both" if refused else "on_the_way") if here else "some_refused"
    return said(page, key, count=_count(page, kind, id_, form.values), n=len(refused))


def _names_that_are(state: str, page: Page, kind: str, id_: str, values: Mapping[str, Any]) -> set[str]:
    """Those of the photos that these values name which this phone took and which are in this state."""
    named = {name for _, name in names_in(page.session.kinds[kind], values)}
    return named & {photo.name for photo in page.session.photos.of(kind, id_) if photo.state == state}


def _count(page: Page, kind: str, id_: str, values: Mapping[str, Any]) -> str:
    """As ``2/3``; empty when all are there. Records without photos, which are most, cost nothing."""
    if not any(names_in(page.session.kinds[kind], values)):
        return ""
    return page.session.photos.count(kind, values, id_).words


def unsent(page: Page, state: str = "here") -> list[Photo]:
    """The photos that are to be sent and still wanted, oldest first; with ``refused`` those that the township will not take.

    Also one whose record has left the phone. One that was just deleted is wanted no more, though its deletion may not be saved.
    """
    session = page.session
    known = session.once(f"photos/{state}", dict)  # a page asks several times while it is drawn
    now = session.store.writes
    if now not in known:
        known.clear()
        known[now] = [one for one in map(read, session.store.photos_that_are(state)) if is_listed(session, one)]
    return list(known[now])


def is_listed(session: Session, photo: Photo) -> bool:
    """Whether it still stands on a form or in refused words; of a record that is not here, whether anything wants it."""
    where = photo.kind, photo.record, photo.field
    standing = standing_on(session, *where)
    if standing is None:
        return session.photos.is_wanted(photo)
    return photo.name in standing or photo.name in _in_mends(session, *where)


def deletable_of(session: Session, kind: str, id_: str, field: str) -> list[str]:
    """The photos of a field that one can take off here: those on the form, and those that its refused changes name."""
    return [*(standing_on(session, kind, id_, field) or ()), *_in_mends(session, kind, id_, field)]


def _in_mends(session: Session, kind: str, id_: str, field: str) -> list[str]:
    """The photos that refused changes of a record name."""
    return [name for mend in session.store.mends_of(Key(kind, id_)) for name in mend.set.get(field) or ()]


def standing_on(session: Session, kind: str, id_: str, field: str) -> list[str] | None:
    """The photos of a field as the form shows them, what is not saved laid over; None when this phone has no word on them."""
    shown, draft = session.notebook.shown_or_none(kind, id_), session.notebook.draft(kind, id_)
    if draft and field in draft.values:
        return list(draft.values[field] or ())
    return list(shown.record.values.get(field) or ()) if shown else None


def stuck_line(page: Page) -> list[Block]:
    """Why photos that wait could not go on, in one quiet line; the rest of the page only tells of words."""
    error = page.session.sending.lane.error
    if error is None or not unsent(page):
        return []
    takes_none = (
        isinstance(error, ServerFailed) and error.detail == NoUpload.code
    )  # an older server has no such address
    why = said(page, "takes_none") if takes_none else page.half(error.words) or page.error(error)
    key = "stuck" if page.session.store.count_unsent() else "stuck_alone"
    return [Paragraph(said(page, key, why=why), "quiet", name="stuck")]


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
