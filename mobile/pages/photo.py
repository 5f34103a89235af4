"""One photo, large: when it was taken, how far it is on its way, and the touch that takes it off its record.

Promises: taking it off can be undone while the words about it stand; a photo that is not on this phone is told as such, never as lost.
Leaves to others: the picture and its way (`mobile.photos`, `mobile.sending`), drawing (`blocks.LargePhoto`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mobile.notebook import NoSuchRecord
from mobile.pages.blocks import Block, Button, Facts, LargePhoto, Paragraph, Picture, Tone, View
from mobile.pages.page import Page
from mobile.pages.photo_block import SAVE, deletable_of, is_listed, part_of, save, standing_on
from mobile.photo_rows import HERE, REFUSED
from shared.fields import Label
from shared.record import Key

if TYPE_CHECKING:
    from mobile.photos import Photo


class PhotoPage(Page):
    """`where`: kind, id (the record), field, photo (its name), village, household; then (as in `photo_block`)."""

    SAYS = {
        "title": Label("照片", "Photo"),
        "taken": Label("拍摄时间", "Taken"),
        "size": Label("大小", "Size"),
        "way": Label("上传", "Sending"),
        "here": Label("没上传。记录先传，照片随后自动传。", "Not sent. Records go first, photos follow by themselves."),
        "part": Label("已传 {part}，断了会接着传", "{part} sent; it goes on where it was cut"),
        "sent": Label("已到乡镇", "Held by the township"),
        "refused": Label("被退回：{why}", "Refused: {why}"),
        "again": Label("可以删除这一张，重新拍。", "You can delete this one and take another."),
        "missing": Label("这张照片不在这台手机上", "This photo is not on this phone"),
        "elsewhere": Label(
            "别人拍的照片在乡镇的电脑上看；自己拍的，上传一个月后手机里不再留。",
            "Photos by others are seen at the township's desk; your own leave the phone a month after they were sent.",
        ),
        "delete": Label("删除照片", "Delete the photo"),
        "deleted": Label("照片已从记录里删除", "The photo is off the record"),
    }

    def view(self) -> View:
        where, photos = self.where, self.session.photos
        kind = self.session.notebook.kind(where["kind"])
        known = {photo.name: photo for photo in photos.of(kind.name, where["id"])}
        photo = known.get(where["photo"])
        deletable = where["photo"] in deletable_of(self.session, *self._field())
        if not deletable and not (photo and photo.state in (HERE, REFUSED) and is_listed(self.session, photo)):
            raise NoSuchRecord(f"photo {where['photo'][:8]}")
        picture = Picture(where["photo"], load=lambda: photos.open(where["photo"]))
        blocks: list[Block] = [LargePhoto(picture, self.say("missing"), name="photo"), *self._told(photo, deletable)]
        delete = Button(self.say("delete"), self.delete, "danger", name="delete")
        return View(
            self.word(kind.fields[where["field"]].label) or self.say("title"),
            self.joined(self.word(kind.label), self.session.name_of(where.get("household"))),
            tuple(blocks),
            bottom=(delete,) if deletable else (),
        )

    def _field(self) -> tuple[str, str, str]:
        """Kind, record and field."""
        return self.where["kind"], self.where["id"], self.where["field"]

    def _told(self, photo: Photo | None, deletable: bool) -> list[Block]:
        if photo is None:
            return [Paragraph(self.say("elsewhere"), "quiet")]
        rows = [(self.say("taken"), self.moment(photo.taken_at)), (self.say("size"), size_of(photo.bytes))]
        words, tone = self._way(photo)
        blocks: list[Block] = [Facts((*rows, (self.say("way"), words)))]
        return [*blocks, Paragraph(self.say("again"), tone)] if photo.state == REFUSED and deletable else blocks

    def _way(self, photo: Photo) -> tuple[str, Tone]:
        if photo.state == REFUSED:
            return self.say("refused", why=self.half(photo.why)), "warn"
        if photo.state == "sent":
            return self.say("sent"), "good"
        return (self.say("part", part=part_of(photo)) if photo.offset else self.say("here")), "quiet"

    # --- what one can do -------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Take the photo off its record, and out of its refused words, with a way back."""
        session, (kind, id_, field), name = self.session, self._field(), self.where["photo"]
        stood = name in (standing_on(session, kind, id_, field) or ())
        refused = [
            mend.number for mend in session.store.mends_of(Key(kind, id_)) if name in (mend.set.get(field) or ())
        ]

        def change(of_the_form: Callable[..., None], of_the_mend: Callable[[list[str]], list[str]]) -> bool:
            place = self.where.get("village") or None, self.where.get("household") or None

            def work() -> bool:
                if stood:
                    of_the_form(kind, id_, field, name, *place)
                for mend in session.store.mends_of(Key(kind, id_)):
                    if mend.number in refused:
                        names = of_the_mend(list(mend.set.get(field) or ()))
                        session.store.put_mend(replace(mend, set={**mend.set, field: names}))
                return True

            done = bool(self.app.attempt(lambda: session.store.together(work)))
            if done and self.where.get("then") == SAVE:
                save(self, kind, id_)
            return done

        def undo() -> None:
            change(session.photos.restore, lambda names: [*names, name])
            self.redraw()

        if change(session.photos.remove, lambda names: [one for one in names if one != name]):
            self.app.done()
            self.app.screen.toast(self.say("deleted"), self.say("undo"), undo)


def size_of(number: int) -> str:
    """Bytes of photos as a person reads them: 240 KB, 1.2 MB."""
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1e3))} KB"


PAGE = PhotoPage
